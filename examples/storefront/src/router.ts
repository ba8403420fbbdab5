/**
 * The shop's pages. Each sets the document's title itself.
 */
import { createRouter, createWebHistory } from 'vue-router';

import AccountPage from './pages/AccountPage.vue';
import CartPage from './pages/CartPage.vue';
import CategoryPage from './pages/CategoryPage.vue';
import CheckoutPage from './pages/CheckoutPage.vue';
import HomePage from './pages/HomePage.vue';
import MissingPage from './pages/MissingPage.vue';
import PrivacyPage from './pages/PrivacyPage.vue';
import ProductPage from './pages/ProductPage.vue';
import SearchPage from './pages/SearchPage.vue';
import ThanksPage from './pages/ThanksPage.vue';

export const router = createRouter({
  history: createWebHistory(),
  scrollBehavior: (_to, _from, saved) => saved ?? { top: 0 },
  routes: [
    { path: '/', component: HomePage },
    { path: '/c/:slug', component: CategoryPage, props: true },
    { path: '/p/:id/:slug?', component: ProductPage, props: true },
    { path: '/search', component: SearchPage, props: ({ query }) => ({ q: String(query['q'] ?? '') }) },
    { path: '/cart', component: CartPage },
    { path: '/checkout', component: CheckoutPage },
    { path: '/thanks/:order', component: ThanksPage, props: true },
    { path: '/account', component: AccountPage },
    { path: '/privacy', component: PrivacyPage },
    { path: '/:path(.*)', component: MissingPage },
  ],
});

/** Name the page that is shown. */
export function title(name?: string): void {
  document.title = name ? `${name} · Hearth & Hollow` : 'Hearth & Hollow';
}
