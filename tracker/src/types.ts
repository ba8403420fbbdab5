/**
 * What a shop may say about a visit. Nothing here can hold a name, an address, an e-mail or a phone number.
 *
 * How it is said to Snowplow is in `shop.ts`; options of the tracker are in `options.ts`.
 */

/** A product as it was shown. Amounts are per unit, in `currency`; `id` is the backend's `products.id`. */
export interface Product {
  id: string | number;
  /** Levels joined with a slash: `Woman/Shoes/Sneakers`. */
  category: string;
  price: number;
  name?: string;
  /** ISO 4217; the tracker's currency unless told. */
  currency?: string;
  /** The price before any reduction. */
  listPrice?: number;
  /** How many, in a cart or an order. */
  quantity?: number;
  size?: string;
  variant?: string;
  brand?: string;
  /** Such as `in stock`, `preorder`. */
  stock?: string;
  /** Place in its list, from 1. */
  position?: number;
  creative?: string;
}

/** The cart after the event. */
export interface Cart {
  id?: string | number;
  /** Value of all its lines, in `currency`. */
  value: number;
  currency?: string;
}

/** A search, and how many results it had. What looks like an e-mail address or a long number is cut from the query. */
export interface Search {
  query: string;
  results?: number;
  /** How many of them are on this page. */
  shown?: number;
  filters?: Record<string, string | boolean>;
}

/** A step on the way to an order, from 1. There is no field for an address, and none may be added. */
export interface CheckoutStep {
  step: number;
  deliveryMethod?: string;
  deliveryProvider?: string;
  paymentMethod?: string;
  coupon?: string;
  accountType?: 'guest' | 'existing' | 'new';
}

/** An order as the shop saw it. Revenue is never taken from here: it comes from the backend. */
export interface Order {
  id: string | number;
  /** What the customer pays, in `currency`. */
  revenue: number;
  paymentMethod: string;
  currency?: string;
  tax?: number;
  shipping?: number;
  coupon?: string;
  discount?: number;
}

/** Money given back. Without products the whole order is meant. */
export interface Refund {
  orderId: string | number;
  value: number;
  currency?: string;
  reason?: string;
}

/** A banner, slider or teaser. */
export interface Promotion {
  id: string;
  name?: string;
  creative?: string;
  slot?: string;
  position?: number;
  type?: string;
  productIds?: (string | number)[];
}

/** A page. What is left out is read from the document. */
export interface Page {
  url?: string;
  title?: string;
  referrer?: string;
}

/** One product in one list, for an impression. */
export interface Impression {
  list: string;
  product: Product;
}

export type Consent = 'pending' | 'granted' | 'denied' | 'withdrawn';

/** What the visitor agreed to, and in which text. */
export interface ConsentTerms {
  /** The purposes agreed to; all of them unless told. */
  scopes?: string[];
  /** Address and version of the text that was shown. */
  url?: string;
  version?: string;
}
