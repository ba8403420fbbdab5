/**
 * Page views, and the pings that say how long a page held its visitor.
 *
 * Between leaving one page and naming the next (`turn`, then `view`) everything that is said waits, so that a product shown
 * by the new page never counts for the old one.
 */
import type { BrowserTracker, PayloadBuilder } from '@snowplow/browser-tracker';
import { buildPagePing } from '@snowplow/tracker-core';

import { AttentionMeter } from './attention';
import { ENGAGEMENT } from './schemas';
import type { Page } from './types';
import { cleanReferrer, cleanUrl, withCampaignOf } from './urls';

/** Less attention than this is not worth an event. */
const LEAST_MS = 500;

export class Pages {
  private url = '';
  private referrer = '';
  private title = '';
  private landing: { url: string; referrer: string } | undefined;
  private held: (() => void)[] | undefined;
  private readonly meter = new AttentionMeter();

  constructor(
    private readonly tracker: BrowserTracker,
    private readonly keepQuery: readonly string[],
  ) {
    tracker.addPlugin({ plugin: { beforeTrack: (event) => this.withoutFalseReferrer(event) } });
    this.place(cleanUrl(location.href, keepQuery), cleanReferrer(document.referrer));
  }

  /** Do it now, or when the page that is being opened has a name. */
  say(words: () => void): void {
    if (this.held) this.held.push(words);
    else words();
  }

  /** The page is left within the shop: report its attention, and hold what comes until `view`. */
  turn(): void {
    this.ping();
    this.held ??= [];
  }

  /** A page is shown; without arguments it is what the document says. It is remembered where it may not be said. */
  view(page: Page = {}, maySay = true): void {
    const url = cleanUrl(page.url ?? location.href, this.keepQuery);
    const before = this.landing ? this.url : cleanReferrer(document.referrer);
    const referrer = page.referrer === undefined ? before : cleanReferrer(page.referrer);
    this.landing ??= { url, referrer };
    this.meter.take();
    this.place(url, referrer);
    this.title = page.title ?? document.title;
    if (maySay) this.again();
    const held = this.held;
    this.held = undefined;
    held?.forEach((words) => words());
  }

  /** The page view as it was, for a visitor who may be told apart only now. */
  again(): void {
    if (this.landing) this.tracker.trackPageView({ title: this.title });
  }

  /** Report attention since the last report, if there was any. */
  ping(): void {
    const { engagedMs, ...offsets } = this.meter.take();
    if (!this.landing || this.held || engagedMs < LEAST_MS) return;
    const entity = { schema: ENGAGEMENT, data: { engaged_ms: engagedMs } };
    const page = { pageUrl: this.url, pageTitle: this.title, referrer: this.referrer };
    this.tracker.core.track(buildPagePing({ ...page, ...offsets }), [entity]);
  }

  /** The document was shown or hidden. */
  visible(isVisible: boolean): void {
    this.meter.visible(isVisible);
  }

  /** Name a page that was turned to and never named, because the document goes away. */
  settle(): void {
    if (this.held) this.view();
  }

  /** Say something with the campaign and referrer of the landing page, which no identified event has told yet. */
  asLanding(words: () => void): void {
    const { url, referrer } = this;
    if (this.landing) this.place(withCampaignOf(url, this.landing.url), this.landing.referrer);
    words();
    this.place(url, referrer);
  }

  /** Where a page has no referrer, Snowplow takes the address before the last change of the address bar: the page itself. */
  private withoutFalseReferrer(event: PayloadBuilder): void {
    if (!this.referrer) delete event.getPayload()['refr'];
  }

  /** Every event until the next page carries this address and referrer, whatever the address bar says meanwhile. */
  private place(url: string, referrer: string): void {
    this.url = url;
    this.referrer = referrer;
    this.tracker.setCustomUrl(url);
    this.tracker.setReferrerUrl(referrer);
  }
}
