import { EventEmitter } from 'node:events';
import { writeSync } from 'node:fs';
import { codeOf } from '../failure.ts';

const stdoutDescriptor = 1;
const retryMs = 5;

/**
 * Makes `process.stdout.write` synchronous: it returns when the runner can read the text, and throws if it never will.
 * So masks arrive first, and nothing is lost when the process ends. Node's own stream does not promise that for pipes
 * on Windows, and setting it up takes a tenth of the time of a post step.
 */
export function printAtOnce(): void {
  // `console` needs more than the toolkit: it listens for errors, and expects a callback.
  const stdout = Object.assign(new EventEmitter(), {
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
