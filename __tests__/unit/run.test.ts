import { win32 } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Masker } from '../../src/secrets.ts';
import { captureOutput, type Printed } from '../support/output.ts';

// The tests look at the stream that this would replace.
const printAtOnce = jest.fn();
jest.unstable_mockModule('../../src/job/stdout.ts', () => ({ printAtOnce }));

const { argv, env } = process;

beforeEach(() => {
  jest.resetModules();
  // Every sweep fails on this input, and nothing else reads it.
  process.env = { 'INPUT_RUN-ID': 'none', 'INPUT_PASSWORD-FORMAT': 'plain' };
});

afterEach(() => {
  process.argv = argv;
  process.env = env;
});

describe('the name of the started file selects the phase:', () => {
  const phases = {
    main: [/^::error::No credentials/, 1],
    post: [/^Nothing to clear: the step exported nothing\.$/, 0],
    sweep: [/^::error::Inputs "run-id" and "run-attempt" belong together/, 1],
  } as const;

  async function expectPhase(phase: keyof typeof phases, file?: string): Promise<Printed> {
    process.argv = ['node', ...(file ? [file] : [])];
    const printed = await captureOutput(async () => {
      await import('../../src/index.ts');
      await new Promise(setImmediate);
    });
    const [line, exitCode] = phases[phase];
    expect(printed.lines).toContainEqual(expect.stringMatching(line));
    expect(printed.exitCode).toBe(exitCode);
    return printed;
  }

  test.each([
    ['main', '/actions/postman/dist/index.cjs'],
    ['main', 'compost.cjs'],
    ['main', undefined],
    ['post', '/actions/exabits-auth/dist/post.cjs'],
    ['sweep', '/actions/exabits-auth/dist/sweep.cjs'],
  ] as const)('%s for %s', async (phase, file) => {
    await expectPhase(phase, file);
  });

  test('post for post.cjs on Windows', async () => {
    jest.unstable_mockModule('path', () => win32);
    try {
      await expectPhase('post', String.raw`D:\a\_actions\your-org\exabits-auth\v1\dist\post.cjs`);
    } finally {
      jest.unstable_unmockModule('path');
    }
  });

  test('and output is printed at once, if possible', async () => {
    printAtOnce.mockImplementationOnce(() => {
      process.stdout.write('from now on\n');
      throw new Error('or not');
    });
    expect((await expectPhase('post', 'post.cjs')).lines[0]).toBe('from now on');
  });
});

describe('a phase', () => {
  type Work = (masker: Masker) => Promise<void>;

  async function run(work: Work, isPost = false): Promise<Printed> {
    const { failingPhase, run: runPhase } = await import('../../src/run.ts');
    const { post } = await import('../../src/post.ts');
    return captureOutput(() => runPhase(isPost ? { ...post, work } : failingPhase(work)));
  }

  test('that succeeds exits with code 0', async () => {
    expect(await run(async () => {})).toEqual({ lines: [], exitCode: 0 });
  });

  test('that throws an unexpected error prints one line without secrets, and exits with code 1', async () => {
    const { lines, exitCode } = await run(async ({ mask }) => {
      mask('s3cret');
      throw new TypeError('odd\nthing s3cret');
    });
    expect(lines[0]).toBe('::add-mask::s3cret');
    expect(lines[1]).toMatch(/^::error::Unexpected error: odd thing/);
    expect(lines.slice(2).every((line) => line.startsWith('::debug::'))).toBe(true);
    expect(lines).toContain('::debug::thing ***');
    expect(exitCode).toBe(1);
  });

  /** Throws in an event handler, as a library may. Returns the exit codes with which that ended the process. */
  function throwInHandler(words: string): unknown[] {
    const ends: unknown[] = [];
    const { exit } = process;
    process.exit = () => ends.push(process.exitCode) as never;
    process.emit('uncaughtException', new Error(words));
    process.exit = exit;
    return ends;
  }

  test('ends at once when an event handler throws', async () => {
    const before = process.listenerCount('uncaughtException');
    let ends: unknown[] = [];
    const { lines, exitCode } = await run(async () => {
      ends = throwInHandler('thrown in a handler');
    });
    expect(ends).toEqual([1]);
    expect(lines[0]).toMatch(/^::error::Unexpected error: thrown in a handler\./);
    expect(exitCode).toBe(1);
    expect(process.listenerCount('uncaughtException')).toBe(before);
  });

  test('that is post goes on after an event handler has thrown, and ends when that happens again', async () => {
    let ends: unknown[][] = [];
    const { lines } = await run(async () => {
      ends = [throwInHandler('one'), throwInHandler('two')];
    }, true);
    expect(ends.map(({ length }) => length)).toEqual([0, 1]);
    expect(lines).toHaveLength(2);
  });

  test('that is post only warns of an unexpected error, or one in masking', async () => {
    const { lines, exitCode } = await run(async ({ mask }) => {
      const write = jest.spyOn(process.stdout, 'write').mockImplementation(() => {
        throw new Error('ENOSPC');
      });
      expect(mask('s3cret')).toBe('s3cret');
      expect(write).toHaveBeenCalled();
      write.mockRestore();
      throw new TypeError('odd\nthing');
    }, true);
    expect(lines).toEqual([
      '::warning::Unexpected error: odd thing. Run the job again with debug logging, and report the error if it happens again.',
    ]);
    expect(exitCode).toBe(0);
  });

  test('checks certificates, and hides deprecation warnings, whatever the job has set', async () => {
    process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
    process.noDeprecation = false;
    const seen: unknown[] = [];
    const work: Work = async () => {
      seen.push(process.env.NODE_TLS_REJECT_UNAUTHORIZED, process.noDeprecation);
    };
    await run(work);
    // As Node does for `NODE_OPTIONS=--no-deprecation`.
    Object.defineProperty(process, 'noDeprecation', { writable: false, configurable: true });
    const { exitCode } = await run(work);
    Object.defineProperty(process, 'noDeprecation', { writable: true });
    expect(seen).toEqual([undefined, true, undefined, true]);
    expect(exitCode).toBe(0);
  });

  test.each(['23.11.1', '9.0.0'])('fails on Node %s before it does anything', async (node) => {
    const work = jest.fn(async () => {});
    const { versions } = process;
    Object.defineProperty(process, 'versions', { value: { ...versions, node } });
    const { lines, exitCode } = await run(work);
    Object.defineProperty(process, 'versions', { value: versions });
    expect(lines[0]).toBe(
      `::error::This action needs Node 24, but runs on ${node}. On GitHub, update the runner; in act, put Node 24 first in PATH.`,
    );
    expect([exitCode, work.mock.calls]).toEqual([1, []]);
  });
});
