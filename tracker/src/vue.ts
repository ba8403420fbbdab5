/**
 * The Vue 3 plugin: page views from the router, `useTracker()` for components, `v-impression` for templates.
 */
import { type App, inject, type InjectionKey, nextTick, type ObjectDirective, type Plugin } from 'vue';
import type { RouteLocationNormalized, Router } from 'vue-router';

import { createTracker, type Impression, type Tracker, type TrackerOptions } from './index';

export interface GxyOptions extends TrackerOptions {
  /** Page views come from it. Without one, say `pageViewed()` yourself. */
  router?: Router;
  /** Whether a navigation opens another page. Default: the path or the query changed; a change of the hash does not. */
  isPage?: (to: RouteLocationNormalized, from: RouteLocationNormalized) => boolean;
  /** The page's title, where the document's is set later than the page is shown. */
  title?: (to: RouteLocationNormalized) => string | undefined;
}

/** The plugin was not installed: `app.use(gxy, { writeKey, router })` comes before `useTracker()`. */
export class TrackerMissingError extends Error {
  constructor() {
    super('No tracker: app.use(gxy, { writeKey, router }) has to come before useTracker().');
    this.name = 'TrackerMissingError';
  }
}

const KEY: InjectionKey<Tracker> = Symbol('gxy');

/** The tracker of the app that the component is in. Throws TrackerMissingError without the plugin. */
export function useTracker(): Tracker {
  const tracker = inject(KEY, undefined);
  if (!tracker) throw new TrackerMissingError();
  return tracker;
}

/** `app.use(gxy, { writeKey, router, ... })` */
export const gxy: Plugin<[GxyOptions]> = {
  install(app: App, options: GxyOptions): void {
    const { router, isPage = isOtherPage, title, ...rest } = options;
    const tracker = createTracker(rest);
    app.provide(KEY, tracker);
    app.directive('impression', impressionOf(tracker));
    if (router) follow(router, tracker, isPage, title);
  },
};

function isOtherPage(to: RouteLocationNormalized, from: RouteLocationNormalized): boolean {
  return from.matched.length === 0 || to.fullPath.replace(/#.*/, '') !== from.fullPath.replace(/#.*/, '');
}

function follow(
  router: Router,
  tracker: Tracker,
  isPage: NonNullable<GxyOptions['isPage']>,
  title: GxyOptions['title'],
): void {
  let turns = 0;
  const open = async (to: RouteLocationNormalized) => {
    const turn = (turns += 1);
    tracker.pageTurned();
    const url = location.href;
    await nextTick();
    await new Promise((done) => setTimeout(done)); // an app that mounts once its router is ready sets the title only now
    if (turn !== turns) return; // redirected meanwhile: that navigation names the page
    const name = title?.(to);
    tracker.pageViewed(name === undefined ? { url } : { url, title: name });
  };
  router.afterEach((to, from, failure) => {
    if (!failure && isPage(to, from)) void open(to);
  });
  if (router.currentRoute.value.matched.length) void open(router.currentRoute.value);
}

function impressionOf(tracker: Tracker): ObjectDirective<Element, Impression> {
  const watched = new WeakMap<Element, { of: Impression; stop: () => void }>();
  const watch = (element: Element, of: Impression) => watched.set(element, { of, stop: tracker.watch(element, of) });
  return {
    mounted: (element, { value }) => void watch(element, value),
    updated(element, { value }) {
      const before = watched.get(element);
      if (before && before.of.list === value.list && before.of.product.id === value.product.id) return;
      before?.stop();
      watch(element, value);
    },
    unmounted: (element) => watched.get(element)?.stop(),
  };
}

declare module 'vue' {
  interface GlobalDirectives {
    vImpression: ObjectDirective<Element, Impression>;
  }
}
