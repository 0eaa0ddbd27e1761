// Fails when dist/ in the commit is not what the sources build.
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';

const cwd = join(import.meta.dirname, '..');
execFileSync(process.execPath, [join(cwd, 'build/build.ts')], { cwd, stdio: 'inherit' });
const changed = execFileSync('git', ['status', '--porcelain', '--', 'dist'], { cwd, encoding: 'utf8' });
if (changed) {
  console.error(`dist/ is not what the sources build. Run "npm run build" and commit it:\n${changed}`);
  process.exitCode = 1;
}
