/**
 * The cart: its lines, kept for the tab, and what the tracker is told when they change.
 */
import type { Cart, Product, Tracker } from '@gxy/tracker';
import { computed, reactive, watch } from 'vue';

import { type Article, articleOf, productOf } from './catalogue';

export interface Line {
  id: string;
  variant: string;
  quantity: number;
}

interface State {
  id: string;
  lines: Line[];
}

const KEY = 'shop.cart';
const FREE_SHIPPING_FROM = 100;
const SHIPPING = { standard: 4.9, express: 9.9 } as const;
export type Delivery = keyof typeof SHIPPING;
export const COUPONS: Record<string, number> = { HEARTH10: 0.1 };

function load(): State {
  const saved = sessionStorage.getItem(KEY);
  return saved ? (JSON.parse(saved) as State) : { id: crypto.randomUUID(), lines: [] };
}

const state = reactive(load());
watch(state, () => sessionStorage.setItem(KEY, JSON.stringify(state)), { flush: 'sync' });

const cents = (amount: number): number => Math.round(amount * 100) / 100;
const same = (line: Line, id: string, variant: string) => line.id === id && line.variant === variant;

export const lines = computed(() => state.lines.map((line) => ({ ...line, article: articleOf(line.id)! })));
export const pieces = computed(() => state.lines.reduce((sum, { quantity }) => sum + quantity, 0));
export const subtotal = computed(() => cents(lines.value.reduce((sum, { article, quantity }) => sum + article.price * quantity, 0)));

/** The cart as the tracker is told. */
export const cartNow = (): Cart => ({ id: state.id, value: subtotal.value });

/** Its lines as the tracker is told. */
export const productsNow = (): Product[] =>
  lines.value.map(({ article, variant, quantity }) => productOf(article, { variant, quantity }));

/** What an order of the cart costs. */
export function totals(delivery: Delivery, coupon: string) {
  const discount = cents(subtotal.value * (COUPONS[coupon] ?? 0));
  const goods = cents(subtotal.value - discount);
  const shipping = delivery === 'standard' && goods >= FREE_SHIPPING_FROM ? 0 : SHIPPING[delivery];
  const total = cents(goods + shipping);
  return { discount, shipping, total, tax: cents(total - total / 1.21) };
}

/** Put `quantity` of an article into the cart and say so. */
export function add(tracker: Tracker, article: Article, variant: string, quantity = 1): void {
  const line = state.lines.find((each) => same(each, article.id, variant));
  if (line) line.quantity += quantity;
  else state.lines.push({ id: article.id, variant, quantity });
  tracker.productAdded(productOf(article, { variant, quantity }), cartNow());
}

/** Take `quantity` of an article out of the cart and say so. */
export function remove(tracker: Tracker, article: Article, variant: string, quantity: number): void {
  const line = state.lines.find((each) => same(each, article.id, variant));
  if (!line) return;
  line.quantity -= quantity;
  state.lines = state.lines.filter((each) => each.quantity > 0);
  tracker.productRemoved(productOf(article, { variant, quantity }), cartNow());
}

/** The cart became an order: begin another one. */
export function empty(): void {
  state.lines = [];
  state.id = crypto.randomUUID();
}
