import { win32 } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { captureOutput, type Printed } from './support/output.ts';

// The tests look at the stream that this would replace.
const printAtOnce = jest.fn();
jest.unstable_mockModule('../../src/job/stdout.ts', () => ({ printAtOnce }));

const { argv, env } = process;

beforeEach(() => {
  jest.resetModules();
  // Every sweep fails on this input, and nothing else reads it.
  process.env = { 'INPUT_RUN-ID': 'none' };
});

afterEach(() => {
  process.argv = argv;
  process.env = env;
});

/** Loads the action as the runner starts it. */
function start(file?: string): Promise<Printed> {
  process.argv = ['node', ...(file ? [file] : [])];
  return captureOutput(async () => {
    await import('../../src/index.ts');
    await new Promise(setImmediate);
  });
}

describe('the file name selects the phase:', () => {
  test.each([
    '/actions/exabits-auth/dist/index.cjs',
    '/actions/postman/dist/index.cjs',
    '/actions/sweep/dist/index.cjs',
    'compost.cjs',
    'postal.cjs',
    'sweeper.cjs',
    undefined,
  ])('main for %s', async (file) => {
    const { lines, exitCode } = await start(file);
    expect(lines[0]).toMatch(/^::error::No credentials/);
    expect(exitCode).toBe(1);
  });

  test('post for post.cjs', async () => {
    const { lines, exitCode } = await start('/actions/exabits-auth/dist/post.cjs');
    expect(lines).toEqual(['Nothing to clear: the step exported nothing.']);
    expect(exitCode).toBe(0);
  });

  test('post for post.cjs on Windows', async () => {
    jest.unstable_mockModule('path', () => win32);
    try {
      const { lines } = await start(String.raw`D:\a\_actions\your-org\exabits-auth\v1\dist\post.cjs`);
      expect(lines).toEqual(['Nothing to clear: the step exported nothing.']);
    } finally {
      jest.unstable_unmockModule('path');
    }
  });

  test('sweep for sweep.cjs', async () => {
    const { lines, exitCode } = await start('/actions/exabits-auth/dist/sweep.cjs');
    expect(lines[0]).toMatch(/^::error::Inputs "run-id" and "run-attempt" belong together/);
    expect(exitCode).toBe(1);
  });

  test('and output is printed at once', async () => {
    printAtOnce.mockClear();
    printAtOnce.mockImplementationOnce(() => void process.stdout.write('from now on\n'));
    const { lines } = await start('post.cjs');
    expect(lines[0]).toBe('from now on');
    expect(printAtOnce).toHaveBeenCalledTimes(1);
  });
});

describe('a phase', () => {
  async function run(phase: () => Promise<void>): Promise<Printed> {
    const { run: runPhase } = await import('../../src/run.ts');
    const { main } = await import('../../src/main.ts');
    return captureOutput(() => runPhase({ ...main, story: phase }));
  }

  test('that succeeds exits with code 0', async () => {
    expect(await run(async () => {})).toEqual({ lines: [], exitCode: 0 });
  });

  test("suppresses Node's deprecation warnings", async () => {
    process.noDeprecation = false;
    await run(async () => {});
    expect(process.noDeprecation).toBe(true);
  });

  test('that throws an unexpected error prints one line and exits with code 1', async () => {
    const { lines, exitCode } = await run(async () => {
      throw new TypeError('odd\nthing');
    });
    expect(lines[0]).toMatch(/^::error::Unexpected error: odd thing\./);
    expect(lines.slice(1).every((line) => line.startsWith('::debug::'))).toBe(true);
    expect(lines).toContain('::debug::TypeError: odd');
    expect(exitCode).toBe(1);
  });

  test('that is post only warns of an unexpected error', async () => {
    const { run: runPhase } = await import('../../src/run.ts');
    const { post } = await import('../../src/post.ts');
    const story = async (): Promise<void> => {
      throw new Error('odd');
    };
    const { lines, exitCode } = await captureOutput(() => runPhase({ ...post, story }));
    expect(lines).toEqual([expect.stringMatching(/^::warning::Unexpected error: odd\./)]);
    expect(exitCode).toBe(0);
  });

  test('that throws an error without a stack debug-logs its message', async () => {
    const { lines } = await run(async () => {
      throw Object.assign(new Error('bare'), { stack: undefined });
    });
    expect(lines.at(-1)).toBe('::debug::bare');
  });

  test('that runs on an older Node fails before it does anything', async () => {
    const { failingPhase, run: runPhase } = await import('../../src/run.ts');
    const story = jest.fn(async () => {});
    const { versions } = process;
    Object.defineProperty(process, 'versions', { value: { ...versions, node: '20.20.2' } });
    const { lines, exitCode } = await captureOutput(() => runPhase(failingPhase(story)));
    Object.defineProperty(process, 'versions', { value: versions });
    expect(lines[0]).toMatch(/^::error::This action needs Node 24, but runs on 20\.20\.2\./);
    expect([exitCode, story.mock.calls]).toEqual([1, []]);
  });
});
