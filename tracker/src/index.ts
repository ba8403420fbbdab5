/**
 * The package's main entry. The Vue plugin is `@gxy/tracker/vue`.
 */
export type { Mode, TrackerOptions } from './options';
export { createTracker, type Tracker, TrackerExistsError } from './tracker';
export type * from './types';
