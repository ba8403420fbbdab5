/**
 * When events are sent: together after a short wait, again after a refusal, and all of them when the page is left.
 *
 * Snowplow's emitter makes the requests while the page lives; it retries only when another event comes, and sends nothing
 * that waits behind a request under way when the page closes. Both are mended here.
 */
import type { EventStorePayload } from '@snowplow/browser-tracker';

import type { Store } from './store';

const SCHEMA = 'iglu:com.snowplowanalytics.snowplow/payload_data/jsonschema/1-0-4';
/** A browser lets 64 KiB be under way for pages that are gone; one request may reach twice this. */
export const MAX_POST_BYTES = 30_000;
const MAX_WAIT_MS = 300_000;
/** Answers after which sending the same again is in vain; beside Snowplow's 400, 401, 403, 410 and 422. */
export const FINAL = [413, 414, 415, 431];
const FINAL_OF_SNOWPLOW = [400, 401, 403, 410, 422];

export class Delivery {
  private timer: number | undefined;
  private failures = 0;
  private notBefore = 0;
  private isBusy = false;

  constructor(
    private readonly store: Store,
    private readonly url: string,
    private readonly lingerMs: number,
    private readonly send: () => void,
  ) {}

  /** An event came: send soon, or when the service wants to be asked again. */
  soon(): void {
    this.after(Math.max(this.lingerMs, this.notBefore - Date.now()));
  }

  /** Send now, unless the service asked to wait. */
  now(): void {
    if (Date.now() >= this.notBefore) this.after(0);
  }

  /** Snowplow's requests go through here, so that it is known when events are under way. */
  fetch = async (input: RequestInfo | URL, init?: RequestInit): Promise<Response> => {
    this.isBusy = true;
    try {
      return await fetch(input, init);
    } finally {
      this.isBusy = false;
    }
  };

  succeeded = (): void => {
    this.failures = this.notBefore = 0;
  };

  /** Wait as long as the service asks, else twice as long each time; both with a tenth of chance. */
  failed = (failure: { willRetry: boolean }, response?: Response): void => {
    if (!failure.willRetry) return this.soon();
    const asked = Number(response?.headers.get('Retry-After') ?? 0) * 1000;
    const wait = Math.min(asked > 0 ? asked : 1000 * 2 ** this.failures, MAX_WAIT_MS);
    this.failures = Math.min(this.failures + 1, 6);
    this.notBefore = Date.now() + wait * (1 + Math.random() / 10);
    clearTimeout(this.timer);
    this.timer = undefined;
    this.soon();
  };

  /** The page is left: what waits goes out in requests that outlive it, and what is unconfirmed is kept for the next visit. */
  leave(): void {
    const isWelcome = Date.now() >= this.notBefore || !this.store.mayPersist;
    if (isWelcome) chunks(this.store.take(this.isBusy)).forEach((events) => void this.post(events));
    this.store.save();
  }

  private after(ms: number): void {
    if (this.timer !== undefined && ms > 0) return;
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      this.timer = undefined;
      this.send();
    }, ms);
  }

  private async post(events: EventStorePayload[]): Promise<void> {
    let answer: Response | undefined;
    try {
      answer = await fetch(this.url, requestOf(events));
    } catch {
      // The network is gone, or 64 KiB are under way: the emitter sends them if the page lives, else the next visit does.
    }
    if (answer && (answer.ok || [...FINAL, ...FINAL_OF_SNOWPLOW].includes(answer.status))) return this.store.confirm(events);
    this.store.release(events);
    this.failed({ willRetry: true }, answer);
  }
}

function requestOf(events: readonly EventStorePayload[]): RequestInit {
  const stm = String(Date.now());
  const data = events.map(({ payload }) => ({
    ...Object.fromEntries(Object.entries(payload).map(([name, value]) => [name, String(value)])),
    stm,
  }));
  const headers: Record<string, string> = { 'Content-Type': 'application/json; charset=UTF-8' };
  if (events[0]?.svrAnon) headers['SP-Anonymous'] = '*';
  return { method: 'POST', keepalive: true, credentials: 'omit', headers, body: JSON.stringify({ schema: SCHEMA, data }) };
}

/** Events in order, cut where a request would grow too large or change between anonymous and not. */
function chunks(events: readonly EventStorePayload[]): EventStorePayload[][] {
  const result: EventStorePayload[][] = [];
  let bytes = Infinity;
  for (const event of events) {
    const size = JSON.stringify(event.payload).length;
    const last = result.at(-1);
    if (!last || bytes + size > MAX_POST_BYTES || last[0]?.svrAnon !== event.svrAnon) {
      result.push([event]);
      bytes = size;
    } else {
      last.push(event);
      bytes += size;
    }
  }
  return result;
}
