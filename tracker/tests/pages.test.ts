import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { entities, pass, stopClocks, World, wordOf } from './world';

beforeEach(() => {
  stopClocks();
  window.history.replaceState(null, '', '/');
});
afterEach(() => vi.useRealTimers());

const attention = (world: World) => world.events.filter((event) => event['e'] === 'pp').map((event) => entities(event, 'engagement')[0]!['engaged_ms']);

test('a page view has the title, the address without private parameters, and the page before as referrer', async () => {
  vi.spyOn(document, 'referrer', 'get').mockReturnValue('https://search.example/find?q=lamps&session=abc');
  window.history.replaceState(null, '', '/?utm_source=letter&gclid=x1&email=a%40b.example#top');
  const world = new World({ keepQuery: ['q'] });
  document.title = 'Home';
  world.tracker.pageViewed();
  window.history.replaceState(null, '', '/search?q=lamp&token=t');
  world.tracker.pageViewed({ title: 'Search' });
  await pass(2000);
  expect(world.events.map(({ url, page, refr }) => [url, page, refr])).toEqual([
    ['https://shop.example/?utm_source=letter&gclid=x1', 'Home', 'https://search.example/find?q=lamps'],
    ['https://shop.example/search?q=lamp', 'Search', 'https://shop.example/?utm_source=letter&gclid=x1'],
  ]);
});

test('what is said between two pages belongs to the second one', async () => {
  const world = new World();
  world.tracker.pageViewed();
  world.tracker.pageTurned();
  window.history.replaceState(null, '', '/p/1');
  world.tracker.productViewed({ id: 1, category: 'c', price: 1 });
  world.tracker.pageViewed();
  await pass(2000);
  expect(world.events.map(wordOf)).toEqual(['pv', 'pv', 'product_view']);
  const [first, second, product] = world.events.map((event) => [event['url'], entities(event, 'web_page')[0]!['id']]);
  expect(product).toEqual(second);
  expect(product).not.toEqual(first);
});

test('attention is reported while it lasts, and what is left of it when the page is turned or hidden', async () => {
  const world = new World();
  world.tracker.pageViewed();
  await pass(14_000);
  world.tracker.pageTurned();
  world.tracker.pageViewed();
  await pass(3500);
  world.show('hidden');
  await pass(60_000);
  expect(attention(world)).toEqual([10_000, 4000, 3500]);
});

test('a page nobody touches for half a minute holds no attention until someone does', async () => {
  const world = new World();
  world.tracker.pageViewed();
  await pass(100_000);
  expect(attention(world)).toEqual([10_000, 10_000, 10_000]);
  window.dispatchEvent(new Event('pointermove'));
  await pass(10_100);
  expect(attention(world).slice(3)).toEqual([10_000]);
});

test('a ping tells how far the page was scrolled since the last one', async () => {
  const world = new World();
  world.tracker.pageViewed();
  vi.spyOn(window, 'scrollY', 'get').mockReturnValue(640.4);
  window.dispatchEvent(new Event('scroll'));
  await pass(11_000);
  const ping = world.events.find((event) => event['e'] === 'pp');
  expect([ping!['pp_miy'] ?? '0', ping!['pp_may']]).toEqual(['0', '640']); // Snowplow leaves a zero out
});

test('the last ping of a page carries that page, although the address bar shows the next', async () => {
  const world = new World();
  world.tracker.pageViewed();
  await pass(4000);
  window.history.replaceState(null, '', '/next');
  world.tracker.pageTurned();
  world.tracker.pageViewed();
  await pass(2000);
  const [first, ping, second] = world.events;
  expect([ping!['e'], ping!['url'], ping!['refr']]).toEqual(['pp', 'https://shop.example/', undefined]);
  expect(entities(ping!, 'web_page')).toEqual(entities(first!, 'web_page'));
  expect(second!['url']).toBe('https://shop.example/next');
});
