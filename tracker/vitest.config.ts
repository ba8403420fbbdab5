import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    environment: 'jsdom',
    environmentOptions: { jsdom: { url: 'https://shop.example/' } },
    include: ['tests/*.test.ts'],
    // One document for all files: making one costs more than the tests in it. Each test's tracker has a name of its own.
    pool: 'threads',
    isolate: false,
    maxWorkers: 1,
    restoreMocks: true,
    testTimeout: 10_000,
  },
});
