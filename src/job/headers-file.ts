import { randomUUID } from 'node:crypto';
import { closeSync, fchmodSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { codeOf, Failure } from '../failure.ts';

/**
 * Chooses a path that no other invocation uses, in the runner's folder for one job.
 *
 * @returns the path; nothing is created
 * @throws Failure `job-files` outside of a runner
 */
export function headersFilePath(): string {
  const folder = process.env.RUNNER_TEMP;
  if (folder) return join(folder, `exabits-headers-${randomUUID()}`);
  throw new Failure(
    'job-files',
    'RUNNER_TEMP is not set, so the header file has no place. Run this in a GitHub Actions job, or set write-headers-file: false.',
  );
}

/**
 * Writes out request headers, a line each, as `curl -H @file` reads them.
 *
 * @param headers names and values
 */
export function headersText(headers: Record<string, string>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}\n`)
    .join('');
}

/**
 * Writes a header file for its owner's eyes only.
 * The file is created anew: where anything is at the path already, a link included, this throws.
 *
 * @param path where to
 * @param headers names and values
 */
export function writeHeadersFile(path: string, headers: Record<string, string>): void {
  const file = openSync(path, 'wx', 0o600);
  try {
    // The umask may have taken more than group and others, and curl has to read it.
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
 * @returns the token, or nothing where the file is gone or is none of ours
 */
export function readBearerToken(path: string): string {
  return /^Authorization: Bearer (.+)\n/.exec(readSmallFile(path))?.[1] ?? '';
}

/**
 * Reads a small file that may not be one.
 *
 * @param path where it is; steps between may have put anything there
 * @returns its text, or nothing where the file is gone, empty, no file, or larger than 64 KiB
 */
export function readSmallFile(path: string): string {
  try {
    const file = statSync(path);
    // Reading a pipe waits for a writer, and reading a device may never end, nor a file of the kernel's, whose size is 0.
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
 * Removes a header file; one that is gone already is fine.
 *
 * @param path where it is
 * @throws Failure `job-files` that names the file, where it is still there after a second
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
    { cause },
  );
}
