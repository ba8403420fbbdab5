/**
 * The visitor's choice, remembered by the shop. What follows from it is the tracker's business.
 */
import type { Consent, Tracker } from '@gxy/tracker';
import { ref } from 'vue';

const KEY = 'shop.consent';
export const TERMS = { url: `${location.origin}/privacy`, version: '2026-11' };

const remembered = localStorage.getItem(KEY);
export const consent = ref<Consent>(remembered === 'granted' || remembered === 'denied' ? remembered : 'pending');

/** The visitor chose; remember it and tell the tracker. */
export function choose(tracker: Tracker, choice: 'granted' | 'denied'): void {
  const isWithdrawal = choice === 'denied' && consent.value === 'granted';
  consent.value = choice;
  localStorage.setItem(KEY, choice);
  tracker.setConsent(isWithdrawal ? 'withdrawn' : choice, choice === 'granted' ? { scopes: ['statistics'] } : {});
}
