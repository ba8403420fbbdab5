/**
 * Starts the shop with its tracker. Events go to the shop's own host, which passes them on (`vite.config.ts`).
 */
import './styles.css';

import { gxy } from '@gxy/tracker/vue';
import { createApp } from 'vue';

import App from './App.vue';
import { consent, TERMS } from './consent';
import { router } from './router';

createApp(App)
  .use(router)
  .use(gxy, {
    writeKey: import.meta.env['VITE_WRITE_KEY'] as string,
    endpoint: (import.meta.env['VITE_ENDPOINT'] as string | undefined) ?? '/s',
    appId: 'storefront',
    currency: 'EUR',
    consent: consent.value,
    terms: TERMS,
    keepQuery: ['q'],
    router,
  })
  .mount('#app');
