/**
 * How long the visitor attended to the page: it was visible, and they moved, typed, scrolled or touched in the last half minute.
 *
 * Only measuring. Reporting it as page pings belongs to `pages.ts`.
 */

/** Reading without a move still is attention for this long. */
const IDLE_MS = 30_000;
const SIGNS = ['pointermove', 'pointerdown', 'keydown', 'wheel', 'touchstart', 'scroll', 'focus'];

/** Attention since the last report, and the window's extreme offsets in that time. */
export interface Attention {
  engagedMs: number;
  minXOffset: number;
  maxXOffset: number;
  minYOffset: number;
  maxYOffset: number;
}

export class AttentionMeter {
  private engagedMs = 0;
  private countedTo = performance.now();
  private activeUntil = performance.now() + IDLE_MS;
  private isVisible = document.visibilityState !== 'hidden';
  private offsets = here();

  constructor() {
    for (const sign of SIGNS) window.addEventListener(sign, this.noticed, { capture: true, passive: true });
  }

  /** What was measured since the last call. */
  take(): Attention {
    this.count();
    const result = { engagedMs: Math.round(this.engagedMs), ...this.offsets };
    this.engagedMs = 0;
    this.offsets = here();
    return result;
  }

  /** The page was shown or hidden. */
  visible(isVisible: boolean): void {
    this.count();
    this.isVisible = isVisible;
    if (isVisible) this.activeUntil = performance.now() + IDLE_MS;
  }

  private readonly noticed = (): void => {
    this.count();
    this.activeUntil = performance.now() + IDLE_MS;
    const { minXOffset: x, minYOffset: y } = here();
    const seen = this.offsets;
    this.offsets = {
      minXOffset: Math.min(seen.minXOffset, x),
      maxXOffset: Math.max(seen.maxXOffset, x),
      minYOffset: Math.min(seen.minYOffset, y),
      maxYOffset: Math.max(seen.maxYOffset, y),
    };
  };

  private count(): void {
    const now = performance.now();
    if (this.isVisible) this.engagedMs += Math.max(0, Math.min(now, this.activeUntil) - this.countedTo);
    this.countedTo = now;
  }
}

function here() {
  const x = Math.round(window.scrollX);
  const y = Math.round(window.scrollY);
  return { minXOffset: x, maxXOffset: x, minYOffset: y, maxYOffset: y };
}
