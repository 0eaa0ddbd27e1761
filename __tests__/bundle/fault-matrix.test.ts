import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import pLimit from 'p-limit';
import type { StepResult } from '../../testbed/runner/job.ts';
import { type Attempt, attempt, maxAttempts, timeoutSeconds } from './support/attempt.ts';
import { type DeadEnds, openDeadEnds } from './support/dead-ends.ts';
import {
  type Expected,
  expectedOf,
  faultMatrix,
  type Operation,
  operations,
  type Row,
} from './support/faults.ts';
import { wordsOf } from './support/words.ts';

// All requests go through the same code. So a fault with the same outcome for all of them is tested on login and on one
// other operation in turn; the other faults are tested on each operation.
const cases = faultMatrix.flatMap((row, index) => {
  const [login, ...others] = operations;
  const isSameForAll = 'succeeds' in row.expected || 'code' in row.expected;
  const affected = isSameForAll ? [login, others[index % others.length] ?? login] : operations;
  return affected.flatMap((operation) => {
    const expected = expectedOf(row, operation);
    return expected ? [{ operation, row, expected, fault: row.fault }] : [];
  });
});

// Each fault takes two processes, which mostly wait. So several jobs run at once, and the tests check them one by one.
const inPool = pLimit(8);
const alone = pLimit(1);
const attempts = new Map<string, Promise<Attempt>>();
const lastMs = (row: Row, operation: Operation): number => timeoutSeconds(row, operation) * 1000 + 1000;
let deadEnds: DeadEnds;

const keyOf = (row: Row, operation: Operation): string => `${operation}: ${row.fault}`;

beforeAll(async () => {
  deadEnds = await openDeadEnds();
  for (const { row, operation } of cases) {
    const outcome = inPool(() => attempt(row, operation, deadEnds));
    // The test that awaits it gets the error.
    outcome.catch(() => undefined);
    attempts.set(keyOf(row, operation), outcome);
  }
});

afterAll(async () => {
  await Promise.allSettled(attempts.values());
  await deadEnds.close();
});

test('Every fault has a name of its own', () => {
  const names = cases.map(({ row, operation }) => keyOf(row, operation));
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

describe.each(operations)('A fault during %s:', (operation) => {
  test.each(cases.filter((one) => one.operation === operation))(
    '$fault',
    async ({ row, expected }) => {
      const outcome = await attemptInTime(row, operation);
      const { step, leaks, foreignCommands, strayed, tookMs } = outcome;
      const { visible } = step;
      expect({ leaks, foreignCommands, strayed, visible }).toEqual({
        leaks: [],
        foreignCommands: [],
        strayed: 0,
        visible,
      });
      expect(tookMs).toBeLessThan(lastMs(row, operation));
      expect(tookMs).toBeGreaterThanOrEqual(row.atLeastMs ?? 0);

      if (operation === 'listing' || operation === 'deletion') expectPostOutcome(outcome, expected);
      else expectMainOutcome(outcome, expected, operation);
    },
    120_000,
  );
});

/** The outcome of a fault. If it came late because the machine was busy, it is tried once more by itself. */
async function attemptInTime(row: Row, operation: Operation): Promise<Attempt> {
  const outcome = await attempts.get(keyOf(row, operation));
  if (!outcome) throw new Error('This fault was never tried');
  return outcome.tookMs < lastMs(row, operation) ? outcome : alone(() => attempt(row, operation, deadEnds));
}

type Refusal = Extract<Expected, { code: string }>;

function expectMainOutcome(outcome: Attempt, expected: Expected, operation: Operation): void {
  const { step, post, orphans, temporaryFiles } = outcome;
  if ('succeeds' in expected) {
    expect(step).toMatchObject({ exitCode: 0, outcome: 'success', annotations: [] });
    expect(Object.keys(step.env)).toContain('EXABITS_HEADERS_FILE');
    expect(step.outputs.token).toMatch(/^[\x21-\x7e]+$/);
    expect(temporaryFiles).toHaveLength(1);
  } else {
    const { exitCode, signal, outputs, env, annotations, visible } = step;
    expect({ exitCode, signal, outputs, env, temporaryFiles, visible }).toEqual({
      exitCode: 1,
      signal: null,
      outputs: {},
      env: {},
      temporaryFiles: [],
      visible,
    });
    expect(annotations).toHaveLength(1);
    expect(annotations[0]).toMatchObject({
      level: 'error',
      message: expect.stringMatching(wordsOf(expected.code)),
    });
    expectOneLine(step, `Error: ${annotations[0]?.message}`, expected);
    expectTries(outcome, expected, operation);
  }
  // Only a creation leaves something at Exabits, and that does not outlive the job.
  expect(orphans).toEqual([]);
  if (operation !== 'verification') expect(post).toMatchObject({ exitCode: 0, outcome: 'success' });
  if (operation === 'login') expect(post?.annotations).toEqual([]);
}

function expectPostOutcome(outcome: Attempt, expected: Expected): void {
  const { step, orphans, temporaryFiles } = outcome;
  expect(step).toMatchObject({ exitCode: 0, signal: null, outcome: 'success', outputs: {} });
  expect(Object.values(step.env).filter((value) => value !== '')).toEqual([]);
  expect(temporaryFiles).toEqual([]);
  const { annotations, visible } = step;
  if ('succeeds' in expected) {
    expect({ annotations, visible }).toEqual({ annotations: [], visible });
    return;
  }
  expect(annotations.map(({ level }) => level)).toEqual(['warning']);
  const message = annotations[0]?.message ?? '';
  expect(message).toMatch(wordsOf(expected.code));
  expect(message).toMatch(
    /^The API token gha-\d+-2-[0-9a-f]{8} may still be valid: .* egpu token delete \S+ --force$/,
  );
  expectOneLine(step, `Warning: ${message}`, expected);
  // Nothing is left at Exabits that the warning does not name.
  expect(orphans.filter((name) => !message.startsWith(`The API token ${name} `))).toEqual([]);
}

function expectOneLine({ visible }: StepResult, line: string, { says }: Refusal): void {
  const lines = visible
    .split('\n')
    .filter((one) => one !== '' && !/^(Try \d+ of \d+ failed|Cleared )/.test(one));
  expect(lines).toEqual([line]);
  expect(line.length).toBeLessThan(900);
  expect(visible).not.toMatch(/^\s+at |node:internal|\.cjs:\d/m);
  if (says) expect(line).toMatch(says);
}

function expectTries({ step, tries }: Attempt, expected: Refusal, operation: Operation): void {
  const allowed = expected.tries === 'one' ? 1 : maxAttempts;
  // At a dead end, no sandbox counts them.
  expect([0, allowed]).toContain(tries);
  // There, a creation also looks for the token of its lost try before it retries, and that fails, too.
  const lookingBack = operation === 'creation' && tries === 0 && expected.tries === 'all' ? 1 : 0;
  const failedBefore = step.visible.match(/^Try \d+ of \d+ failed/gm)?.length ?? 0;
  expect(failedBefore).toBe(allowed - 1 + lookingBack);
}
