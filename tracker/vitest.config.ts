import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'jsdom',
    environmentOptions: { jsdom: { url: 'https://shop.example/' } },
    include: ['tests/*.test.ts'],
    pool: 'threads',
    restoreMocks: true,
    testTimeout: 10_000,
  },
});
