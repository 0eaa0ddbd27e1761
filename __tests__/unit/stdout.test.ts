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

/** Prints text to a reader that takes `atATime` bytes per write, after it has failed with the given codes. */
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

describe('output has left the process when the call returns', () => {
  test('for any characters', () => {
    expect(print('Grüße, 世界\n')).toBe('Grüße, 世界\n');
    expect(writeSync).toHaveBeenCalledTimes(1);
  });

  test('even if the reader takes a few bytes at a time', () => {
    expect(print('Grüße, 世界\n', { atATime: 3 })).toBe('Grüße, 世界\n');
  });

  test('even if the reader is busy, for which it waits without using the CPU', () => {
    const wait = jest.spyOn(Atomics, 'wait');
    expect(print('line\n', { failures: ['EAGAIN', 'EAGAIN'] })).toBe('line\n');
    expect(wait).toHaveBeenCalledTimes(2);
    expect(wait.mock.results.map(({ value }) => value)).toEqual(['timed-out', 'timed-out']);
  });

  test.each(['EPIPE', 'EOF', 'EIO', 'ENOSPC'])('or the call throws (%s)', (code) => {
    expect(() => print('line\n', { failures: [code] })).toThrow(`${code}: write`);
    expect(writeSync).toHaveBeenCalledTimes(1);
  });
});

test('a Node console can print to it', () => {
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
  ours.write('x', written);
  expect(written).toHaveBeenCalledTimes(2);
});
