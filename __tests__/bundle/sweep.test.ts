import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { EXAMPLE_ACCOUNT, type Sandbox } from '../../testbed/exabits/server.ts';
import { Job, type StepResult } from '../../testbed/runner/job.ts';
import { randomCases } from '../support/random-cases.ts';
import { expectSuccess, startExabits, startScenario, unixTime } from './support/scenario.ts';
import { inParallel, randomDelays, Victim } from './support/victim.ts';

const root = join(import.meta.dirname, '../..');
const actionDir = join(root, 'sweep');
const repository = 'octo-org/train';
/** The attempt of each run that ends. A re-run has a higher one. */
const attempt = 2;

/** What GitHub sends when a run has ended. */
function endOf(runId: number) {
  return { workflow_run: { id: runId, run_attempt: attempt } };
}

/** Creates a token as a job does. */
function seed(sandbox: Sandbox, runId: number, of: { attempt: number; repository?: string }): void {
  const url = `https://github.com/${of.repository ?? repository}/actions/runs/${runId}/attempts/${of.attempt}`;
  const description = `workflow train, job train of ${of.repository ?? repository}: ${url}`;
  sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: `gha-${runId}-${of.attempt}-0a1b2c3d`, description });
}

function inputsFor({ url }: Sandbox) {
  const { username, password } = EXAMPLE_ACCOUNT;
  return { username, password, 'api-url': url };
}

describe('The sweep', () => {
  test('deletes the token of a run that has ended, exports nothing, and has no post step', async () => {
    const scenario = await startScenario({ job: { actionDir, event: endOf(111) } });
    seed(scenario.sandbox, 111, { attempt });
    seed(scenario.sandbox, 112, { attempt });
    const step = await scenario.logIn();
    expectSuccess(step);
    expect(step.visible).toBe(
      `Deleted gha-111-2-0a1b2c3d.\nDeleted 1 of 2 API tokens at ${scenario.name}.\n`,
    );
    expect(step).toMatchObject({ env: {}, state: {}, summary: '' });
    expect(step.outputs).toEqual({ deleted: '1', 'deleted-names': '["gha-111-2-0a1b2c3d"]' });
    expect(scenario.sandbox.orphans().map(({ name }) => name)).toEqual(['gha-112-2-0a1b2c3d']);
    expect(await scenario.finish()).toEqual([]);
    expect(scenario.temporaryFiles()).toEqual([]);
  });

  test('goes by age if there is no run that has ended', async () => {
    const scenario = await startScenario({ job: { actionDir, event: { schedule: '17 3 * * *' } } });
    seed(scenario.sandbox, 111, { attempt });
    const old = { name: 'gha-5-1-0a1b2c3d', createdAt: unixTime(-169 * 3600) };
    scenario.sandbox.seedApiToken(EXAMPLE_ACCOUNT, old);
    const step = await scenario.logIn();
    expectSuccess(step);
    expect(step.outputs['deleted-names']).toBe(`["${old.name}"]`);
  });

  test('fails if a token is left, and shows no secret', async () => {
    const scenario = await startScenario({ job: { actionDir, event: endOf(111), debug: true } });
    seed(scenario.sandbox, 111, { attempt });
    const { id } = scenario.sandbox.orphans()[0] ?? {};
    scenario.sandbox.faults.add({ effect: 'status', status: 409, match: { method: 'DELETE' } });
    const { outcome, exitCode, annotations } = await scenario.logIn();
    expect([outcome, exitCode]).toEqual(['failure', 1]);
    expect(annotations).toEqual([
      { level: 'error', message: expect.stringContaining(`gha-111-2-0a1b2c3d (id ${id})`) },
    ]);
  });
});

describe('After many jobs have died at random moments without a post step, no token is left', () => {
  test('if each run is swept, and no other token is touched', async () => {
    const sandbox = await startExabits();
    const runs = Array.from({ length: randomCases(200) }, (_, index) => 1_000 + index);
    const bystanders = seedBystanders(
      sandbox,
      runs.filter((run) => run % 10 === 0),
    );
    const deleted: number[] = [];
    const fates = await killAndThen(sandbox, runs, async (run) => {
      deleted.push(await sweep(sandbox, run));
    });
    // Otherwise the delays would have missed the moments that matter.
    expect(new Set(fates)).toContain('SIGKILL');
    expect(new Set(deleted)).toEqual(new Set([0, 1]));
    expect(names(sandbox)).toEqual(bystanders);
  }, 300_000);

  test('if the account has 5,000 tokens and each run of many jobs is swept once', async () => {
    const sandbox = await startExabits();
    const runs = Array.from({ length: 10 }, (_, index) => 1_000 + index);
    for (let index = 0; index < 5_000; index += 1) {
      sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: `laptop-${index}`, createdAt: unixTime(-index) });
    }
    const bystanders = seedBystanders(sandbox, runs);
    await killAndThen(
      sandbox,
      runs.flatMap((run) => Array<number>(randomCases(20)).fill(run)),
    );
    // Otherwise there would have been nothing to sweep.
    expect(names(sandbox).length).toBeGreaterThan(bystanders.length);
    await inParallel(runs, (run) => sweep(sandbox, run));
    expect(names(sandbox)).toEqual(bystanders);
  }, 300_000);

  function names(sandbox: Sandbox): string[] {
    return sandbox
      .apiTokens()
      .map(({ name, description }) => `${name} ${description}`)
      .sort();
  }

  /** Creates tokens that must stay: of people, of another run, and of re-runs or other repositories with the same run id. */
  function seedBystanders(sandbox: Sandbox, runs: readonly number[]): string[] {
    sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'laptop' });
    seed(sandbox, 999, { attempt: 1 });
    for (const run of runs) {
      sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: `gha-${run}-1-of-mine` });
      seed(sandbox, run, { attempt: attempt + 1 });
      seed(sandbox, run, { attempt: 1, repository: 'octo-org/another' });
    }
    return names(sandbox);
  }

  /** Kills the main step of a job of each of these runs at a random moment, and then calls `act`. */
  async function killAndThen(
    sandbox: Sandbox,
    runs: readonly number[],
    act: (run: number) => Promise<unknown> = async () => {},
  ): Promise<(NodeJS.Signals | null)[]> {
    const delays = randomDelays(runs.length, await durationMs(sandbox));
    const victims = runs.map((run, index) => ({ run, delayMs: delays[index] ?? 0 }));
    return inParallel(victims, async ({ run, delayMs }) => {
      const { signal } = await signIn(sandbox, run, Victim.after(delayMs));
      // Requests of the job may still be on their way to the sandbox.
      await sleep(50);
      await act(run);
      return signal;
    });
  }

  /** How long a complete main step takes, in milliseconds, with as many running at once as in the test. Leaves no token. */
  async function durationMs(sandbox: Sandbox): Promise<number> {
    const durations = await inParallel(Array.from({ length: 4 }), async () => {
      const start = performance.now();
      expectSuccess(await signIn(sandbox, 7));
      return performance.now() - start;
    });
    await sweep(sandbox, 7);
    return Math.max(...durations);
  }

  async function signIn(sandbox: Sandbox, run: number, victim = new Victim()): Promise<StepResult> {
    const env = { GITHUB_RUN_ID: String(run), GITHUB_RUN_ATTEMPT: String(attempt) };
    const job = new Job({ actionDir: root, env });
    try {
      return await job.uses({ ...inputsFor(sandbox), 'ephemeral-api-token': 'true' }, victim.options);
    } finally {
      job.dispose();
    }
  }

  async function sweep(sandbox: Sandbox, run: number): Promise<number> {
    const job = new Job({ actionDir, event: endOf(run) });
    try {
      const step = await job.uses(inputsFor(sandbox));
      expectSuccess(step);
      return Number(step.outputs.deleted);
    } finally {
      job.dispose();
    }
  }
});
