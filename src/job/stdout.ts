import { writeSync } from 'node:fs';
import { codeOf } from '../failure.ts';

const stdoutDescriptor = 1;
const retryMs = 5;

/**
 * Makes `process.stdout.write` return only when the runner can read what was written: a mask is there before anything
 * else happens, and nothing is lost when the process ends. Node's own stream promises that for no pipe on Windows, and
 * setting it up takes a tenth of the time of a post step.
 */
export function printAtOnce(): void {
  Object.defineProperty(process, 'stdout', { value: { write }, configurable: true });
}

function write(text: string): void {
  let rest: Uint8Array = Buffer.from(text);
  while (rest.length > 0) {
    try {
      rest = rest.subarray(writeSync(stdoutDescriptor, rest));
    } catch (thrown) {
      const code = codeOf(thrown);
      // Nobody reads any more, but what is left to clean up still has to be. Windows calls it the end of a file.
      if (code === 'EPIPE' || code === 'EOF') return;
      if (code !== 'EAGAIN') throw thrown;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, retryMs);
    }
  }
}
