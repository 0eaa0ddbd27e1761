import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { EXAMPLE_ACCOUNT, type Fault, type Moment } from '../../testbed/exabits/server.ts';
import { randomCases } from '../support/random-cases.ts';
import { expectSuccess, type Scenario, startScenario, warningsOf } from './support/scenario.ts';
import { inParallel, randomDelays, Victim } from './support/victims.ts';

const ephemeral = { 'ephemeral-api-token': 'true' };
const login = 'POST /authenticate/login';
const creation = 'POST /api-tokens';
const moments: readonly Moment[] = ['received', 'handled', 'answered'];
const atCreation = { match: { method: 'POST', path: '/api/v1/api-tokens' } };
const lost: Fault = { reset: 'handled', ...atCreation };

interface KillAt {
  readonly call: string;
  readonly moment: Moment;
  /** Which request of this kind. Default: the first. */
  readonly nth?: number;
  readonly fault?: Fault;
  readonly signal?: NodeJS.Signals;
}

/** Signs in, and ends `main` at a moment of one of its requests. The sandbox carries the request out nevertheless. */
async function killAt(scenario: Scenario, { call, moment, nth = 1, fault, signal }: KillAt, inputs = {}) {
  const { sandbox } = scenario;
  const victim = new Victim();
  if (fault) sandbox.faults.add(fault);
  sandbox.onRequest(async (request, at) => {
    if (request.call === call && request.nth === nth && at === moment) await victim.kill(signal);
  });
  const step = await scenario.logIn({ ...ephemeral, ...inputs }, victim.options);
  sandbox.faults.clear();
  return step;
}

describe('The post step deletes what a killed main has made', () => {
  const half: Fault = { hang: 'mid-body', ...atCreation };
  const atEachMoment = (at: Omit<KillAt, 'moment'>, made: number): [KillAt, number][] =>
    moments.map((moment) => [{ ...at, moment }, made]);

  test.each([
    // After the answer, it may have announced a token that it then does not ask for.
    ...atEachMoment({ call: login }, 0).slice(0, 2),
    ...atEachMoment({ call: creation }, 1),
    // While it waits for its second try, and in that.
    [{ call: creation, moment: 'answered', fault: lost } as KillAt, 1] as const,
    ...atEachMoment({ call: creation, fault: lost, nth: 2 }, 2),
    [{ call: creation, moment: 'answered', fault: half } as KillAt, 1] as const,
    ...(['SIGTERM', 'SIGINT'] as const).flatMap((signal) =>
      atEachMoment({ call: creation, signal }, 1).slice(0, 2),
    ),
  ])('%j', async (at, made) => {
    const scenario = await startScenario();
    const { outputs, signal } = await killAt(scenario, at);
    // A request that main sent before it died may still be on its way to the sandbox.
    await sleep(20);
    const left = scenario.tokensLeft.length;
    // After an answer, main may have gone on before the signal reached it.
    if (at.moment === 'answered') expect(left).toBeGreaterThanOrEqual(made);
    else
      expect({ outputs, signal, left }).toEqual({ outputs: {}, signal: at.signal ?? 'SIGKILL', left: made });
    const post = await scenario.expectNothingLeft();
    expect(post.visible.match(/^Deleted the API token /gm) ?? []).toHaveLength(left);
  });

  test('from an API token', async () => {
    const scenario = await startScenario();
    const { token } = scenario.sandbox.store.createApiToken(EXAMPLE_ACCOUNT, { name: 'ci' });
    const inputs = { username: '', password: '', 'api-token': token };
    await killAt(scenario, { call: creation, moment: 'handled' }, inputs);
    await scenario.expectNothingLeft();
    expect(scenario.sandbox.store.apiTokens()).toHaveLength(1);
  });

  test('at each of its writes to the files of the runner', async () => {
    const ends = await inParallel(
      Array.from({ length: 24 }, (_, index) => index + 1),
      async (atWrite) => {
        const scenario = await startScenario();
        const { exitCode, outputs } = await scenario.logIn(ephemeral, {
          change: { signal: 'SIGKILL', atWrite },
        });
        await scenario.expectNothingLeft();
        return { exitCode, outputs: Object.keys(outputs).length };
      },
    );
    // The last one is beyond the last write, so every write was hit, before and between the outputs.
    expect(ends.at(-1)).toEqual({ exitCode: 0, outputs: 13 });
    expect(new Set(ends.map(({ outputs }) => outputs)).size).toBe(14);
  });
});

test('Nothing is cleared if main is killed right after it has started', async () => {
  const scenario = await startScenario();
  const victim = new Victim((started) => void started.kill());
  expect(await scenario.logIn(ephemeral, victim.options)).toMatchObject({ state: {}, raw: '' });
  const { visible } = await scenario.expectNothingLeft();
  expect(visible).toBe('Nothing to clear: the step exported nothing.\n');
  expect(scenario.calls).toEqual([]);
});

describe('What the post step cannot find, it names, and a sweep of the run deletes', () => {
  test('if Exabits makes the token during the post step', async () => {
    const scenario = await startScenario();
    const victim = new Victim();
    const { promise: listed, resolve: letCreationGo } = Promise.withResolvers<void>();
    scenario.sandbox.onRequest(async ({ call }, moment) => {
      if (call === creation && moment === 'received') {
        await victim.kill();
        await listed;
      }
      if (call === 'GET /api-tokens' && moment === 'answered') letCreationGo();
    });
    await scenario.logIn(ephemeral, victim.options);
    const post = await scenario.post();
    await sleep(50);
    const [name = ''] = scenario.expectCleanedUp(post);
    expect(warningsOf(post)).toEqual([
      expect.stringMatching(`made the API token ${name}, and may still make it. It is not listed so far. `),
    ]);
    expect((await scenario.sweep()).outputs['deleted-names']).toBe(JSON.stringify([name]));
    expect(scenario.tokensLeft).toEqual([]);
  });

  test('if the runner gives the post step no inputs', async () => {
    const scenario = await startScenario();
    await killAt(scenario, { call: creation, moment: 'handled' });
    const post = await scenario.post({
      onPrepare: (env) => {
        for (const name of Object.keys(env)) if (name.startsWith('INPUT_')) delete env[name];
      },
    });
    const [name = ''] = scenario.expectCleanedUp(post);
    expect(warningsOf(post)).toEqual([
      expect.stringMatching(
        `made the API token ${name}, and may still make it. The inputs of the post step `,
      ),
    ]);
    await scenario.sweep();
    expect(scenario.tokensLeft).toEqual([]);
  });
});

test('A signal during the wait for a retry ends main at once', async () => {
  const scenario = await startScenario();
  scenario.sandbox.faults.add({ answer: { status: 429, headers: { 'retry-after': '30' } } });
  const victim = new Victim();
  const { signal } = await scenario.logIn(ephemeral, {
    onSpawn: (child) => {
      victim.options.onSpawn?.(child);
      child.stdout?.on('data', (chunk) => {
        if (String(chunk).includes('Trying again in')) void victim.kill('SIGTERM');
      });
    },
  });
  expect(signal).toBe('SIGTERM');
  expect(scenario.calls).toEqual([login]);
  await scenario.expectNothingLeft();
});

test('The name of a token is in the state before the token is asked for', async () => {
  const scenario = await startScenario();
  let stateFile = '';
  const states: string[] = [];
  scenario.sandbox.onRequest(({ call }, moment) => {
    if (moment === 'received' && call === creation) states.push(readFileSync(stateFile, 'utf8'));
  });
  expectSuccess(
    await scenario.logIn(ephemeral, {
      onPrepare: (env) => {
        stateFile = env.GITHUB_STATE ?? '';
      },
    }),
  );
  expect(states).toEqual([expect.stringContaining(`"unanswered":["${scenario.tokensLeft[0]}"]`)]);
});

test.each([
  ['', []],
  [' and a lost answer to the creation', [lost]],
])(
  'No token is left if main is killed after a random delay%s',
  async (_what, faults) => {
    const requests = 2 + faults.length;
    // Counted from the start and from each request, because machines differ in speed.
    const cuts = randomDelays(randomCases(100), 1).map((share, index) => {
      const afterRequests = index % (requests + 1);
      return { afterRequests, delayMs: share * (afterRequests === 0 ? 100 : 30) };
    });
    const fates = await inParallel(cuts, async ({ afterRequests, delayMs }) => {
      const scenario = await startScenario();
      for (const fault of faults) scenario.sandbox.faults.add(fault);
      const victim = new Victim((started) => {
        if (afterRequests === 0) setTimeout(() => void started.kill(), delayMs);
      });
      let received = 0;
      scenario.sandbox.onRequest((_request, moment) => {
        if (moment === 'received') received += 1;
        if (moment === 'received' && received === afterRequests)
          setTimeout(() => void victim.kill(), delayMs);
      });
      const { signal } = await scenario.logIn(ephemeral, victim.options);
      scenario.sandbox.faults.clear();
      // Requests of the killed main may still be on their way to the sandbox.
      await sleep(20);
      const fate = { signal, calls: scenario.calls.length, tokens: scenario.tokensLeft.length };
      scenario.expectCleanedUp(await scenario.post());
      await scenario.sweep();
      expect(scenario.tokensLeft).toEqual([]);
      return fate;
    });
    // Otherwise the delays would have missed the moments that matter.
    expect(fates.some(({ calls }) => calls === 0)).toBe(true);
    expect(fates.some(({ signal, tokens }) => signal === 'SIGKILL' && tokens > 0)).toBe(true);
  },
  300_000,
);
