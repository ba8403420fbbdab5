/**
 * A page with a tracker on it, and the collector it talks to: what arrived, and how the next request is answered.
 */
import { vi } from 'vitest';

import { createTracker, type Tracker, type TrackerOptions } from '../src/index';

export interface Entity {
  schema: string;
  data: Record<string, unknown>;
}

export interface Sent {
  url: string;
  anonymous: boolean;
  keepalive: boolean;
  events: Record<string, string>[];
}

let pages = 0;

/** From here `pass` lets time go by; nothing else does. */
export function stopClocks(): void {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'] });
}

/** Let `ms` milliseconds go by. */
export const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

export class World {
  readonly requests: Sent[] = [];
  answers: (() => Response | Promise<Response>)[] = [];
  readonly tracker: Tracker;
  readonly namespace: string;

  constructor(options: Partial<TrackerOptions> = {}) {
    this.namespace = options.namespace ?? `t${(pages += 1)}`;
    vi.stubGlobal('fetch', (input: Request | string, init?: RequestInit) => this.receive(input, init));
    const settled = { writeKey: 'key1', consent: 'granted' as const, lingerMs: 5, namespace: this.namespace, ...options };
    this.tracker = createTracker(settled);
  }

  /** Every event that was answered or not, in the order of arrival. */
  get events(): Record<string, string>[] {
    return this.requests.flatMap((request) => request.events);
  }

  /** Wait until `count` events arrived; fail with those that did. */
  async arrived(count: number): Promise<Record<string, string>[]> {
    await vi.waitFor(() => {
      if (this.events.length < count) throw new Error(`${this.events.length} of ${count}: ${this.events.map(wordOf)}`);
    }, 5000);
    return this.events;
  }

  /** The page is hidden or shown, as when its tab is closed or returned to. */
  show(state: 'hidden' | 'visible'): void {
    vi.spyOn(document, 'visibilityState', 'get').mockReturnValue(state);
    document.dispatchEvent(new Event('visibilitychange', { bubbles: true }));
  }

  private async receive(input: Request | string, init?: RequestInit): Promise<Response> {
    const request = new Request(input instanceof Request ? input : new URL(input, location.href), init);
    const body = JSON.parse(await request.text()) as { schema: string; data: Record<string, string>[] };
    if (body.data[0]?.['tna'] !== this.namespace) return new Response('ok'); // a tracker of an earlier test
    const anonymous = request.headers.get('SP-Anonymous') === '*';
    this.requests.push({ url: request.url, anonymous, keepalive: request.keepalive, events: body.data });
    return (this.answers.shift() ?? (() => new Response('ok')))();
  }
}

/** The self-describing event of `event`, else undefined. */
export function spoken(event: Record<string, string>): Entity | undefined {
  const text = event['ue_pr'];
  return text ? (JSON.parse(text) as { data: Entity }).data : undefined;
}

/** The entities of `event` whose schema's name is `name`. */
export function entities(event: Record<string, string>, name: string): Record<string, unknown>[] {
  const all = (JSON.parse(event['co'] ?? '{"data":[]}') as { data: Entity[] }).data;
  return all.filter(({ schema }) => schema.split('/')[1] === name).map(({ data }) => data);
}

/** The action of an e-commerce event, else the name of its schema, else its type. */
export function wordOf(event: Record<string, string>): string {
  const said = spoken(event);
  return String(said?.data['type'] ?? said?.schema.split('/')[1] ?? event['e']);
}
