/**
 * Prints what the layer adds to Snowplow's core, minified and gzipped, and fails above the limit. Run `npm run build` first.
 *
 * The core is `newTracker` of @snowplow/browser-tracker bundled by itself: the least that any use of Snowplow ships.
 */
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { build } from 'vite';

const LIMIT = 15_000; // bytes beyond the core
const root = new URL('..', import.meta.url).pathname;

/** Gzipped bytes of `source` bundled with everything but Vue. */
async function sizeOf(source) {
  const id = 'virtual:entry';
  const entry = {
    name: 'entry',
    resolveId: (name) => (name === id ? `\0${id}` : undefined),
    load: (name) => (name === `\0${id}` ? source : undefined),
  };
  const output = await build({
    configFile: false,
    logLevel: 'warn',
    root,
    plugins: [entry],
    build: {
      write: false,
      target: 'es2020',
      minify: 'oxc',
      modulePreload: false,
      rolldownOptions: { input: id, external: ['vue', 'vue-router'] },
    },
  });
  return gzipSync(output.output.map((chunk) => chunk.code).join('')).length;
}

const core = await sizeOf(`import { newTracker } from '@snowplow/browser-tracker'; globalThis.core = newTracker;`);
const sizes = {
  core,
  layer: await sizeOf(`import { createTracker } from '${root}dist/index.js'; globalThis.gxy = createTracker;`),
  vue: await sizeOf(`import { gxy, useTracker } from '${root}dist/vue.js'; globalThis.gxy = [gxy, useTracker];`),
  script: gzipSync(await readFile(`${root}dist/gxy.js`)).length,
};
const beyond = Math.max(sizes.layer, sizes.vue, sizes.script) - core;

if (process.argv.includes('--json')) console.log(JSON.stringify({ ...sizes, beyond, limit: LIMIT }));
else {
  console.log('gzipped bytes');
  for (const [name, bytes] of Object.entries(sizes)) console.log(`  ${name.padEnd(8)}${String(bytes).padStart(7)}`);
  console.log(`beyond the core ${beyond}, limit ${LIMIT}`);
}
process.exitCode = beyond > LIMIT ? 1 : 0;
