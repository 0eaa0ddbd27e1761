// Builds dist/: the bundle, the files that start its other phases, and the licences of the bundled packages.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ncc from '@vercel/ncc';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

/**
 * What the toolkit imports and this action never uses: `undici` alone would be 940 kB to load at every start. Each gets
 * a module that is loaded anyway; the tests replace that module by one that cannot be used.
 */
const leftOut = [
  ...['http', 'https', 'tunnel', 'undici'],
  ...['./oidc-utils.js', './path-utils.js', './platform.js', './summary.js'],
];
const externals = Object.fromEntries(leftOut.map((name) => [name, 'node:process']));

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
  externals,
});
// A single other character would make Node store two bytes per character, which slows every start.
if (/[^\x00-\x7f]/.test(code))
  throw new Error('The bundle has a character that is not ASCII. Escape it in the sources.');

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
writeFileSync(join(dist, 'index.cjs'), code);
for (const phase of ['post', 'sweep']) {
  writeFileSync(join(dist, `${phase}.cjs`), "require('./index.cjs');\n");
}
for (const [name, { source }] of Object.entries(assets)) writeFileSync(join(dist, name), source);
console.log(`dist/index.cjs: ${Buffer.byteLength(code)} bytes`);
