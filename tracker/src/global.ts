/**
 * What the script file puts into `window.gxy`, for shops without a bundler.
 */
export { createTracker } from './index';
