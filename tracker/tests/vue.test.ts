import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createApp, h, nextTick, ref, withDirectives, resolveDirective, type Ref } from 'vue';
import { createMemoryHistory, createRouter, RouterView } from 'vue-router';

import type { Impression, Product } from '../src/index';
import { gxy, TrackerMissingError, useTracker } from '../src/vue';
import { entities, pass, spoken, stopClocks, World, wordOf } from './world';

/** Stands for the browser's observer: a test says what is in view. */
class Observer {
  static all: Observer[] = [];
  readonly elements = new Set<Element>();
  constructor(private readonly callback: IntersectionObserverCallback) {
    Observer.all.push(this);
  }
  observe(element: Element) {
    this.elements.add(element);
    if (element.hasAttribute('data-seen')) this.see(element);
  }
  unobserve(element: Element) {
    this.elements.delete(element);
  }
  see(element: Element, ratio = 1) {
    const entry = { target: element, isIntersecting: ratio > 0, intersectionRatio: ratio, intersectionRect: { height: 1 }, rootBounds: { height: 800 } };
    this.callback([entry as IntersectionObserverEntry], this as unknown as IntersectionObserver);
  }
}

const productOf = (id: number): Product => ({ id, category: 'c', price: id });

interface Shop {
  world: World;
  push: (path: string) => Promise<unknown>;
  shown: Ref<number[]>;
}

/** A shop of three pages; the page at `/list` shows `shown`, the one at `/p/:id` says so when mounted. */
async function shop(): Promise<Shop> {
  const shown = ref([1, 2, 3]);
  const List = {
    setup: () => {
      document.title = 'List';
    },
    render: () => {
      const directive = resolveDirective('impression')!;
      const node = (id: number) => withDirectives(h('i', { id: `p${id}` }), [[directive, { list: 'new', product: productOf(id) } satisfies Impression]]);
      return h('div', shown.value.map(node));
    },
  };
  const One = {
    setup: () => {
      document.title = 'One';
      useTracker().productViewed(productOf(9));
    },
    render: () => h('p'),
  };
  const routes = [
    { path: '/list', component: List },
    { path: '/p/:id', component: One },
  ];
  const history = createMemoryHistory();
  history.replace('/list');
  const router = createRouter({ history, routes });
  const world = new World(); // takes fetch; the app's own tracker has another name
  const namespace = `${world.namespace}v`;
  Object.assign(world, { namespace });
  const app = createApp({ render: () => h(RouterView) });
  app.use(router).use(gxy, { writeKey: 'k', consent: 'granted', lingerMs: 5, namespace, router });
  await router.isReady();
  app.mount(document.body.appendChild(document.createElement('div')));
  await pass(10);
  return { world, push: (path) => router.push(path).then(() => pass(10)), shown };
}

beforeEach(() => {
  stopClocks();
  document.body.replaceChildren();
  Observer.all = [];
  vi.stubGlobal('IntersectionObserver', Observer);
});

afterEach(() => vi.useRealTimers());

const observer = () => Observer.all.at(-1)!;
const element = (id: number) => document.getElementById(`p${id}`)!;
const lists = (world: World) => world.events.filter((event) => wordOf(event) === 'list_view');
const seen = (event: Record<string, string>) => entities(event, 'product').map(({ id }) => id);

test('each navigation is a page view with the title the new page set, before anything that page says', async () => {
  const { world, push } = await shop();
  await push('/p/9');
  await push('/p/9#reviews');
  await push('/p/9?size=l');
  const events = await world.arrived(4);
  expect(events.map((event) => [wordOf(event), event['page']])).toEqual([
    ['pv', 'List'],
    ['pv', 'One'],
    ['product_view', undefined],
    ['pv', 'One'],
  ]);
});

test('products seen together are one list view, and each counts once per page view', async () => {
  const { world } = await shop();
  observer().see(element(1));
  observer().see(element(3));
  await pass(900);
  observer().see(element(1), 0);
  observer().see(element(1));
  observer().see(element(2));
  await pass(900);
  expect(lists(world).map(seen)).toEqual([['1', '3'], ['2']]);
  expect(spoken(lists(world)[0]!)!.data['name']).toBe('new');
});

test('a product that only flits by, or shows less than half, was not seen', async () => {
  const { world } = await shop();
  observer().see(element(1));
  observer().see(element(1), 0);
  observer().see(element(2), 0.4);
  await pass(900);
  expect(lists(world)).toEqual([]);
});

test('the same list on another page view counts again', async () => {
  const { world, push } = await shop();
  element(1).setAttribute('data-seen', '');
  observer().see(element(1));
  await pass(900);
  await push('/list?page=2');
  await pass(900);
  expect(lists(world).map(seen)).toEqual([['1'], ['1']]);
  expect(new Set(lists(world).map((event) => entities(event, 'web_page')[0]!['id'])).size).toBe(2);
});

test('what was seen and not said yet is said when the page is left', async () => {
  const { world, push } = await shop();
  observer().see(element(2));
  await pass(350);
  await push('/p/9');
  const events = await world.arrived(4);
  expect(events.map(wordOf)).toEqual(['pv', 'list_view', 'pv', 'product_view']);
});

test('an element that shows another product is watched for that one', async () => {
  const { world, shown } = await shop();
  shown.value = [7, 2, 3];
  await nextTick();
  observer().see(element(7));
  await pass(900);
  expect(lists(world).map(seen)).toEqual([['7']]);
});

test('a plugin that comes after the first navigation counts that page too', async () => {
  const history = createMemoryHistory();
  const router = createRouter({ history, routes: [{ path: '/list', component: { render: () => h('p') } }] });
  await router.push('/list');
  const world = new World();
  const namespace = `${world.namespace}v`;
  Object.assign(world, { namespace });
  createApp({ render: () => h('p') }).use(router).use(gxy, { writeKey: 'k', namespace, router, lingerMs: 5, title: () => 'The list' });
  const [event] = await world.arrived(1);
  expect(event!['page']).toBe('The list');
});

test('a component without the plugin is told what is missing', () => {
  const app = createApp({ setup: () => void useTracker(), render: () => h('p') });
  app.config.warnHandler = () => undefined;
  expect(() => app.mount(document.createElement('div'))).toThrow(TrackerMissingError);
});
