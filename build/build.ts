// npm run build: writes dist/, with the bundle, the files that start its other phases, and the licences of its packages.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');
const ncc: (
  entry: string,
  options: object,
) => Promise<{ code: string; assets: Record<string, { source: string | Uint8Array }> }> = createRequire(
  import.meta.url,
)('@vercel/ncc');

/**
 * What the toolkit imports and this action never uses: `undici` alone would be 940 kB to load at every start. Each gets
 * a module that is loaded anyway; in the tests of the bundle, using that ends the process.
 */
const leftOut = [
  ...['http', 'https', 'tunnel', 'undici'],
  ...['./oidc-utils.js', './path-utils.js', './platform.js', './summary.js'],
];

// ncc could read TypeScript itself, but takes three times as long.
rmSync(join(root, 'lib'), { recursive: true, force: true });
execFileSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.build.json')],
  { stdio: 'inherit' },
);
const { code, assets } = await ncc(join(root, 'lib/index.js'), {
  cache: false,
  esm: false,
  quiet: true,
  license: 'licenses.txt',
  externals: Object.fromEntries(leftOut.map((name) => [name, 'node:process'])),
});
// A single other character would make Node store two bytes per character, which slows every start.
if (/[^\x00-\x7f]/.test(code))
  throw new Error('The bundle has a character that is not ASCII. Escape it in the sources.');

const start = "require('./index.cjs');\n";
const files = Object.entries({ 'index.cjs': code, 'post.cjs': start, 'sweep.cjs': start }).concat(
  Object.entries(assets).map(([name, { source }]) => [name, String(source)]),
);
rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
for (const [name, text] of files) writeFileSync(join(dist, name), text);
console.log(`dist/index.cjs: ${Buffer.byteLength(code)} bytes`);
