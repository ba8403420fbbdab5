/**
 * Who is signed in, as the backend's `customers.id`. A real shop asks its backend; this one believes the visitor.
 */
import type { Tracker } from '@gxy/tracker';
import { ref } from 'vue';

const KEY = 'shop.customer';

export const customer = ref(sessionStorage.getItem(KEY) ?? '');

/** Someone is who they say, and the tracker may know their number. */
export function signIn(tracker: Tracker, id: string): void {
  customer.value = id;
  sessionStorage.setItem(KEY, id);
  tracker.identify(id);
}

/** Nobody is signed in any more. */
export function signOut(tracker: Tracker): void {
  customer.value = '';
  sessionStorage.removeItem(KEY);
  tracker.forget();
}
