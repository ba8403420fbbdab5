import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import { entities, spoken, World, wordOf } from './world';

beforeEach(() => {
  localStorage.clear();
  for (const cookie of document.cookie.split('; ')) document.cookie = `${cookie.split('=')[0]}=; Max-Age=0; Path=/`;
});

afterEach(() => vi.unstubAllGlobals());

/** Everything that the device holds for this site. */
function stored(): string[] {
  const cookies = document.cookie.split('; ').filter(Boolean);
  return [...cookies, ...Object.keys(localStorage), ...Object.keys(sessionStorage)];
}

/** What of `event` could tell one visitor from another. */
function identity(event: Record<string, string>): unknown[] {
  return [event['duid'], event['sid'], event['uid'], ...entities(event, 'client_session')].filter(Boolean);
}

test('before consent events say nothing of who, ask to be forgotten, and the device stays empty', async () => {
  const world = new World({ consent: 'pending' });
  world.tracker.identify(4711);
  world.tracker.pageViewed();
  world.show('hidden');
  const [event] = await world.arrived(1);
  expect(identity(event!)).toEqual([]);
  expect(world.requests[0]!.anonymous).toBe(true);
  expect(stored()).toEqual([]);
});

test('a shop may stay silent until the visitor agreed, and then has the page view with its campaign', async () => {
  window.history.replaceState(null, '', '/?utm_source=letter');
  const world = new World({ consent: 'pending', beforeConsent: 'silent' });
  world.tracker.pageViewed({ title: 'Home' });
  world.tracker.productViewed({ id: 1, category: 'c', price: 1 });
  await new Promise((done) => setTimeout(done, 30));
  expect(world.events).toEqual([]);
  world.tracker.setConsent('granted');
  const events = await world.arrived(2);
  expect(events.map(wordOf)).toEqual(['pv', 'consent_preferences']);
  expect(events[0]!['url']).toBe('https://shop.example/?utm_source=letter');
  window.history.replaceState(null, '', '/');
});

test('a grant begins a session at once, and its first event tells where the visit came from', async () => {
  window.history.replaceState(null, '', '/?utm_source=letter&token=secret');
  const world = new World({ consent: 'pending', terms: { url: 'https://shop.example/privacy', version: '3' } });
  world.tracker.pageViewed();
  window.history.replaceState(null, '', '/p/1');
  world.tracker.pageViewed();
  world.tracker.setConsent('granted', { scopes: ['statistics'] });
  world.tracker.productViewed({ id: 1, category: 'c', price: 1 });
  const events = await world.arrived(4);
  const [, , consent, product] = events;
  expect(spoken(consent!)!.data).toEqual({
    eventType: 'allow_selected',
    basisForProcessing: 'consent',
    consentUrl: 'https://shop.example/privacy',
    consentVersion: '3',
    consentScopes: ['statistics'],
    domainsApplied: ['https://shop.example'],
  });
  expect(consent!['url']).toBe('https://shop.example/p/1?utm_source=letter');
  expect(product!['url']).toBe('https://shop.example/p/1');
  expect(entities(consent!, 'client_session')[0]).toMatchObject({ eventIndex: 1 });
  expect(entities(product!, 'client_session')[0]).toMatchObject({ eventIndex: 2 });
  expect(world.requests.map(({ anonymous }) => anonymous)).toEqual([true, false]);
  expect(stored().map((name) => name.split('.')[0]).sort()).toEqual(['_gx_id', '_gx_ses']);
  window.history.replaceState(null, '', '/');
});

test('a withdrawal is the last event that says who, and empties the device', async () => {
  const world = new World();
  world.tracker.identify(4711);
  world.tracker.setConsent('withdrawn');
  world.tracker.productViewed({ id: 1, category: 'c', price: 1 });
  const [withdrawn, product] = await world.arrived(2);
  expect(spoken(withdrawn!)!.data).toMatchObject({ eventType: 'withdrawn', consentScopes: [] });
  expect(withdrawn!['uid']).toBe('4711');
  expect(identity(product!)).toEqual([]);
  expect(stored()).toEqual([]);
});

test('a withdrawal while the next page is opened still says who withdrew', async () => {
  const world = new World();
  world.tracker.pageViewed();
  world.tracker.identify(4711);
  world.tracker.pageTurned();
  world.tracker.setConsent('withdrawn');
  world.tracker.pageViewed();
  const events = await world.arrived(3);
  expect(events.find((event) => wordOf(event) === 'consent_preferences')!['uid']).toBe('4711');
});

test('who agrees again is the same customer, as another visitor', async () => {
  const world = new World();
  world.tracker.pageViewed();
  world.tracker.identify(4711);
  world.tracker.setConsent('withdrawn');
  world.tracker.setConsent('granted');
  world.tracker.productViewed({ id: 1, category: 'c', price: 1 });
  const events = await world.arrived(4);
  expect(events.map((event) => event['uid'])).toEqual([undefined, '4711', '4711', '4711']);
  expect(events[3]!['duid']).not.toBe(events[0]!['duid']);
});

test('Global Privacy Control is a refusal that no consent overrides', async () => {
  Object.defineProperty(navigator, 'globalPrivacyControl', { value: true, configurable: true });
  const world = new World({ consent: 'granted' });
  world.tracker.pageViewed();
  world.tracker.setConsent('granted');
  const events = await world.arrived(2);
  expect(events.flatMap(identity)).toEqual([]);
  expect(world.tracker.knows).toBe('anonymous');
  expect(stored()).toEqual([]);
  Reflect.deleteProperty(navigator, 'globalPrivacyControl');
});

test('without cookies nothing is stored even with consent, and the service may count by day', async () => {
  const world = new World({ cookieless: true });
  world.tracker.pageViewed();
  world.tracker.setConsent('granted');
  const events = await world.arrived(2);
  expect(events.flatMap(identity)).toEqual([]);
  expect(world.requests.some(({ anonymous }) => anonymous)).toBe(false);
  expect(stored()).toEqual([]);
});

test('with consent every event has a session index without gaps, and the id of its page', async () => {
  const world = new World();
  world.tracker.pageViewed();
  world.tracker.productViewed({ id: 1, category: 'c', price: 1 });
  world.tracker.searchPerformed({ query: 'x' });
  world.tracker.pageViewed();
  const events = await world.arrived(4);
  expect(events.map((event) => entities(event, 'client_session')[0]!['eventIndex'])).toEqual([1, 2, 3, 4]);
  const pages = events.map((event) => entities(event, 'web_page')[0]!['id']);
  expect(new Set(pages.slice(0, 3)).size).toBe(1);
  expect(pages[3]).not.toBe(pages[0]);
});

test('who signs in is on every event from then, and signing out begins another session', async () => {
  const world = new World();
  world.tracker.pageViewed();
  world.tracker.identify(4711);
  world.tracker.pageViewed();
  world.tracker.forget();
  world.tracker.pageViewed();
  const events = await world.arrived(3);
  expect(events.map((event) => event['uid'])).toEqual([undefined, '4711', undefined]);
  expect(events[2]!['sid']).not.toBe(events[1]!['sid']);
});
