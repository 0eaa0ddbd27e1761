import { spawnSync } from 'node:child_process';
import { describe, test } from '@jest/globals';

// Features that tests need but not every system has. Where one is missing, its tests are reported as skipped.

const onWindows = process.platform === 'win32';

/** For `prlimit` and `mount`, which give a single process a small disk. */
export const testOnLinux = where(process.platform === 'linux');

/** For file modes, named pipes, devices, process groups, and signals that a process can handle: Windows has none. */
export const onPosix = only(!onWindows);
export const testOnPosix = onPosix.test;

/** For bash, in which later steps run: on Windows it comes with Git, as on GitHub's runners. */
export const testWithBash = where(!onWindows || succeeds('bash', '-c', 'curl --version'));

/** The mode of a file that only its owner may read. Windows has access lists instead of modes. */
export const ownerOnly = onWindows ? 0o666 : 0o600;

/** Jest's functions, or versions of them that skip. */
function only(possible: boolean): { test: typeof test; describe: typeof describe } {
  if (possible) return { test, describe };
  const skipped = Object.assign(test.skip, { concurrent: test.concurrent.skip }) as typeof test;
  return { test: skipped, describe: describe.skip as typeof describe };
}

function where(possible: boolean): typeof test {
  return only(possible).test;
}

function succeeds(program: string, ...args: string[]): boolean {
  return spawnSync(program, args).status === 0;
}
