// Builds dist/: the bundle, the files that start its other phases, and the licences of the bundled packages.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ncc from '@vercel/ncc';
import { leaveOut, standIns } from './left-out.ts';
import { loadWhenUsed } from './load-when-used.ts';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

rmSync(join(root, 'lib'), { recursive: true, force: true });
execFileSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.build.json')],
  { stdio: 'inherit' },
);

const { code, assets } = await ncc(join(root, 'lib/index.js'), {
  cache: false,
  esm: false,
  minify: false,
  quiet: true,
  license: 'licenses.txt',
  externals: standIns,
});
const bundle = loadWhenUsed(leaveOut(code));

// A single other character would make Node store two bytes per character, which slows every start.
if (/[^\x00-\x7f]/.test(bundle))
  throw new Error('The bundle has a character that is not ASCII. Escape it in the sources.');

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
writeFileSync(join(dist, 'index.cjs'), bundle);
for (const phase of ['post', 'sweep']) {
  writeFileSync(join(dist, `${phase}.cjs`), "require('./index.cjs');\n");
}
for (const [name, { source }] of Object.entries(assets)) writeFileSync(join(dist, name), source);
console.log(`dist/index.cjs: ${Buffer.byteLength(bundle)} bytes`);
