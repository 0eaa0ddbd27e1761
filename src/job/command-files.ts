import { statSync, truncateSync } from 'node:fs';
import { Failure } from '../failure.ts';

/** The files through which a step talks to the runner. */
type CommandFile = 'GITHUB_ENV' | 'GITHUB_OUTPUT' | 'GITHUB_STATE';

/**
 * Makes sure that the runner gave the step a file. Without it the toolkit would print the values instead.
 *
 * @param variable the variable that names the file
 * @returns its path and present size in bytes
 * @throws Failure `job-files` when it is missing
 */
export function requireCommandFile(variable: CommandFile): { path: string; size: number } {
  const path = process.env[variable];
  if (!path) throw unwritable(new Error(`${variable} is not set`));
  try {
    return { path, size: statSync(path).size };
  } catch (thrown) {
    throw unwritable(thrown);
  }
}

/**
 * Writes to several command files, all or none: when it goes wrong, each gets its former size back.
 *
 * @param variables the variables that name the files
 * @param write does the writing
 * @param undo takes back what `write` did elsewhere
 * @throws Failure `job-files` for whatever `write` threw
 */
export function writeAllOrNone(variables: readonly CommandFile[], write: () => void, undo: () => void): void {
  const files = variables.map(requireCommandFile);
  try {
    write();
  } catch (thrown) {
    undo();
    for (const { path, size } of files) truncateSync(path, size);
    throw unwritable(thrown);
  }
}

function unwritable(thrown: unknown): Failure {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new Failure(
    'job-files',
    `The runner's files for this step cannot be written (${reason}), so nothing was handed on. Check that this is a GitHub Actions job, and the free space and permissions of the runner's folders.`,
    { cause: thrown },
  );
}
