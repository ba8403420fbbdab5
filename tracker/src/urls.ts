/**
 * What of an address leaves the browser. Reading campaigns from it is the ingest service's.
 */

/** Parameters that say where a visit came from. */
const CAMPAIGN =
  /^(utm_[a-z_]+|gclid|gbraid|wbraid|dclid|fbclid|msclkid|ttclid|twclid|li_fat_id|igshid|epik|sccid|mc_cid|irclickid)$/i;
/** Parameters in which search engines put the words searched for. */
const SEARCH_WORDS = ['q', 'p', 'query', 'text', 'wd'];
const EMAIL = /[^\s@/?&=]+(@|%40)[^\s@/?&=]+\.[^\s@/?&=]+/gi;
const LONG_NUMBER = /\d(?:[ /().-]{0,2}\d){8,}/g;

/** `url` with only the query parameters that `isKept` lets pass, and without a fragment or credentials. */
function withQuery(url: string, isKept: (name: string) => boolean): string {
  let parsed: URL;
  try {
    parsed = new URL(url, window.location.href);
  } catch {
    return '';
  }
  for (const name of [...parsed.searchParams.keys()]) if (!isKept(name)) parsed.searchParams.delete(name);
  parsed.hash = parsed.username = parsed.password = '';
  return parsed.href;
}

/** A page's address: campaign parameters and those the shop keeps. */
export function cleanUrl(url: string, keep: readonly string[] = []): string {
  return withQuery(url, (name) => CAMPAIGN.test(name) || keep.includes(name));
}

/** A referrer: campaign parameters, and the words searched for. */
export function cleanReferrer(url: string): string {
  return url && withQuery(url, (name) => CAMPAIGN.test(name) || SEARCH_WORDS.includes(name));
}

/** `url` with the campaign parameters of `landing`, for the first event that may be tied to a visitor. */
export function withCampaignOf(url: string, landing: string): string {
  const result = new URL(url);
  new URL(landing).searchParams.forEach((value, name) => {
    if (CAMPAIGN.test(name) && !result.searchParams.has(name)) result.searchParams.append(name, value);
  });
  return result.href;
}

/** Free text without what looks like an e-mail address, or a phone, card or account number. */
export function cleanText(text: string): string {
  return text.replace(EMAIL, '[email]').replace(LONG_NUMBER, '[number]');
}
