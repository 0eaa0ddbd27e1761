import '../unit/support/realm.ts';
import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { randomCases } from '../support/random-cases.ts';
import { holdInvariants } from './invariants.ts';
import { runWorld } from './run.ts';
import { worlds } from './worlds.ts';

// Always the same jobs, unless the environment asks for others.
const { SEED: seed = 20_261_124, CASES: cases = randomCases(500) } = process.env;

test(
  'No random job breaks a promise',
  async () => {
    const methods = new Set<string>();
    const property = fc.asyncProperty(worlds, async (world) => {
      const outcome = await runWorld(world);
      methods.add(outcome.main.outputs['auth-method'] ?? 'failure');
      holdInvariants(world, outcome);
    });
    await fc.assert(property, { seed: Number(seed), numRuns: Number(cases) });
    expect([...methods].sort()).toEqual(['api-token', 'ephemeral-api-token', 'existing', 'failure', 'login']);
  },
  60_000 + 200 * Number(cases),
);
