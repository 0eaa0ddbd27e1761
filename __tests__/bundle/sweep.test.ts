import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from '@jest/globals';
import { EXAMPLE_ACCOUNT, type Sandbox } from '../../testbed/exabits/server.ts';
import { randomCases } from '../support/random-cases.ts';
import { expectSuccess, startExabits, startJob, startScenario } from './support/scenario.ts';
import { inParallel, randomDelays, Victim } from './support/victims.ts';

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
  expect(step.visible).toBe(`Deleted ${name}.\nDeleted 1: ${name}. API tokens at ${scenario.host}: 2.\n`);
  expect(step).toMatchObject({ env: {}, state: {}, summary: '' });
  expect(step.outputs).toEqual({ deleted: '1', 'deleted-names': JSON.stringify([name]) });
  expect(scenario.tokensLeft).toEqual([kept]);
  expect(await scenario.finish()).toEqual([]);
});

test('A sweep goes by age if there is no run that has ended', async () => {
  const scenario = await startScenario({ job: { actionDir, event: { schedule: '17 3 * * *' } } });
  const kept = seed(scenario.sandbox, 111);
  const createdAt = Math.floor(Date.now() / 1000) - 169 * 3600;
  scenario.sandbox.store.createApiToken(EXAMPLE_ACCOUNT, { name: 'gha-5-1-0a1b2c3d', createdAt });
  expectSuccess(await scenario.logIn());
  expect(scenario.tokensLeft).toEqual([kept]);
});

test('A sweep that cannot delete a token fails, names it, and shows no secret', async () => {
  const scenario = await startScenario({ job: { actionDir, event: endOf(111), debug: true } });
  const name = seed(scenario.sandbox, 111);
  const [{ id } = {}] = scenario.sandbox.store.orphans();
  scenario.sandbox.faults.add({ answer: { status: 409 }, match: { method: 'DELETE' }, times: 9 });
  const { outcome, annotations } = await scenario.logIn();
  expect(outcome).toBe('failure');
  expect(annotations).toEqual([{ level: 'error', message: expect.stringContaining(`${name} (id ${id})`) }]);
  scenario.expectNoSecretShown();
});

test('Sweeps delete what jobs leave that die at random moments without a post step, and nothing else', async () => {
  const sandbox = await startExabits();
  const runs = Array.from({ length: 10 }, (_, index) => 1_000 + index);
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

  const signIn = (run: number, victim = new Victim()) =>
    startJob(sandbox, {
      env: { GITHUB_RUN_ID: String(run), GITHUB_RUN_ATTEMPT: String(attempt) },
    }).logIn({ 'ephemeral-api-token': 'true' }, victim.options);
  const dying = runs.flatMap((run) => Array<number>(randomCases(20)).fill(run));
  const start = performance.now();
  await inParallel([7, 7, 7, 7], (run) => signIn(run));
  const delays = randomDelays(dying.length, performance.now() - start);
  await inParallel(
    dying.map((run, index) => ({ run, delayMs: delays[index] ?? 0 })),
    ({ run, delayMs }) => signIn(run, new Victim((victim) => setTimeout(() => void victim.kill(), delayMs))),
  );
  // Requests of the killed jobs may still be on their way to the sandbox.
  await sleep(50);
  // Otherwise there would be nothing to sweep.
  expect(names().length).toBeGreaterThan(bystanders.length + 4);
  await inParallel([7, ...runs], async (run) =>
    expectSuccess(await startJob(sandbox, { actionDir, event: endOf(run) }).logIn()),
  );
  expect(names()).toEqual(bystanders);
}, 300_000);
