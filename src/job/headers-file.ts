import { randomUUID } from 'node:crypto';
import { closeSync, openSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Failure } from '../failure.ts';

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
    writeFileSync(file, headersText(headers));
  } catch (thrown) {
    removeHeadersFile(path);
    throw thrown;
  } finally {
    closeSync(file);
  }
}

const largestHeadersFile = 64 * 1024;
const ourHeaders = /^Authorization: Bearer (.+)\n(?:refresh-token: (.+)\n)?$/;

/**
 * Reads the tokens back out of a header file.
 *
 * @param path where it is
 * @returns the bearer token and, for a login, the refresh token; nothing where the file is gone
 */
export function readTokens(path: string): string[] {
  const [, bearer, refresh] = ourHeaders.exec(readHeadersFile(path)) ?? [];
  return [bearer, refresh].filter((token) => token !== undefined);
}

/**
 * Reads a header file.
 *
 * @param path where it is; steps between may have put anything there
 * @returns its text, or nothing where the file is gone or cannot be one of ours
 */
export function readHeadersFile(path: string): string {
  try {
    const file = statSync(path);
    // Reading a pipe waits for a writer, and reading a device may never end.
    return file.isFile() && file.size <= largestHeadersFile ? readFileSync(path, 'utf8') : '';
  } catch {
    return '';
  }
}

/** Removes a header file; one that is gone already is fine. */
export function removeHeadersFile(path: string): void {
  rmSync(path, { force: true });
}
