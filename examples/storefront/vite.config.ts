/**
 * The dev and preview servers: the shop, and `/s` on its own host passed on to the ingest service.
 */
import vue from '@vitejs/plugin-vue';
import { defineConfig, loadEnv } from 'vite';

export default defineConfig(({ mode }) => {
  const env = loadEnv(mode, '.', ['VITE_', 'INGEST_']);
  if (!env['VITE_WRITE_KEY']) throw new Error('VITE_WRITE_KEY is not set: copy .env.example to .env.local and put the tenant\'s write key in.');
  const proxy = {
    '/s/': {
      target: env['INGEST_URL'] ?? 'http://127.0.0.1:8080',
      xfwd: true, // the service sees the visitor's address, where it trusts this proxy
      rewrite: (path: string) => path.slice('/s'.length),
    },
  };
  return {
    plugins: [vue()],
    // The tracker is linked from beside this folder: it must find this app's Vue, not its own.
    resolve: { dedupe: ['vue', 'vue-router'] },
    server: { proxy, port: 5173 },
    preview: { proxy, port: 4173 },
  };
});
