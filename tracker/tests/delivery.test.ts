import { beforeEach, expect, test, vi } from 'vitest';

import { World, wordOf } from './world';

const PRODUCT = { id: 1, category: 'c', price: 1 };
const refuse = (status: number, headers: Record<string, string> = {}) => () => new Response('', { status, headers });
const eids = (world: World) => world.events.map((event) => event['eid']);

beforeEach(() => localStorage.clear());

test('events go to the path of the key on the own host, together', async () => {
  const world = new World();
  world.tracker.pageViewed();
  world.tracker.productViewed(PRODUCT);
  await world.arrived(2);
  expect(world.requests.map(({ url }) => url)).toEqual(['https://shop.example/key1/tp2']);
});

test('another endpoint and a path of the shop are possible', async () => {
  const world = new World({ endpoint: '/s', path: '/m' });
  world.tracker.pageViewed();
  await world.arrived(1);
  expect(world.requests[0]!.url).toBe('https://shop.example/s/m');
});

test('a refusal for a while is tried again after the time the service asks for, without another event', async () => {
  const world = new World();
  world.answers = [refuse(429, { 'Retry-After': '2' })];
  world.tracker.pageViewed();
  await world.arrived(1);
  const refusedAt = performance.now();
  world.tracker.productViewed(PRODUCT);
  await vi.waitFor(() => expect(world.requests.length).toBe(2), 6000);
  expect(performance.now() - refusedAt).toBeGreaterThan(1900);
  expect(world.requests[1]!.events.map(wordOf)).toEqual(['pv', 'product_view']);
  expect(world.events[1]!['eid']).toBe(world.events[0]!['eid']);
});

test('a service that is down is asked again ever more rarely, and everything arrives once it is back', async () => {
  const world = new World();
  world.answers = [refuse(503), () => Promise.reject(new TypeError('connection refused'))];
  world.tracker.pageViewed();
  await vi.waitFor(() => expect(world.requests.length).toBe(3), 9000);
  expect(new Set(eids(world)).size).toBe(1);
});

test.each([400, 401, 403, 413, 415])('after %d an event is not sent again, and does not hold up the next', async (status) => {
  const world = new World();
  world.answers = [refuse(status)];
  world.tracker.pageViewed();
  await world.arrived(1);
  world.tracker.productViewed(PRODUCT);
  const events = await world.arrived(2);
  expect(events.map(wordOf)).toEqual(['pv', 'product_view']);
});

test('when the page is left, what waits goes out at once in a request that outlives it', () => {
  const world = new World({ lingerMs: 60_000 });
  world.tracker.pageViewed();
  world.tracker.productViewed(PRODUCT);
  world.show('hidden');
  return vi.waitFor(() => {
    expect(world.events.map(wordOf).slice(0, 2)).toEqual(['pv', 'product_view']);
    expect(world.requests.every(({ keepalive }) => keepalive)).toBe(true);
  });
});

test('when the page is left during a request, only what is not in it is sent beside it', async () => {
  const world = new World();
  let answer: (response: Response) => void = () => undefined;
  world.answers = [() => new Promise<Response>((resolve) => (answer = resolve))];
  world.tracker.pageViewed();
  await world.arrived(1);
  world.tracker.productViewed(PRODUCT);
  world.show('hidden');
  await vi.waitFor(() => expect(world.events.map(wordOf)).toContain('product_view'));
  answer(new Response('ok'));
  await new Promise((done) => setTimeout(done, 50));
  expect(new Set(eids(world)).size).toBe(eids(world).length);
  expect(localStorage.length).toBe(0);
});

test('what was not delivered when the page went is sent by the next page', async () => {
  const world = new World();
  world.answers = [refuse(503, { 'Retry-After': '300' })];
  world.tracker.pageViewed();
  await world.arrived(1);
  await new Promise((done) => setTimeout(done, 10)); // the refusal is noticed
  world.show('hidden');
  const [key] = Object.keys(localStorage);
  const saved = localStorage.getItem(key!)!;
  const next = new World({ namespace: `${world.namespace}b` });
  next.tracker.setConsent('denied');
  localStorage.setItem(`_gx_queue.${next.namespace}`, saved.replaceAll(`"${world.namespace}"`, `"${next.namespace}"`));
  next.tracker.setConsent('granted');
  await vi.waitFor(() => expect(eids(next)).toContain(world.events[0]!['eid']));
  await vi.waitFor(() => expect(localStorage.getItem(`_gx_queue.${next.namespace}`)).toBeNull());
});

test('a tracker of the same name is refused by name', () => {
  const world = new World();
  expect(() => new World({ namespace: world.namespace })).toThrow(/another namespace/);
});
