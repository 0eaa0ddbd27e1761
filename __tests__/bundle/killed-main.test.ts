import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import pLimit from 'p-limit';
import type { Fault, Moment } from '../../testbed/exabits/server.ts';
import { randomCases } from '../support/random-cases.ts';
import { type Scenario, startScenario, warningsOf } from './support/scenario.ts';

const ephemeral = { 'ephemeral-api-token': 'true' };
const login = 'POST /authenticate/login';
const creation = 'POST /api-tokens';
const atCreation = { match: { method: 'POST', path: '/api/v1/api-tokens' } };
const lost: Fault = { reset: 'handled', ...atCreation };
const half: Fault = { hang: 'mid-body', ...atCreation };

/** How many jobs run at the same time. */
const inParallel = pLimit(4);

/** Starts the sign-in. Besides its result, returns a function that ends it by a signal and resolves when it has ended. */
function startVictim(scenario: Scenario, onSpawn: (child: ChildProcess) => void = () => {}) {
  let child: ChildProcess | undefined;
  const kill = async (signal: NodeJS.Signals = 'SIGKILL'): Promise<void> => {
    if (child?.kill(signal)) await once(child, 'exit');
  };
  const step = scenario.logIn(ephemeral, {
    onSpawn(started) {
      child = started;
      onSpawn(started);
    },
  });
  return { step, kill };
}

/** The moment of a request at which main is killed. The sandbox carries the request out nevertheless. */
interface KillAt {
  readonly call: string;
  readonly moment: Moment;
  /** Which request of this kind. Default: the first. */
  readonly nth?: number;
  readonly fault?: Fault;
  readonly signal?: NodeJS.Signals;
}

describe('The post step deletes what a killed main has made', () => {
  const atEachMoment = (at: Omit<KillAt, 'moment'>, made: number): [KillAt, number][] =>
    (['received', 'handled', 'answered'] as const).map((moment) => [{ ...at, moment }, made]);

  test.each<[KillAt, number]>([
    // After the answer, it may have announced a token that it then does not ask for.
    ...atEachMoment({ call: login }, 0).slice(0, 2),
    ...atEachMoment({ call: creation }, 1),
    // While it waits for its second try, and in that.
    [{ call: creation, moment: 'answered', fault: lost }, 1],
    ...atEachMoment({ call: creation, fault: lost, nth: 2 }, 2),
    [{ call: creation, moment: 'answered', fault: half }, 1],
    [{ call: creation, moment: 'handled', signal: 'SIGTERM' }, 1],
    [{ call: creation, moment: 'handled', signal: 'SIGINT' }, 1],
  ])('%j', async ({ call, moment, nth = 1, fault, signal = 'SIGKILL' }, made) => {
    const scenario = await startScenario();
    const { sandbox } = scenario;
    if (fault) sandbox.faults.add(fault);
    const { step, kill } = startVictim(scenario);
    sandbox.onRequest(async (request, at) => {
      if (request.call === call && request.nth === nth && at === moment) await kill(signal);
    });
    const { outputs, signal: ending } = await step;
    sandbox.faults.clear();
    // A request that main sent before it died may still be on its way to the sandbox.
    await sleep(20);
    const left = scenario.tokensLeft.length;
    // After an answer, main may have gone on before the signal reached it.
    if (moment === 'answered') expect(left).toBeGreaterThanOrEqual(made);
    else expect({ outputs, ending, left }).toEqual({ outputs: {}, ending: signal, left: made });
    const post = await scenario.expectNothingLeft();
    expect(post.visible.match(/^Deleted the API token /gm) ?? []).toHaveLength(left);
  });

  test('at each of its writes to the files of the runner', async () => {
    const writes = Array.from({ length: 24 }, (_, index) => index + 1);
    const ends = await inParallel.map(writes, async (killAtWrite) => {
      const scenario = await startScenario();
      const { exitCode, outputs } = await scenario.logIn(ephemeral, { change: { killAtWrite } });
      await scenario.expectNothingLeft();
      return { exitCode, outputs: Object.keys(outputs).length };
    });
    // The last one is beyond the last write, so every write was hit, before and between the outputs.
    expect(ends.at(-1)).toEqual({ exitCode: 0, outputs: 13 });
    expect(new Set(ends.map(({ outputs }) => outputs)).size).toBe(14);
  });
});

test('What Exabits makes only during the post step is named, and a sweep of the run deletes it', async () => {
  const scenario = await startScenario();
  const { step, kill } = startVictim(scenario);
  const { promise: listed, resolve: letCreationGo } = Promise.withResolvers<void>();
  scenario.sandbox.onRequest(async ({ call }, moment) => {
    if (call === creation && moment === 'received') {
      await kill();
      await listed;
    }
    if (call === 'GET /api-tokens' && moment === 'answered') letCreationGo();
  });
  await step;
  const post = await scenario.post();
  await sleep(50);
  const [name = ''] = scenario.expectCleanedUp(post);
  expect(warningsOf(post)).toEqual([
    expect.stringMatching(`made the API token ${name}, and may still make it. It is not listed so far. `),
  ]);
  expect((await scenario.sweep()).outputs['deleted-names']).toBe(JSON.stringify([name]));
  expect(scenario.tokensLeft).toEqual([]);
});

test('A signal during the wait for a retry ends main at once', async () => {
  const scenario = await startScenario();
  scenario.sandbox.faults.add({ answer: { status: 429, headers: { 'retry-after': '30' } } });
  const { step } = startVictim(scenario, (child) => {
    child.stdout?.on('data', (chunk) => {
      if (String(chunk).includes('Trying again in')) child.kill('SIGTERM');
    });
  });
  expect((await step).signal).toBe('SIGTERM');
  expect(scenario.calls).toEqual([login]);
  await scenario.expectNothingLeft();
});

test('After main is killed at a random time, its post step, or a sweep if there is none, leaves no token', async () => {
  const cuts = fc.sample(
    fc.record({
      faults: fc.constantFrom([], [lost]),
      // Counted from the start and from each request, because machines differ in speed.
      afterRequests: fc.nat(3),
      share: fc.double({ min: 0, max: 1, noNaN: true }),
      hasPost: fc.boolean(),
    }),
    { seed: 20_261_124, numRuns: randomCases(200) },
  );
  const fates = await inParallel.map(cuts, async ({ faults, afterRequests, share, hasPost }) => {
    const scenario = await startScenario();
    for (const fault of faults) scenario.sandbox.faults.add(fault);
    const killLater = () => void setTimeout(kill, share * (afterRequests === 0 ? 100 : 30));
    const { step, kill } = startVictim(scenario, () => afterRequests === 0 && killLater());
    let received = 0;
    scenario.sandbox.onRequest((_request, moment) => {
      if (moment === 'received') received += 1;
      if (moment === 'received' && received === afterRequests) killLater();
    });
    const { signal } = await step;
    scenario.sandbox.faults.clear();
    // Requests of the killed main may still be on their way to the sandbox.
    await sleep(20);
    const fate = { signal, calls: scenario.calls.length, tokens: scenario.tokensLeft.length };
    if (hasPost) scenario.expectCleanedUp(await scenario.post());
    await scenario.sweep();
    expect(scenario.tokensLeft).toEqual([]);
    return fate;
  });
  // Otherwise the delays would have missed the moments that matter.
  expect(fates.some(({ calls }) => calls === 0)).toBe(true);
  expect(fates.some(({ signal, tokens }) => signal === 'SIGKILL' && tokens > 0)).toBe(true);
}, 300_000);
