// Prints how many bytes each package adds to the bundle, and how many the parts left out of it would add.
// npm run bundle:costs
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import ncc from '@vercel/ncc';
import { standIns } from './left-out.ts';

const root = join(import.meta.dirname, '..');
// Compiles like `npm run build`, but to another folder, so that both can run at once.
const compiled = join(root, 'lib/costs');
execFileSync(
  process.execPath,
  [
    join(root, 'node_modules/typescript/bin/tsc'),
    '-p',
    join(root, 'tsconfig.build.json'),
    '--outDir',
    compiled,
  ],
  { stdio: 'inherit' },
);
if (!existsSync(join(compiled, 'index.js'))) throw new Error('Nothing was compiled');

/** The bytes of a bundle in which these imports stay outside. */
async function bytesWith(externals: Record<string, string>): Promise<number> {
  const { code } = await ncc(join(compiled, 'index.js'), {
    cache: false,
    esm: false,
    minify: false,
    quiet: true,
    externals,
  });
  return Buffer.byteLength(code);
}

const bundle = await bytesWith(standIns);
console.log(`The bundle, as ncc makes it: ${bundle} bytes`);

for (const name of ['@actions/core', '@actions/http-client', 'tunnel']) {
  const without = await bytesWith({ ...standIns, [name]: name });
  console.log(`${name}: ${bundle - without} bytes of it`);
}
for (const name of Object.keys(standIns)) {
  const { [name]: _, ...others } = standIns;
  const brought = await bytesWith(others);
  console.log(`${name}, which is left out: ${brought - bundle} bytes more`);
}
