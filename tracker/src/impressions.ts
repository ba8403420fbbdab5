/**
 * Which products were really seen: half of the element in view for a moment, once per list, product and page view.
 *
 * Saying so belongs to `shop.ts`; binding it to elements of a template to `vue.ts`.
 */
import type { Impression, Product } from './types';

const SHARE = 0.5;
const DWELL_MS = 300;
/** Products of one list that come into view together are said together. */
const GATHER_MS = 500;

interface Target extends Impression {
  timer?: number | undefined;
}

export class Impressions {
  private readonly targets = new Map<Element, Target>();
  private readonly seen = new Set<string>();
  private readonly gathered = new Map<string, Product[]>();
  private gathering: number | undefined;
  private readonly observer: IntersectionObserver | undefined;

  constructor(private readonly report: (list: string, products: Product[]) => void) {
    if (typeof IntersectionObserver === 'undefined') return;
    this.observer = new IntersectionObserver((entries) => entries.forEach((entry) => this.changed(entry)), { threshold: [0, SHARE] });
  }

  /** Watch `element`; call the result to stop. Without IntersectionObserver it counts as seen at once. */
  watch(element: Element, impression: Impression): () => void {
    this.stop(element);
    const target = { ...impression };
    this.targets.set(element, target);
    if (this.observer) this.observer.observe(element);
    else this.count(target);
    return () => this.stop(element);
  }

  /** Report what was gathered, now. */
  flush(): void {
    clearTimeout(this.gathering);
    this.gathering = undefined;
    const gathered = [...this.gathered];
    this.gathered.clear();
    for (const [list, products] of gathered) this.report(list, products);
  }

  /** A new page view: what is still watched counts anew. */
  turn(): void {
    this.flush();
    this.seen.clear();
    for (const [element, target] of this.targets) {
      clearTimeout(target.timer);
      target.timer = undefined;
      this.observer?.unobserve(element);
      this.observer?.observe(element);
    }
  }

  private stop(element: Element): void {
    clearTimeout(this.targets.get(element)?.timer);
    this.targets.delete(element);
    this.observer?.unobserve(element);
  }

  private changed(entry: IntersectionObserverEntry): void {
    const target = this.targets.get(entry.target);
    if (!target) return;
    const fills = entry.intersectionRect.height >= SHARE * (entry.rootBounds?.height ?? Infinity);
    const isInView = entry.isIntersecting && (entry.intersectionRatio >= SHARE || fills);
    if (isInView) target.timer ??= window.setTimeout(() => this.count(target), DWELL_MS);
    else {
      clearTimeout(target.timer);
      target.timer = undefined;
    }
  }

  private count({ list, product }: Target): void {
    const key = JSON.stringify([list, String(product.id)]);
    if (this.seen.has(key)) return;
    this.seen.add(key);
    this.gathered.set(list, [...(this.gathered.get(list) ?? []), product]);
    this.gathering ??= window.setTimeout(() => this.flush(), GATHER_MS);
  }
}
