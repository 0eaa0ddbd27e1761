import '../unit/support/realm.ts';
import { beforeAll, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { randomCases } from '../support/random-cases.ts';
import { invariants } from './invariants.ts';
import { type Outcome, runWorld } from './run.ts';
import { type World, worlds } from './worlds.ts';

// Always the same jobs, unless the environment asks for others.
const { SEED: seed = 20_261_124, CASES: cases = randomCases(500) } = process.env;

const outcomes: [World, Outcome][] = [];

beforeAll(
  async () => {
    for (const world of fc.sample(worlds, { seed: Number(seed), numRuns: Number(cases) }))
      outcomes.push([world, await runWorld(world)]);
  },
  60_000 + 200 * Number(cases),
);

test('Random jobs sign in with every method, or fail', () => {
  const methods = new Set(outcomes.map(([, { main }]) => main.outputs['auth-method'] ?? 'failure'));
  expect([...methods].sort()).toEqual(['api-token', 'ephemeral-api-token', 'existing', 'failure', 'login']);
});

test.each(Object.entries(invariants))('In all random jobs, %s', (_promise, broken) => {
  for (const [world, outcome] of outcomes) {
    const { main, post, exchanges } = outcome;
    const requests = exchanges.map(({ request: { call, status }, answer }) => ({ call, status, answer }));
    const how = broken(world, outcome);
    const logs = [main.visible, post.visible];
    expect(how && { how, world, logs, requests }).toBeUndefined();
  }
});
