import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { EXAMPLE_ACCOUNT, type Sandbox } from '../../testbed/exabits/server.ts';
import { expectSuccess, startExabits, startJob, startScenario } from './support/scenario.ts';

const actionDir = join(import.meta.dirname, '../../sweep');
/** The attempt of each run that ends. A re-run has a higher one. */
const attempt = 2;
const endOf = (run: number) => ({ workflow_run: { id: run, run_attempt: attempt } });

/** Creates a token as a job does. */
function seed(sandbox: Sandbox, run: number, of = attempt, repository = 'octo-org/train'): string {
  const url = `https://github.com/${repository}/actions/runs/${run}/attempts/${of}`;
  const description = `workflow train, job train of ${repository}: ${url}`;
  return sandbox.store.createApiToken(EXAMPLE_ACCOUNT, { name: `gha-${run}-${of}-0a1b2c3d`, description })
    .name;
}

test('A sweep deletes the token of a run that has ended, exports nothing, and has no post step', async () => {
  const scenario = await startScenario({ job: { actionDir, event: endOf(111) } });
  const name = seed(scenario.sandbox, 111);
  const kept = seed(scenario.sandbox, 112);
  const step = await scenario.logIn();
  expectSuccess(step);
  expect(step).toMatchObject({ env: {}, state: {}, summary: '' });
  expect(step.outputs).toEqual({ deleted: '1', 'deleted-names': JSON.stringify([name]) });
  expect(scenario.tokensLeft).toEqual([kept]);
  expect(await scenario.job.finish()).toEqual([]);
});

test('Sweeps that disturb each other delete all tokens of runs that have ended, and nothing else', async () => {
  const sandbox = await startExabits();
  const runs = Array.from({ length: 8 }, (_, index) => 1_000 + index);
  const names = (): string[] =>
    sandbox.store.apiTokens().map((token) => `${token.name} ${token.description}`);
  const now = Math.floor(Date.now() / 1000);
  for (let index = 0; index < 1_000; index += 1)
    sandbox.store.createApiToken(EXAMPLE_ACCOUNT, { name: `laptop-${index}`, createdAt: now - index });
  // Of another run, a re-run, another repository, and of a person.
  seed(sandbox, 999);
  for (const run of runs) {
    seed(sandbox, run, attempt + 1);
    seed(sandbox, run, 1, 'octo-org/another');
    sandbox.store.createApiToken(EXAMPLE_ACCOUNT, { name: `gha-${run}-1-of-mine` });
  }
  const bystanders = names();
  for (let round = 0; round < 20; round += 1) for (const run of runs) seed(sandbox, run);
  await Promise.all(
    runs.map(async (run) => expectSuccess(await startJob(sandbox, { actionDir, event: endOf(run) }).logIn())),
  );
  expect(names()).toEqual(bystanders);
});
