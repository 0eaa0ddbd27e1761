// Builds dist/: the bundle, the file that starts its post phase, and the licences of what is in it.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ncc from '@vercel/ncc';

const root = join(import.meta.dirname, '..');
const dist = join(root, 'dist');

// @actions/http-client imports undici for a dispatcher that only other libraries ask for: 940 kB, loaded at every
// start. A module that Node has loaded anyway stands in for it, and `assertUnused` holds that nothing misses it.
const standIn = 'node:events';
const leftOut = { undici: standIn };

rmSync(join(root, 'build'), { recursive: true, force: true });
execFileSync(
  process.execPath,
  [join(root, 'node_modules/typescript/bin/tsc'), '-p', join(root, 'tsconfig.build.json')],
  { stdio: 'inherit' },
);

const { code, assets } = await ncc(join(root, 'build/index.js'), {
  cache: false,
  esm: false,
  minify: false,
  quiet: true,
  license: 'licenses.txt',
  externals: leftOut,
});
assertUnused(code);

rmSync(dist, { recursive: true, force: true });
mkdirSync(dist);
writeFileSync(join(dist, 'index.cjs'), code);
writeFileSync(join(dist, 'post.cjs'), "require('./index.cjs');\n");
for (const [name, { source }] of Object.entries(assets)) writeFileSync(join(dist, name), source);
console.log(`dist/index.cjs: ${Buffer.byteLength(code)} bytes`);

function assertUnused(bundle: string): void {
  const expected: [what: string, pattern: RegExp, count: number][] = [
    ['uses of what stands in for undici', /external_node_events_namespaceObject\./g, 1],
    ['uses of it as undici.ProxyAgent', /new external_node_events_namespaceObject\.ProxyAgent\(/g, 1],
    ['the dispatcher of @actions/http-client, which is never called', /getAgentDispatcher\(/g, 1],
    ['the place in it where ProxyAgent is used', /_getProxyAgentDispatcher\(/g, 2],
  ];
  for (const [what, pattern, count] of expected) {
    const found = bundle.match(pattern)?.length ?? 0;
    if (found !== count) {
      throw new Error(
        `Expected ${count} of: ${what}; found ${found}. @actions/http-client uses undici differently than before: see leftOut in scripts/build.ts.`,
      );
    }
  }
}
