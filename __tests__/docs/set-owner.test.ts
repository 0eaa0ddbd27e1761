import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest } from '@jest/globals';
import { withGit } from '../support/system.ts';

const { test } = withGit;

const root = join(import.meta.dirname, '../..');
const placeholder = ['your', 'org'].join('-');
let copy: string;

// This runs Jest again in the copy.
jest.setTimeout(120_000);

const git = (cwd: string, ...args: string[]) => execFileSync('git', args, { cwd, encoding: 'utf8' });

function setOwner(...args: string[]) {
  return spawnSync(process.execPath, ['build/set-owner.ts', ...args], { cwd: copy, encoding: 'utf8' });
}

beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), 'set-owner-'));
  const tracked = git(root, 'ls-files', '-z', '--cached', '--others', '--exclude-standard').split('\0');
  for (const file of tracked.filter(Boolean)) cpSync(join(root, file), join(copy, file));
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  git(copy, 'init', '--quiet');
  git(copy, 'add', '--all', '--', ':!node_modules');
});

afterAll(() => rmSync(copy, { recursive: true, force: true }));

test.each([[], ['not a name'], ['-dash'], ['a'.repeat(40)]])('%j is refused', (...args) => {
  expect(setOwner(...args)).toMatchObject({
    status: 2,
    stderr: expect.stringContaining('set-owner -- NAME'),
  });
});

test('one command sets the owner everywhere, and the tests that read the name still pass', () => {
  const owner = 'an-owner-whose-name-is-as-long-as-can-be';
  expect(setOwner(owner.slice(0, 39))).toMatchObject({ status: 0, stderr: '' });
  // In any letter case, and in file names, too.
  expect(spawnSync('git', ['grep', '-il', placeholder], { cwd: copy, encoding: 'utf8' }).stdout).toBe('');
  expect(git(copy, 'ls-files')).not.toContain(placeholder);

  const biome = spawnSync(process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'ci', '.'], {
    cwd: copy,
    encoding: 'utf8',
  });
  expect(biome).toMatchObject({ status: 0 });
  const suites = ['docs/examples', 'testbed/picture'].map((name) => `__tests__/${name}.test.ts`);
  const tests = spawnSync(
    process.execPath,
    ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js', '--coverage=false', ...suites],
    { cwd: copy, encoding: 'utf8' },
  );
  expect(tests.stderr).toMatch(/^Test Suites: 2 passed, 2 total$/m);
});
