import { randomUUID } from 'node:crypto';
import { closeSync, fchmodSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, Failure } from '../failure.ts';

/**
 * Chooses a path that no other invocation uses, in the job's temporary folder.
 *
 * @returns the path; nothing is created
 * @throws Failure `job-files` outside of a runner
 */
export function headersFilePath(): string {
  const folder = process.env.RUNNER_TEMP;
  if (folder) return join(folder, `exabits-headers-${randomUUID()}`);
  throw new Failure(
    'job-files',
    'RUNNER_TEMP is not set, so there is no folder for the header file. Run this in a GitHub Actions job, or set write-headers-file: false.',
  );
}

/**
 * Formats request headers for `curl -H @file`, one per line.
 *
 * @param headers names and values
 */
export function headersText(headers: Record<string, string>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}

/**
 * Writes a header file that only its owner can read.
 * Throws if anything already exists at the path, even a link.
 *
 * @param path where to write it
 * @param headers names and values
 */
export function writeHeadersFile(path: string, headers: Record<string, string>): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    // The umask may have taken the owner's permissions too, and curl has to read the file.
    fchmodSync(file, 0o600);
    writeFileSync(file, headersText(headers));
  } catch (thrown) {
    rmSync(path, { force: true });
    throw thrown;
  } finally {
    closeSync(file);
  }
}

const largestFile = 64 * 1024;

/**
 * Reads the bearer token back out of a header file.
 *
 * @param path where it is
 * @returns the token; empty if the file is gone or not ours
 */
export function readBearerToken(path: string): string {
  return /^Authorization: Bearer (.+)\n/.exec(readSmallFile(path))?.[1] ?? '';
}

/**
 * Reads a file that should be small, but may be anything.
 *
 * @param path where it is; other steps may have put anything there
 * @returns its text; empty if the file is gone, empty, not a regular file, or larger than 64 KiB
 */
export function readSmallFile(path: string): string {
  try {
    const file = statSync(path);
    // Reading a pipe waits for a writer. Reading a device, or a kernel file with a size of 0, may never end.
    const isSmallFile = file.isFile() && file.size > 0 && file.size <= largestFile;
    return isSmallFile ? readFileSync(path, 'utf8') : '';
  } catch {
    return '';
  }
}

/** On Windows a file cannot be removed while another process, such as a virus scanner, holds it open. */
const heldOpen = ['EPERM', 'EBUSY', 'EACCES'];
const removalWaitsMs = [100, 200, 300, 400];

/**
 * Removes a header file, if it still exists.
 *
 * @param path where it is
 * @throws Failure `job-files` that names the file, if it is still there after a second
 */
export async function removeHeadersFile(path: string): Promise<void> {
  for (const waitMs of [...removalWaitsMs, 0]) {
    try {
      return rmSync(path, { force: true });
    } catch (thrown) {
      if (heldOpen.includes(codeOf(thrown)) && waitMs > 0) await sleep(waitMs);
      else throw notRemoved(path, thrown);
    }
  }
}

function notRemoved(path: string, cause: unknown): Failure {
  return new Failure(
    'job-files',
    `${path} is still there (${codeOf(cause)}). Its tokens are valid until they expire or are deleted: remove the file by hand.`,
  );
}
