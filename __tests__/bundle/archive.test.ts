import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { expectSuccess, makeFolder, startScenario } from './support/scenario.ts';

test('The archive that a runner downloads has the actions and what a reader needs, and they work', async () => {
  const folder = makeFolder();
  const cwd = join(import.meta.dirname, '../..');
  const archive = join(folder, 'action.tar');
  execFileSync('git', ['archive', '--worktree-attributes', `--output=${archive}`, 'HEAD'], { cwd });
  const actionDir = join(folder, 'action');
  mkdirSync(actionDir);
  execFileSync('tar', ['-xf', archive, '-C', actionDir]);
  const files = execFileSync('tar', ['-tf', archive], { encoding: 'utf8' }).trim().split('\n');
  const phases = ['index', 'post', 'sweep'].map((phase) => `dist/${phase}.cjs`);
  expect(files.filter((file) => !file.endsWith('/')).sort()).toEqual(
    ['LICENSE', 'README.md', 'action.yml', ...phases, 'dist/licenses.txt', 'sweep/action.yml'].sort(),
  );

  const scenario = await startScenario({ job: { actionDir } });
  expectSuccess(await scenario.logIn({ 'ephemeral-api-token': 'true' }));
  expect(scenario.tokensLeft).toHaveLength(1);
  await scenario.expectNothingLeft();
});
