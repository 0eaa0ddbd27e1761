// Builds dist/ twice, in two clean copies of what git has, and fails if a byte differs between the two, or from the
// dist/ here. The copies differ in path, umask, time zone and language.
// npm run check:reproducible
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'exabits-auth-reproducible-'));

const copies: { path: string; umask: number; env: Record<string, string> }[] = [
  { path: join(folder, 'one'), umask: 0o022, env: { TZ: 'UTC', LANG: 'C' } },
  {
    path: join(folder, 'another with a space/below/others'),
    umask: 0o077,
    env: { TZ: 'Pacific/Kiritimati', LANG: 'de_DE.UTF-8' },
  },
];

try {
  const committed = digests(join(root, 'dist'));
  const built = copies.map(build);
  for (const [index, digest] of built.entries()) console.log(`Build ${index + 1}:\n${digest}`);
  if (new Set([committed, ...built]).size > 1) {
    console.error(`The builds, or dist/ as it is here, differ. dist/ here:\n${committed}`);
    process.exitCode = 1;
  } else {
    console.log('Both builds and dist/ are the same, byte for byte.');
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** Builds a clean copy and returns the digests of what it built. */
function build({ path, umask, env }: (typeof copies)[number]): string {
  process.umask(umask);
  for (const file of execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' }).split('\0')) {
    if (file === '' || file.startsWith('dist/')) continue;
    mkdirSync(dirname(join(path, file)), { recursive: true });
    cpSync(join(root, file), join(path, file));
  }
  const options = { cwd: path, env: { ...process.env, ...env }, stdio: 'inherit' } as const;
  execFileSync(
    'npm',
    ['ci', '--ignore-scripts', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel=error'],
    options,
  );
  execFileSync(process.execPath, ['build/build.ts'], options);
  return digests(join(path, 'dist'));
}

/** A line for each file of a folder: its SHA-256 and its name. */
function digests(path: string): string {
  return readdirSync(path)
    .sort()
    .map(
      (name) =>
        `${createHash('sha256')
          .update(readFileSync(join(path, name)))
          .digest('hex')}  ${name}`,
    )
    .join('\n');
}
