import { readFileSync, watch } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { EXAMPLE_ACCOUNT, type Fault, type Moment, startSandbox } from '../../testbed/exabits/server.ts';
import type { StepResult } from '../../testbed/runner/job.ts';
import { randomCases } from '../support/random-cases.ts';
import { atEnd, expectSuccess, type Scenario, startJob, startScenario } from './support/scenario.ts';
import { inParallel, randomDelays, Victim } from './support/victim.ts';

const EVERYTHING = { 'ephemeral-api-token': 'true', verify: 'true', 'job-summary': 'true' };
const LOGIN = 'POST /authenticate/login';
const CREATE = 'POST /api-tokens';
const LIST = 'GET /api-tokens';
const DELETE = 'DELETE /api-tokens';
const BALANCE = 'GET /billing/balance';
const LOST: Fault = { effect: 'answer-lost', match: { method: 'POST', path: '/api/v1/api-tokens' } };

/** Asserts that `post` cleans up after a killed `main`: no token, header file or variable is left. */
async function expectCleanedUp(scenario: Scenario): Promise<StepResult> {
  const post = await scenario.post();
  expectSuccess(post);
  expect(scenario.sandbox.orphans()).toEqual([]);
  expect(scenario.temporaryFiles()).toEqual([]);
  expect(Object.values(scenario.job.env).filter((value) => value !== '')).toEqual([]);
  return post;
}

interface KillAt {
  call: string;
  moment: Moment;
  /** Which request of this kind. Default: the first. */
  nth?: number;
  faults?: readonly Fault[];
}

async function killAt(
  scenario: Scenario,
  { call, moment, nth = 1, faults = [] }: KillAt,
  inputs = EVERYTHING,
) {
  const victim = new Victim();
  let seen = 0;
  for (const fault of faults) scenario.sandbox.faults.add(fault);
  scenario.sandbox.onRequest(async (event) => {
    const called = `${event.method} ${event.path.replace('/api/v1', '')}`;
    if (event.moment !== moment || !called.startsWith(call)) return;
    seen += 1;
    if (seen === nth) await victim.kill();
  });
  const step = await scenario.logIn(inputs, victim.options);
  scenario.sandbox.faults.clear();
  return step;
}

const MOMENTS: readonly Moment[] = ['received', 'handled', 'answered'];
const atEachMoment = (request: string, at: Omit<KillAt, 'moment'>): [string, KillAt][] =>
  MOMENTS.map((moment) => [`when ${request} is ${moment}`, { ...at, moment }]);

describe('The post step leaves nothing behind if main is killed', () => {
  test.each([
    ...atEachMoment('the login request', { call: LOGIN }),
    ...atEachMoment('the creation request', { call: CREATE }),
    ...atEachMoment('the verification request', { call: BALANCE }).slice(0, -1),
  ])('%s', async (_when, at) => {
    const scenario = await startScenario();
    const step = await killAt(scenario, at);
    expect(step).toMatchObject({ signal: 'SIGKILL', outputs: {} });
    await expectCleanedUp(scenario);
  });

  test('when the last answer is sent, while or after main writes its outputs', async () => {
    const scenario = await startScenario();
    await killAt(scenario, { call: BALANCE, moment: 'answered' });
    await expectCleanedUp(scenario);
  });

  test.each([
    [
      'while it waits to retry a creation after a lost answer',
      { call: CREATE, moment: 'answered', faults: [LOST] },
    ] as const,
    ...atEachMoment('the search for a lost token', { call: LIST, faults: [LOST] }),
    ...atEachMoment('the deletion of a lost token', { call: DELETE, faults: [LOST] }),
    ...atEachMoment('the retried creation', { call: CREATE, nth: 2, faults: [LOST] }),
  ])('%s', async (_when, at) => {
    const scenario = await startScenario();
    const step = await killAt(scenario, at);
    expect(step).toMatchObject({ signal: 'SIGKILL', outputs: {} });
    await expectCleanedUp(scenario);
  });

  test('before Exabits creates the token, which happens during the post step', async () => {
    const scenario = await startScenario();
    const victim = new Victim();
    const { promise: listed, resolve: letCreationGo } = Promise.withResolvers<void>();
    scenario.sandbox.onRequest(async ({ moment, method, path }) => {
      if (path !== '/api/v1/api-tokens') return;
      if (method === 'POST' && moment === 'received') {
        await victim.kill();
        await listed;
      }
      if (method === 'GET' && moment === 'answered') letCreationGo();
    });
    await scenario.logIn(EVERYTHING, victim.options);
    const post = await expectCleanedUp(scenario);
    expect(post.visible).toMatch(/^Deleted the API token gha-/m);
  });

  test('when half of the token has arrived', async () => {
    const scenario = await startScenario();
    const half: Fault = {
      effect: 'hang',
      at: 'mid-body',
      match: { method: 'POST', path: '/api/v1/api-tokens' },
    };
    const step = await killAt(scenario, { call: CREATE, moment: 'answered', faults: [half] });
    expect(step.signal).toBe('SIGKILL');
    expect(scenario.sandbox.orphans()).toHaveLength(1);
    await expectCleanedUp(scenario);
  });

  test('right after it has started', async () => {
    const scenario = await startScenario();
    const victim = new Victim({ onSpawn: (child) => child.kill('SIGKILL') });
    const step = await scenario.logIn(EVERYTHING, victim.options);
    expect(step).toMatchObject({ signal: 'SIGKILL', state: {}, raw: '' });
    const post = await expectCleanedUp(scenario);
    expect(post.visible).toBe('Nothing to clear: the step exported nothing.\n');
    expect(scenario.calls).toEqual([]);
  });

  test('while it creates a token from an API token', async () => {
    for (const moment of MOMENTS) {
      const scenario = await startScenario();
      const { id, token } = scenario.sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'ci' });
      const inputs = { ...EVERYTHING, username: '', password: '', 'api-token': token };
      const step = await killAt(scenario, { call: CREATE, moment }, inputs);
      expect(step.signal).toBe('SIGKILL');
      await expectCleanedUp(scenario);
      expect(scenario.sandbox.apiTokens().map((one) => one.id)).toEqual([id]);
    }
  });
});

describe('If main is killed while it writes', () => {
  test.each([
    ['its state', 'GITHUB_STATE'],
    ['the variables', 'GITHUB_ENV'],
    ['the outputs', 'GITHUB_OUTPUT'],
    ['the summary', 'GITHUB_STEP_SUMMARY'],
    ['the header file', 'RUNNER_TEMP'],
  ])('%s, the post step leaves nothing behind', async (_what, variable) => {
    // File change events arrive late, so several tries kill main at different moments.
    for (const changes of [1, 1, 2, 3]) {
      const scenario = await startScenario();
      const stop = new AbortController();
      atEnd(() => stop.abort());
      const victim: Victim = new Victim({
        onPrepare: (env) => {
          let seen = 0;
          watch(env[variable] ?? '', { signal: stop.signal }, () => {
            seen += 1;
            if (seen === changes) void victim.kill();
          });
        },
      });
      await scenario.logIn(EVERYTHING, victim.options);
      await expectCleanedUp(scenario);
    }
  });
});

test('The name of a token is saved in the state before the token is requested', async () => {
  const scenario = await startScenario();
  let stateFile = '';
  const states: string[] = [];
  scenario.sandbox.onRequest(({ moment, method, path }) => {
    if (moment !== 'received' || method !== 'POST' || path !== '/api/v1/api-tokens') return;
    states.push(readFileSync(stateFile, 'utf8'));
  });
  const step = await scenario.logIn(EVERYTHING, {
    onPrepare: (env) => {
      stateFile = env.GITHUB_STATE ?? '';
    },
  });
  expectSuccess(step);
  const name = scenario.sandbox.orphans()[0]?.name;
  expect(name).toBeTruthy();
  expect(states).toEqual([expect.stringContaining(`"${name}"`)]);
  await expectCleanedUp(scenario);
});

describe('No token is left if main is killed', () => {
  test('after a random delay', async () => {
    const fates = await killAll(randomCases(200), 3, []);
    // Otherwise the delays would have missed the moments that matter.
    expect(fates.filter(({ calls }) => calls === 0).length).toBeGreaterThan(0);
    expect(fates.filter(hasLeftToken).length).toBeGreaterThan(0);
  }, 300_000);

  test('after a random delay and a lost answer to the creation', async () => {
    const fates = await killAll(40, 7, [LOST]);
    expect(fates.filter(hasLeftToken).length).toBeGreaterThan(0);
  }, 120_000);

  interface Fate {
    signal: NodeJS.Signals | null;
    /** How many requests `main` made, and how many tokens existed when it had died. */
    calls: number;
    orphans: number;
  }

  function hasLeftToken({ orphans, signal }: Fate): boolean {
    return orphans > 0 && signal === 'SIGKILL';
  }

  /**
   * Kills mains at random times, and asserts that `post` cleans up after each.
   *
   * @param count how many
   * @param requests how many requests each makes; the times are counted from the start and from each request, because
   *   machines differ in speed
   */
  async function killAll(count: number, requests: number, faults: readonly Fault[]): Promise<Fate[]> {
    const cuts = randomDelays(count, 1).map((share, index) => {
      const afterRequests = index % (requests + 1);
      return { afterRequests, delayMs: share * (afterRequests === 0 ? 100 : 30) };
    });
    return inParallel(cuts, async (cut) => {
      const sandbox = await startSandbox();
      const scenario = startJob(sandbox);
      for (const fault of faults) sandbox.faults.add(fault);
      const { signal } = await killAfter(scenario, cut);
      sandbox.faults.clear();
      // Requests of the killed main may still be on their way to the sandbox.
      await sleep(5);
      const fate = { signal, calls: sandbox.requests.length, orphans: sandbox.orphans().length };
      const { outcome, annotations, visible } = await scenario.post();
      const left = { tokens: sandbox.orphans(), files: scenario.temporaryFiles() };
      expect({ cut, visible, outcome, annotations, left }).toEqual({
        cut,
        visible,
        outcome: 'success',
        annotations: [],
        left: { tokens: [], files: [] },
      });
      scenario.expectNoSecretShown();
      await sandbox.close();
      return fate;
    });
  }

  async function killAfter(
    scenario: Scenario,
    { afterRequests, delayMs }: { afterRequests: number; delayMs: number },
  ): Promise<StepResult> {
    if (afterRequests === 0) return scenario.logIn(EVERYTHING, Victim.after(delayMs).options);
    const victim = new Victim();
    let received = 0;
    scenario.sandbox.onRequest(({ moment }) => {
      if (moment !== 'received') return;
      received += 1;
      if (received === afterRequests) setTimeout(() => void victim.kill(), delayMs);
    });
    return scenario.logIn(EVERYTHING, victim.options);
  }
});
