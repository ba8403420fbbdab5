/**
 * The tracker's options and what they mean once settled. What a shop says with it belongs to `types.ts`.
 */
import type { Consent, ConsentTerms } from './types';

export interface TrackerOptions {
  /** The tenant's public write key. */
  writeKey: string;
  /** Where events go: an address whose reverse proxy leads to the ingest service. Default: the shop's own origin. */
  endpoint?: string;
  /** The path below `endpoint`. Default: `/<writeKey>/tp2`, which the ingest service answers. */
  path?: string;
  /** Names the shop front among several of one tenant. */
  appId?: string;
  /** ISO 4217, for amounts that name none. Default: EUR. */
  currency?: string;
  /** What the visitor said so far. The shop remembers it, not the tracker. Default: pending. */
  consent?: Consent;
  /** What is sent while there is no consent: events without any identifier, or none. Default: anonymous. */
  beforeConsent?: 'anonymous' | 'silent';
  /** Nothing is ever stored on the device, consent or not; the tenant's cookieless mode counts visitors by day. */
  cookieless?: boolean;
  /** Global Privacy Control counts as a refusal that no consent overrides. Default: true. */
  respectGpc?: boolean;
  /** The text that consent is given to, where a call does not say it. */
  terms?: ConsentTerms;
  /** Share the visitor's cookie between subdomains, such as `shop.example`. Default: this host only. */
  cookieDomain?: string;
  /** Query parameters kept in page addresses beside the campaign's; all others are cut in the browser. */
  keepQuery?: string[];
  /** Seconds between reports of attention. Default: 10. */
  pingSeconds?: number;
  /** Milliseconds that events wait for company before they are sent. Default: 1000. */
  lingerMs?: number;
  /** Tells several trackers on one page apart. Default: gxy. */
  namespace?: string;
}

/** How much may be known of the visitor. `anonymous` also asks the service to forget the address. */
export type Mode = 'identified' | 'cookieless' | 'anonymous' | 'silent';

/** Whether the browser asks not to be followed across sites. */
export function hasGpc(): boolean {
  return (navigator as Navigator & { globalPrivacyControl?: boolean }).globalPrivacyControl === true;
}

/** The mode that the visitor's word, their browser and the shop's options leave. */
export function modeOf(consent: Consent, options: TrackerOptions): Mode {
  const without = options.beforeConsent === 'silent' ? 'silent' : 'anonymous';
  if (options.respectGpc !== false && hasGpc()) return without;
  if (consent === 'denied' || consent === 'withdrawn') return without;
  if (options.cookieless) return 'cookieless';
  return consent === 'granted' ? 'identified' : without;
}

/** The address events are posted to, in the two parts that Snowplow wants. */
export function addressOf(options: TrackerOptions): { endpoint: string; path: string } {
  const endpoint = new URL(options.endpoint ?? '/', window.location.href).href.replace(/\/$/, '');
  return { endpoint, path: options.path ?? `/${encodeURIComponent(options.writeKey)}/tp2` };
}
