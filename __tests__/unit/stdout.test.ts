import { Console } from 'node:console';
import { afterEach, describe, expect, jest, test } from '@jest/globals';

const writeSync = jest.fn<(descriptor: number, bytes: Uint8Array) => number>();
jest.unstable_mockModule('node:fs', () => ({ writeSync }));
const { printAtOnce } = await import('../../src/job/stdout.ts');

const { stdout } = process;

afterEach(() => {
  Object.defineProperty(process, 'stdout', { value: stdout, configurable: true });
  writeSync.mockReset();
});

/** Prints a text to a reader that takes some bytes at a time, after it has failed in the given ways. */
function print(
  text: string,
  { atATime = 1000, failures = [] }: { atATime?: number; failures?: string[] } = {},
): string {
  const received: Uint8Array[] = [];
  writeSync.mockImplementation((descriptor, bytes) => {
    expect(descriptor).toBe(1);
    const code = failures.shift();
    if (code) throw Object.assign(new Error(`${code}: write`), { code });
    received.push(bytes.slice(0, atATime));
    return Math.min(atATime, bytes.length);
  });
  printAtOnce();
  process.stdout.write(text);
  return Buffer.concat(received).toString();
}

describe('what is printed has left the process when the call returns', () => {
  test('all of it, whatever its characters', () => {
    expect(print('Grüße, 世界\n')).toBe('Grüße, 世界\n');
    expect(writeSync).toHaveBeenCalledTimes(1);
  });

  test('also to a reader that takes a little at a time', () => {
    expect(print('Grüße, 世界\n', { atATime: 3 })).toBe('Grüße, 世界\n');
  });

  test('also to a reader that is busy, for which it waits without using the processor', () => {
    const wait = jest.spyOn(Atomics, 'wait');
    expect(print('line\n', { failures: ['EAGAIN', 'EAGAIN'] })).toBe('line\n');
    expect(wait).toHaveBeenCalledTimes(2);
    expect(wait.mock.results.map(({ value }) => value)).toEqual(['timed-out', 'timed-out']);
  });

  test.each(['EPIPE', 'EOF', 'EIO', 'ENOSPC'])('and where it cannot, the call fails (%s)', (code) => {
    expect(() => print('line\n', { failures: [code] })).toThrow(`${code}: write`);
    expect(writeSync).toHaveBeenCalledTimes(1);
  });
});

test('a console of Node prints to it, too', () => {
  print('');
  const received: string[] = [];
  writeSync.mockImplementation((_descriptor, bytes) => {
    received.push(Buffer.from(bytes).toString());
    return bytes.length;
  });
  const { stdout: ours } = process;
  new Console(ours).log('one %s', 'line');
  expect(received).toEqual(['one line\n']);
  expect(ours.listenerCount('error')).toBe(0);

  const written = jest.fn();
  ours.write('x', 'utf8', written);
  expect(written).toHaveBeenCalledTimes(1);
});
