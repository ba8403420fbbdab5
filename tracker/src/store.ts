/**
 * The events that are not confirmed yet: Snowplow's emitter takes them from here. When they are sent belongs to `delivery.ts`.
 *
 * Snowplow's own store writes the whole queue to the device for every event, lets two tabs overwrite each other, and takes
 * events off its head even where the head has moved. This one keeps them in memory, writes what is unconfirmed when the page
 * is left, and only where the visitor agreed; another page load takes it up from there.
 */
import type { EventStore, EventStorePayload } from '@snowplow/browser-tracker';

const MAX_EVENTS = 1000;
const MAX_SAVED = 500;

export class Store implements EventStore {
  private events: EventStorePayload[] = [];
  private handed: EventStorePayload[] = [];
  private readonly leaving = new Set<EventStorePayload>();
  mayPersist = false;
  private hasSaved = false;

  constructor(
    private readonly key: string,
    private readonly onAdd: () => void,
  ) {}

  /** Allow or forbid the device's storage; forbidding deletes what is there. */
  persist(allowed: boolean): void {
    this.mayPersist = allowed;
    if (allowed) this.adopt();
    else this.write([]);
  }

  add = (event: EventStorePayload): Promise<number> => {
    this.events.push(event);
    if (this.events.length > MAX_EVENTS) this.events.splice(0, this.events.length - MAX_EVENTS);
    this.onAdd();
    return this.count();
  };

  count = (): Promise<number> => Promise.resolve(this.waiting().length);

  iterator = () => {
    const events = this.waiting();
    this.handed = [];
    return {
      next: () => {
        const value = events.shift();
        if (value) this.handed.push(value);
        return Promise.resolve({ value, done: value === undefined });
      },
    };
  };

  /** Take off the first `count` events that the last iterator handed out. */
  removeHead = (count: number): Promise<void> => {
    this.confirm(this.handed.splice(0, count));
    return Promise.resolve();
  };

  getAll = () => Promise.resolve([...this.events]);
  getAllPayloads = () => Promise.resolve(this.events.map((event) => event.payload));

  /** Events that nobody sends yet, for a request beside the emitter's; they are `release`d or `confirm`ed later. */
  take(isEmitterBusy: boolean): EventStorePayload[] {
    const [first] = this.handed;
    // The emitter looks at one event more than it sends where the next is anonymous and the first is not, or the reverse.
    const inFlight = isEmitterBusy ? this.handed.filter((event) => event.svrAnon === first?.svrAnon) : [];
    const taken = this.waiting().filter((event) => !inFlight.includes(event));
    taken.forEach((event) => this.leaving.add(event));
    return taken;
  }

  /** These were not delivered: they wait again. */
  release(events: readonly EventStorePayload[]): void {
    events.forEach((event) => this.leaving.delete(event));
  }

  /** These were delivered, or never will be. */
  confirm(events: readonly EventStorePayload[]): void {
    this.release(events);
    this.events = this.events.filter((event) => !events.includes(event));
    if (this.hasSaved) this.save(events);
  }

  /** Write what is unconfirmed beside what other tabs have written, less what was `done` since. */
  save(done: readonly EventStorePayload[] = []): void {
    if (!this.mayPersist) return;
    const gone = new Set([...this.events, ...done].map((event) => event.payload['eid']));
    const others = this.read().filter((event) => !gone.has(event.payload['eid']));
    this.write([...others, ...this.events].slice(-MAX_SAVED));
  }

  private waiting(): EventStorePayload[] {
    return this.events.filter((event) => !this.leaving.has(event));
  }

  private adopt(): void {
    const known = new Set(this.events.map((event) => event.payload['eid']));
    const found = this.read().filter((event) => !known.has(event.payload['eid']));
    if (!found.length) return;
    this.write([]);
    this.events.unshift(...found);
    this.onAdd();
  }

  private read(): EventStorePayload[] {
    try {
      return JSON.parse(localStorage.getItem(this.key) ?? '[]') as EventStorePayload[];
    } catch {
      return [];
    }
  }

  private write(events: EventStorePayload[]): void {
    try {
      if (events.length) localStorage.setItem(this.key, JSON.stringify(events));
      else localStorage.removeItem(this.key);
      this.hasSaved = events.length > 0;
    } catch {
      this.hasSaved = false; // full or forbidden: memory still holds them
    }
  }
}
