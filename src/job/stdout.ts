import { EventEmitter } from 'node:events';
import { writeSync } from 'node:fs';
import { codeOf } from '../failure.ts';

const stdoutDescriptor = 1;
const retryMs = 5;

/**
 * Makes `process.stdout.write` return only when the runner can read what was written, and throw where it never will: a
 * mask is there before anything else happens, and nothing is lost when the process ends. Node's own stream promises that
 * for no pipe on Windows, and setting it up takes a tenth of the time of a post step.
 */
export function printAtOnce(): void {
  // `console` asks more of its stream than the toolkit: to listen for errors, and to be called back.
  const stdout = Object.assign(new EventEmitter(), {
    writable: true,
    write(text: string | Uint8Array, ...rest: unknown[]): boolean {
      writeAll(Buffer.from(text));
      const written = rest.at(-1);
      if (typeof written === 'function') written();
      return true;
    },
  });
  Object.defineProperty(process, 'stdout', { value: stdout, configurable: true });
}

function writeAll(bytes: Uint8Array): void {
  let rest = bytes;
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(stdoutDescriptor, rest));
    } catch (thrown) {
      if (codeOf(thrown) !== 'EAGAIN') throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
    }
  }
}
