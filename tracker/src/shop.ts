/**
 * What a shop says, in the words of Snowplow's e-commerce and site search plugins.
 *
 * Every entity is copied field by field: what has no name here cannot be sent, whatever a caller hands over.
 */
import {
  trackAddToCart,
  trackCheckoutStep,
  trackProductListClick,
  trackProductListView,
  trackProductView,
  trackPromotionClick,
  trackPromotionView,
  trackRefund,
  trackRemoveFromCart,
  trackTransaction,
} from '@snowplow/browser-plugin-snowplow-ecommerce';
import { trackSiteSearch } from '@snowplow/browser-plugin-site-tracking';
import type { BrowserTracker } from '@snowplow/browser-tracker';
import { buildSelfDescribingEvent } from '@snowplow/tracker-core';

import { CART, CART_VIEW, PRODUCT } from './schemas';
import type { Cart, CheckoutStep, Order, Product, Promotion, Refund, Search } from './types';
import { cleanText } from './urls';

/** A list view of more products than this becomes several: a request may hold 30 kB. */
const PRODUCTS_PER_EVENT = 40;

/** Amounts carry four digits, as the warehouse does; binary noise after them is cut. */
const money = (value: number): number => Math.round(value * 1e4) / 1e4;
const moneyOr = (value: number | undefined) => (value === undefined ? undefined : money(value));

/** `fields` without those that are not said. */
function said<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as never;
}

export class Shop {
  private readonly to: string[];

  constructor(
    private readonly tracker: BrowserTracker,
    private readonly currency: string,
  ) {
    this.to = [tracker.id];
  }

  productImpression(list: string, products: readonly Product[]): void {
    for (let start = 0; start < products.length; start += PRODUCTS_PER_EVENT) {
      const part = products.slice(start, start + PRODUCTS_PER_EVENT);
      trackProductListView({ name: list, products: this.products(part) }, this.to);
    }
  }

  productClicked(list: string, product: Product): void {
    trackProductListClick({ name: list, product: this.product(product) }, this.to);
  }

  productViewed(product: Product): void {
    trackProductView(this.product(product), this.to);
  }

  productAdded(products: readonly Product[], cart: Cart): void {
    trackAddToCart({ ...this.cart(cart), products: this.products(products) }, this.to);
  }

  productRemoved(products: readonly Product[], cart: Cart): void {
    trackRemoveFromCart({ ...this.cart(cart), products: this.products(products) }, this.to);
  }

  /** Snowplow knows no such action: this is an event of our own with its entities. */
  cartViewed(products: readonly Product[], cart: Cart): void {
    const context = this.products(products).map((data) => ({ schema: PRODUCT, data: { ...data } as Record<string, unknown> }));
    const event = buildSelfDescribingEvent({ event: { schema: CART_VIEW, data: {} } });
    this.tracker.core.track(event, [...context, { schema: CART, data: this.cart(cart) }]);
  }

  searchPerformed(search: Search): void {
    const { query, filters, results, shown } = search;
    const terms = [cleanText(query)];
    trackSiteSearch(said({ terms, filters, totalResults: results, pageResults: shown }), this.to);
  }

  checkoutStep(step: CheckoutStep): void {
    const fields = {
      step: step.step,
      delivery_method: step.deliveryMethod,
      delivery_provider: step.deliveryProvider,
      payment_method: step.paymentMethod,
      coupon_code: step.coupon,
      account_type: step.accountType,
    };
    trackCheckoutStep(said(fields), this.to);
  }

  orderCompleted(order: Order, products: readonly Product[]): void {
    const fields = said({
      transaction_id: String(order.id),
      revenue: money(order.revenue),
      currency: order.currency ?? this.currency,
      payment_method: order.paymentMethod,
      total_quantity: products.reduce((sum, product) => sum + (product.quantity ?? 1), 0),
      tax: moneyOr(order.tax),
      shipping: moneyOr(order.shipping),
      discount_code: order.coupon,
      discount_amount: moneyOr(order.discount),
    });
    trackTransaction({ ...fields, products: this.products(products) }, this.to);
  }

  orderRefunded(refund: Refund, products: readonly Product[] = []): void {
    const fields = said({
      transaction_id: String(refund.orderId),
      currency: refund.currency ?? this.currency,
      refund_amount: money(refund.value),
      refund_reason: refund.reason,
    });
    trackRefund({ ...fields, products: this.products(products) }, this.to);
  }

  promotionViewed(promotion: Promotion): void {
    trackPromotionView(this.promotion(promotion), this.to);
  }

  promotionClicked(promotion: Promotion): void {
    trackPromotionClick(this.promotion(promotion), this.to);
  }

  private products(products: readonly Product[]) {
    return products.map((product) => this.product(product));
  }

  private product(product: Product) {
    return said({
      id: String(product.id),
      name: product.name,
      category: product.category,
      price: money(product.price),
      currency: product.currency ?? this.currency,
      list_price: moneyOr(product.listPrice),
      quantity: product.quantity,
      size: product.size,
      variant: product.variant,
      brand: product.brand,
      inventory_status: product.stock,
      position: product.position,
      creative_id: product.creative,
    });
  }

  private cart(cart: Cart) {
    return said({
      cart_id: cart.id === undefined ? undefined : String(cart.id),
      total_value: money(cart.value),
      currency: cart.currency ?? this.currency,
    });
  }

  private promotion(promotion: Promotion) {
    return said({
      id: promotion.id,
      name: promotion.name,
      creative_id: promotion.creative,
      slot: promotion.slot,
      position: promotion.position,
      type: promotion.type,
      product_ids: promotion.productIds?.map(String),
    });
  }
}
