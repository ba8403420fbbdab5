/**
 * The tracker a shop talks to: puts Snowplow's tracker, the page, the shop's words and the visitor's consent together.
 */
import { SnowplowEcommercePlugin } from '@snowplow/browser-plugin-snowplow-ecommerce';
import { SiteTrackingPlugin } from '@snowplow/browser-plugin-site-tracking';
import { type BrowserTracker, newTracker, type TrackerConfiguration } from '@snowplow/browser-tracker';
import { buildSelfDescribingEvent } from '@snowplow/tracker-core';

import { Delivery, FINAL, MAX_POST_BYTES } from './delivery';
import { Impressions } from './impressions';
import { addressOf, type Mode, modeOf, type TrackerOptions } from './options';
import { Pages } from './pages';
import { CONSENT } from './schemas';
import { Shop } from './shop';
import { Store } from './store';
import type { Cart, CheckoutStep, Consent, ConsentTerms, Impression, Order, Page, Product, Promotion, Refund, Search } from './types';

/** A tracker of that namespace is on the page already. Give the second one another `namespace`. */
export class TrackerExistsError extends Error {
  constructor(namespace: string) {
    super(`A tracker "${namespace}" is on this page already: create it once, or give this one another namespace.`);
    this.name = 'TrackerExistsError';
  }
}

const REQUEST_MS = 15_000;
const WORD_OF = { granted: 'allow_all', denied: 'deny_all', withdrawn: 'withdrawn' } as const;

/** Make the page's tracker. In browsers only: it reads the document and its address. */
export function createTracker(options: TrackerOptions): Tracker {
  return new Tracker(options);
}

export class Tracker {
  private readonly snowplow: BrowserTracker;
  private readonly store: Store;
  private readonly delivery: Delivery;
  private readonly pages: Pages;
  private readonly shop: Shop;
  private readonly impressions: Impressions;
  private mode: Mode;
  private customer: string | null = null;

  /** @internal */
  constructor(private readonly options: TrackerOptions) {
    const namespace = options.namespace ?? 'gxy';
    const { endpoint, path } = addressOf(options);
    this.mode = modeOf(options.consent ?? 'pending', options);
    this.store = new Store(`_gx_queue.${namespace}`, () => this.delivery?.soon());
    this.delivery = new Delivery(this.store, endpoint + path, options.lingerMs ?? 1000, () => this.snowplow.flushBuffer());
    const tracker = newTracker(namespace, endpoint, this.configuration(path));
    if (!tracker) throw new TrackerExistsError(namespace);
    this.snowplow = tracker;
    this.shop = new Shop(tracker, options.currency ?? 'EUR');
    this.pages = new Pages(tracker, options.keepQuery ?? []);
    this.impressions = new Impressions((list, products) => this.say(() => this.shop.productImpression(list, products)));
    this.store.persist(this.mode === 'identified');
    this.listen((options.pingSeconds ?? 10) * 1000);
  }

  /** The shop leaves a page for another of its own; call `pageViewed` once that one is shown. */
  pageTurned(): void {
    this.impressions.flush();
    this.unlessSilent(() => this.pages.turn());
  }

  /** A page is shown. The Vue plugin says so after each navigation. */
  pageViewed(page: Page = {}): void {
    this.impressions.turn();
    this.pages.view(page, this.mode !== 'silent');
  }

  /** Products were seen in a list. `watch` and `v-impression` find that out by themselves. */
  productImpression(list: string, products: readonly Product[]): void {
    this.say(() => this.shop.productImpression(list, products));
  }

  /** Say when `element` was really seen; call the result to stop watching. */
  watch(element: Element, impression: Impression): () => void {
    return this.impressions.watch(element, impression);
  }

  productClicked(list: string, product: Product): void {
    this.say(() => this.shop.productClicked(list, product));
  }

  productViewed(product: Product): void {
    this.say(() => this.shop.productViewed(product));
  }

  /** `products` went into the cart, which is now `cart`. */
  productAdded(products: Product | readonly Product[], cart: Cart): void {
    this.say(() => this.shop.productAdded([products].flat() as Product[], cart));
  }

  productRemoved(products: Product | readonly Product[], cart: Cart): void {
    this.say(() => this.shop.productRemoved([products].flat() as Product[], cart));
  }

  cartViewed(products: readonly Product[], cart: Cart): void {
    this.say(() => this.shop.cartViewed(products, cart));
  }

  searchPerformed(search: Search): void {
    this.say(() => this.shop.searchPerformed(search));
  }

  checkoutStep(step: CheckoutStep): void {
    this.say(() => this.shop.checkoutStep(step));
  }

  /** An order was placed. It is sent at once: a thank-you page is often closed. */
  orderCompleted(order: Order, products: readonly Product[]): void {
    this.say(() => this.shop.orderCompleted(order, products));
    this.say(() => this.delivery.now());
  }

  orderRefunded(refund: Refund, products: readonly Product[] = []): void {
    this.say(() => this.shop.orderRefunded(refund, products));
  }

  promotionViewed(promotion: Promotion): void {
    this.say(() => this.shop.promotionViewed(promotion));
  }

  promotionClicked(promotion: Promotion): void {
    this.say(() => this.shop.promotionClicked(promotion));
  }

  /** The visitor signed in: the backend's `customers.id`, never an e-mail address. It is not sent without consent. */
  identify(customerId: string | number): void {
    this.customer = String(customerId);
    this.snowplow.setUserId(this.customer);
  }

  /** The visitor signed out: what follows is another session of nobody known. */
  forget(): void {
    this.customer = null;
    this.snowplow.setUserId(null);
    if (this.mode === 'identified') this.snowplow.newSession();
  }

  /** The visitor chose. A grant begins a session here and now; a refusal ends it and empties the device. */
  setConsent(consent: Exclude<Consent, 'pending'>, terms: ConsentTerms = {}): void {
    const next = modeOf(consent, this.options);
    if (next === 'identified' && this.mode !== 'identified') this.allow(() => this.sayConsent(consent, terms));
    else {
      this.unlessSilent(() => this.sayConsent(consent, terms));
      if (next !== this.mode) this.limit(next);
    }
  }

  /** How much may be known of the visitor now. */
  get knows(): Mode {
    return this.mode;
  }

  /** Send what waits without waiting longer. */
  flush(): void {
    this.impressions.flush();
    this.delivery.now();
  }

  private say(words: () => void): void {
    this.unlessSilent(() => this.pages.say(words));
  }

  private unlessSilent(words: () => void): void {
    if (this.mode !== 'silent') words();
  }

  private allow(sayConsent: () => void): void {
    const wasSilent = this.mode === 'silent';
    this.mode = 'identified';
    this.snowplow.disableAnonymousTracking({ stateStorageStrategy: 'cookie' });
    this.snowplow.setUserId(this.customer); // a withdrawal before this made Snowplow forget it
    this.store.persist(true);
    if (wasSilent) this.pages.again();
    this.pages.say(() => this.pages.asLanding(sayConsent));
  }

  private limit(next: Mode): void {
    this.mode = next;
    const options = { withServerAnonymisation: next !== 'cookieless' };
    this.snowplow.enableAnonymousTracking({ options, stateStorageStrategy: 'none' });
    this.snowplow.clearUserData();
    this.store.persist(false);
  }

  private sayConsent(consent: Exclude<Consent, 'pending'>, terms: ConsentTerms): void {
    const { scopes = [], url = location.origin, version = '1' } = { ...this.options.terms, ...terms };
    const data = {
      eventType: consent === 'granted' && terms.scopes ? 'allow_selected' : WORD_OF[consent],
      basisForProcessing: 'consent',
      consentUrl: url,
      consentVersion: version,
      consentScopes: consent === 'granted' ? scopes : [],
      domainsApplied: [location.origin],
    };
    this.snowplow.core.track(buildSelfDescribingEvent({ event: { schema: CONSENT, data } }));
    this.delivery.now();
  }

  private listen(pingMs: number): void {
    const ping = () => this.unlessSilent(() => this.pages.ping());
    const leave = () => {
      this.impressions.flush();
      this.unlessSilent(() => this.pages.settle());
      ping();
      this.delivery.leave();
    };
    // In the capture phase of the window: before Snowplow's own listener sends what waits without the last ping.
    window.addEventListener(
      'visibilitychange',
      () => {
        const isVisible = document.visibilityState !== 'hidden';
        this.pages.visible(isVisible);
        if (!isVisible) leave();
      },
      true,
    );
    window.addEventListener('pagehide', leave, true);
    window.addEventListener('online', () => this.delivery.now());
    window.setInterval(ping, pingMs);
  }

  private configuration(path: string): TrackerConfiguration {
    const isIdentified = this.mode === 'identified';
    return {
      appId: this.options.appId ?? '',
      plugins: [SnowplowEcommercePlugin(), SiteTrackingPlugin()],
      contexts: { webPage: true, session: true },
      anonymousTracking: isIdentified ? false : { withServerAnonymisation: this.mode !== 'cookieless' },
      stateStorageStrategy: isIdentified ? 'cookie' : 'none',
      cookieName: '_gx_',
      ...(this.options.cookieDomain ? { cookieDomain: this.options.cookieDomain } : {}),
      // Looking for the root domain sets a cookie on the way, before anyone agreed.
      discoverRootDomain: false,
      cookieSecure: location.protocol === 'https:',
      // Two tabs count one session: each must see the other's last index.
      synchronousCookieWrite: true,
      eventMethod: 'post',
      postPath: path,
      // The shop's own cookies are none of the service's business.
      credentials: 'omit',
      keepalive: true,
      maxPostBytes: MAX_POST_BYTES,
      connectionTimeout: REQUEST_MS,
      // Never by count: `delivery.ts` says when.
      bufferSize: Number.MAX_SAFE_INTEGER,
      eventStore: this.store,
      customFetch: this.delivery.fetch,
      dontRetryStatusCodes: FINAL,
      onRequestSuccess: this.delivery.succeeded,
      onRequestFailure: this.delivery.failed,
    };
  }
}
