import { Console } from 'node:console';
import { afterEach, expect, jest, test } from '@jest/globals';

const writeSync = jest.fn<(descriptor: number, bytes: Uint8Array) => number>();
jest.unstable_mockModule('node:fs', () => ({ writeSync }));
const { printAtOnce } = await import('../../src/job/stdout.ts');

const { stdout } = process;

afterEach(() => {
  Object.defineProperty(process, 'stdout', { value: stdout, configurable: true });
  writeSync.mockReset();
});

/** Prints to a reader that takes `atATime` bytes per write, after it has failed with the given codes. */
function print(act: () => void, { atATime = 1000, failures = [] as string[] } = {}): string {
  const received: Uint8Array[] = [];
  writeSync.mockImplementation((descriptor, bytes) => {
    expect(descriptor).toBe(1);
    const code = failures.shift();
    if (code) throw Object.assign(new Error(`${code}: write`), { code });
    received.push(bytes.slice(0, atATime));
    return Math.min(atATime, bytes.length);
  });
  printAtOnce();
  act();
  return Buffer.concat(received).toString();
}

test.each([
  ['for any characters', 1000, 1],
  ['even if the reader takes a few bytes at a time', 3, 6],
])('output has left the process when the call returns, %s', (_what, atATime, writes) => {
  expect(print(() => expect(process.stdout.write('Grüße, 世界\n')).toBe(true), { atATime })).toBe(
    'Grüße, 世界\n',
  );
  expect(writeSync).toHaveBeenCalledTimes(writes);
});

test('a busy reader is waited for without using the CPU', () => {
  const wait = jest.spyOn(Atomics, 'wait');
  const failures = ['EAGAIN', 'EAGAIN'];
  expect(print(() => process.stdout.write('line\n'), { failures })).toBe('line\n');
  expect(wait.mock.results.map(({ value }) => value)).toEqual(['timed-out', 'timed-out']);
  expect(wait.mock.calls.map(([, , , ms]) => ms)).toEqual([5, 5]);
});

test('a reader that is gone makes the call throw', () => {
  expect(() => print(() => process.stdout.write('line\n'), { failures: ['EPIPE'] })).toThrow('EPIPE: write');
  expect(writeSync).toHaveBeenCalledTimes(1);
});

test('a Node console can print to it', () => {
  expect(print(() => new Console(process.stdout).log('one %s', 'line'))).toBe('one line\n');
  print(() => {
    expect(process.stdout.listenerCount('error')).toBe(0);
    const written = jest.fn();
    process.stdout.write('x', 'utf8', written);
    process.stdout.write('x', written);
    expect(written).toHaveBeenCalledTimes(2);
  });
});
