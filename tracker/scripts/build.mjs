/**
 * Writes dist/: ESM (index.js, vue.js) and one script file (gxy.js, global `gxy`). Declarations are written by tsc.
 *
 * Snowplow is bundled, of one version: its plugins pin others, and a shop would ship its core up to three times.
 */
import { build } from 'vite';

const NOTICE = `/*! @gxy/tracker (Apache-2.0). Contains Snowplow's browser tracker and plugins, (c) Snowplow Analytics Ltd and Anthon Pang,
 * BSD-3-Clause; uuid, MIT; tslib, 0BSD. Their licences are in THIRD_PARTY.md. */`;

const common = { configFile: false, logLevel: 'warn', root: new URL('..', import.meta.url).pathname };

await build({
  ...common,
  build: {
    target: 'es2022',
    emptyOutDir: true,
    minify: false,
    lib: { entry: { index: 'src/index.ts', vue: 'src/vue.ts' }, formats: ['es'] },
    rolldownOptions: {
      external: ['vue', 'vue-router'],
      output: { banner: NOTICE, entryFileNames: '[name].js', chunkFileNames: 'core.js' },
    },
  },
});

await build({
  ...common,
  build: {
    target: 'es2020',
    emptyOutDir: false,
    minify: 'oxc',
    lib: { entry: 'src/global.ts', formats: ['iife'], name: 'gxy', fileName: () => 'gxy.js' },
    rolldownOptions: { output: { postBanner: NOTICE } },
  },
});
