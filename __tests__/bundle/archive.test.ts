import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect } from '@jest/globals';
import { EXAMPLE_ACCOUNT } from '../../testbed/exabits/server.ts';
import { Job } from '../../testbed/runner/job.ts';
import { withGit } from '../support/system.ts';
import { startExabits } from './support/scenario.ts';

const { test } = withGit;

const root = join(import.meta.dirname, '../..');
let folder: string;
let files: string[];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'archive-'));
  mkdirSync(join(folder, 'action'));
  execFileSync('git', ['archive', '--worktree-attributes', `--output=${folder}/action.tar`, 'HEAD'], {
    cwd: root,
  });
  const archive = `${folder}/action.tar`;
  execFileSync('tar', ['-xf', archive, '-C', `${folder}/action`]);
  files = execFileSync('tar', ['-tf', archive], { encoding: 'utf8' }).trim().split('\n');
});

afterAll(() => rmSync(folder, { recursive: true }));

test('the archive that a runner downloads contains the actions, the bundle, the licence and the README', () => {
  const rest = files.filter(
    (file) => !/^(dist\/([\w-]+\.(cjs|txt))?|sweep\/(action\.yml)?|action\.yml)$/.test(file),
  );
  expect(rest.sort()).toEqual(['LICENSE', 'README.md']);
  expect(files).toEqual(expect.arrayContaining(['action.yml', 'sweep/action.yml', 'dist/sweep.cjs']));
});

test('the action in the archive signs in, and cleans up after the job', async () => {
  const sandbox = await startExabits();
  const { username, password } = EXAMPLE_ACCOUNT;
  const job = new Job({ actionDir: join(folder, 'action') });
  try {
    const inputs = { username, password, 'api-url': sandbox.url, 'ephemeral-api-token': 'true' };
    expect((await job.uses(inputs)).outcome).toBe('success');
    expect(sandbox.orphans()).toHaveLength(1);
    expect((await job.finish()).map(({ outcome }) => outcome)).toEqual(['success']);
    expect(sandbox.orphans()).toEqual([]);
  } finally {
    job.dispose();
  }
});
