import { randomUUID } from 'node:crypto';
import { closeSync, fchmodSync, lstatSync, mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, Failure, regardless } from '../failure.ts';

/** Chooses a path in the job's temporary folder that no other invocation uses. */
export function headersFilePath(): string {
  const folder = process.env.RUNNER_TEMP;
  if (folder) return join(folder, `exabits-headers-${randomUUID()}`);
  throw new Failure(
    'RUNNER_TEMP is not set, so there is no folder for the header file.',
    'Run this in a GitHub Actions job, or set write-headers-file: false.',
  );
}

/**
 * Writes headers for `curl -H @file` to a file that only its owner can read, and makes its folder if there is none.
 * Throws if anything already exists at the path, even a link.
 */
export function writeHeadersFile(path: string, headers: Record<string, string>): void {
  mkdirSync(dirname(path), { recursive: true });
  const file = openSync(path, 'wx', 0o600);
  try {
    // The umask may have taken the owner's permissions, too. A network drive may not support this.
    regardless(() => fchmodSync(file, 0o600));
    const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`);
    writeFileSync(file, lines.join(''));
  } catch (thrown) {
    rmSync(path, { force: true });
    throw thrown;
  } finally {
    closeSync(file);
  }
}

/** On Windows a file cannot be removed while another process, such as a virus scanner, holds it open. */
const heldOpen = ['EPERM', 'EBUSY', 'EACCES'];
const removalWaitsMs = [100, 200, 300, 400];

/**
 * Removes a header file. Throws a Failure that names it if it is still there after a second.
 *
 * @returns whether there was one
 */
export async function removeHeadersFile(path: string): Promise<boolean> {
  const exists = lstatSync(path, { throwIfNoEntry: false }) !== undefined;
  for (const waitMs of [...removalWaitsMs, 0]) {
    try {
      rmSync(path, { force: true });
      break;
    } catch (cause) {
      if (waitMs === 0 || !heldOpen.includes(codeOf(cause))) {
        throw new Failure(
          `${path} is still there (${codeOf(cause)}). Its tokens are valid until they expire or are deleted.`,
          'Remove the file by hand.',
          { cause },
        );
      }
      await sleep(waitMs);
    }
  }
  return exists;
}
