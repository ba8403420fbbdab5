import { expect, test } from 'vitest';

import type { CheckoutStep, Product } from '../src/index';
import { entities, spoken, World, wordOf } from './world';

const LAMP: Product = { id: 12, name: 'Lamp', category: 'Home/Lighting', price: 0.1 + 0.2, brand: 'Nord', listPrice: 25, quantity: 2, position: 3 };
const LAMP_SENT = { id: '12', name: 'Lamp', category: 'Home/Lighting', price: 0.3, currency: 'SEK', brand: 'Nord', list_price: 25, quantity: 2, position: 3 };
const CART = { id: 7, value: 44.5 };
const CART_SENT = { cart_id: '7', total_value: 44.5, currency: 'SEK' };

const CASES: [string, (world: World) => void, string, Record<string, unknown[]>][] = [
  ['products in a list', ({ tracker }) => tracker.productImpression('new', [LAMP]), 'list_view', { product: [LAMP_SENT] }],
  ['a click in a list', ({ tracker }) => tracker.productClicked('new', LAMP), 'list_click', { product: [LAMP_SENT] }],
  ['a product page', ({ tracker }) => tracker.productViewed(LAMP), 'product_view', { product: [LAMP_SENT] }],
  ['into the cart', ({ tracker }) => tracker.productAdded(LAMP, CART), 'add_to_cart', { product: [LAMP_SENT], cart: [CART_SENT] }],
  ['out of the cart', ({ tracker }) => tracker.productRemoved([LAMP], CART), 'remove_from_cart', { product: [LAMP_SENT], cart: [CART_SENT] }],
  ['the cart', ({ tracker }) => tracker.cartViewed([LAMP], CART), 'cart_view', { product: [LAMP_SENT], cart: [CART_SENT] }],
  [
    'a step of the checkout',
    ({ tracker }) => tracker.checkoutStep({ step: 2, deliveryMethod: 'express', paymentMethod: 'card', coupon: 'HEJ', accountType: 'guest' }),
    'checkout_step',
    { checkout_step: [{ step: 2, delivery_method: 'express', payment_method: 'card', coupon_code: 'HEJ', account_type: 'guest' }] },
  ],
  [
    'an order',
    ({ tracker }) => tracker.orderCompleted({ id: 90, revenue: 50.6, paymentMethod: 'card', tax: 10.12, shipping: 5, coupon: 'HEJ', discount: 1 }, [LAMP]),
    'transaction',
    {
      product: [LAMP_SENT],
      transaction: [
        {
          transaction_id: '90',
          revenue: 50.6,
          currency: 'SEK',
          payment_method: 'card',
          total_quantity: 2,
          tax: 10.12,
          shipping: 5,
          discount_code: 'HEJ',
          discount_amount: 1,
        },
      ],
    },
  ],
  [
    'a refund',
    ({ tracker }) => tracker.orderRefunded({ orderId: 90, value: 25, reason: 'late' }, [LAMP]),
    'refund',
    { product: [LAMP_SENT], refund: [{ transaction_id: '90', currency: 'SEK', refund_amount: 25, refund_reason: 'late' }] },
  ],
  [
    'a banner',
    ({ tracker }) => tracker.promotionViewed({ id: 'p1', name: 'Spring', creative: 'c', slot: 'hero', position: 1, productIds: [12] }),
    'promo_view',
    { promotion: [{ id: 'p1', name: 'Spring', creative_id: 'c', slot: 'hero', position: 1, product_ids: ['12'] }] },
  ],
  ['a click on a banner', ({ tracker }) => tracker.promotionClicked({ id: 'p1' }), 'promo_click', { promotion: [{ id: 'p1' }] }],
];

test.each(CASES)('%s is said in the words of the e-commerce schemas', async (_, say, word, expected) => {
  const world = new World({ currency: 'SEK' });
  say(world);
  const [event] = await world.arrived(1);
  expect(wordOf(event!)).toBe(word);
  for (const [name, data] of Object.entries(expected)) expect(entities(event!, name)).toEqual(data);
});

test('a list is named, and a long one is cut so that each request stays small', async () => {
  const world = new World();
  world.tracker.productImpression('all', Array.from({ length: 95 }, (_, at) => ({ ...LAMP, id: at })));
  const events = await world.arrived(3);
  expect(events.map((event) => entities(event, 'product').length)).toEqual([40, 40, 15]);
  expect(spoken(events[2]!)!.data).toEqual({ type: 'list_view', name: 'all' });
});

test('a search keeps its words and numbers, and loses what identifies a person', async () => {
  const world = new World();
  world.tracker.searchPerformed({ query: 'lamp anna.b@example.org +46 70 123 45 67 e27 40', results: 3, shown: 2, filters: { color: 'red' } });
  const [event] = await world.arrived(1);
  expect(spoken(event!)!.data).toEqual({
    terms: ['lamp [email] +[number] e27 40'],
    filters: { color: 'red' },
    totalResults: 3,
    pageResults: 2,
  });
});

test('what has no field cannot be sent, even past the types', async () => {
  const world = new World();
  const step = { step: 1, shipping_full_address: 'Storgatan 1', shipping_postcode: '11122', email: 'anna@example.org' };
  world.tracker.checkoutStep(step as CheckoutStep);
  world.tracker.productViewed({ ...LAMP, owner: 'Anna' } as Product);
  const events = await world.arrived(2);
  expect(entities(events[0]!, 'checkout_step')).toEqual([{ step: 1 }]);
  expect(JSON.stringify(events)).not.toMatch(/Storgatan|11122|anna|Anna/);
});

test('the types have no place for an address', () => {
  // @ts-expect-error an address is no field of a step
  const step: CheckoutStep = { step: 1, shippingAddress: 'Storgatan 1' };
  expect(step.step).toBe(1);
});
