import '../unit/support/realm.ts';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { randomCases } from '../support/random-cases.ts';
import { checkWorlds } from './check.ts';
import { InProcessJobs } from './in-process.ts';

// Always the same jobs.
const seed = 20_261_124;

let jobs: InProcessJobs;

beforeAll(async () => {
  jobs = await InProcessJobs.start();
});

afterAll(() => jobs.stop());

test('No random job breaks a promise when run from the sources', async () => {
  const { cases, endings, violation } = await checkWorlds((world) => jobs.run(world), seed, randomCases(400));
  expect(violation).toBeUndefined();
  expect(cases).toBe(randomCases(400));
  // The jobs cover all methods.
  expect(Object.keys(endings).sort()).toEqual([
    'api-token',
    'ephemeral-api-token',
    'existing',
    'failure',
    'login',
  ]);
}, 60_000);
