import { statSync, truncateSync } from 'node:fs';
import { Failure, reasonOf, regardless } from '../failure.ts';

/** The files through which a step talks to the runner. */
type CommandFile = 'GITHUB_ENV' | 'GITHUB_OUTPUT' | 'GITHUB_STATE';

/**
 * Makes sure that the runner gave the step a command file. Without it, the toolkit would print the values instead.
 *
 * @returns its path and current size in bytes
 */
export function requireCommandFile(variable: CommandFile): { path: string; size: number } {
  const path = process.env[variable];
  if (!path) throw unwritable(new Error(`${variable} is not set`));
  try {
    const file = statSync(path);
    if (!file.isFile()) throw new Error(`${variable} is not a file`);
    return { path, size: file.size };
  } catch (thrown) {
    throw unwritable(thrown);
  }
}

/**
 * Writes to all of several command files or to none: if it fails, each is cut back to its former size.
 *
 * @param write does the writing; passes to `onFailure` how to undo anything it did elsewhere
 * @throws Failure for whatever `write` threw
 */
export function writeAllOrNone(
  variables: readonly CommandFile[],
  write: (onFailure: (undo: () => void) => void) => void,
): void {
  const undos = variables.map(requireCommandFile).map(
    ({ path, size }) =>
      () =>
        truncateSync(path, size),
  );
  try {
    write((undo) => undos.push(undo));
  } catch (thrown) {
    // A file that cannot be restored must not stop the others from being restored, or hide why `write` failed.
    for (const undo of undos) regardless(undo);
    throw unwritable(thrown);
  }
}

function unwritable(thrown: unknown): Failure {
  return new Failure(
    `The runner's files for this step cannot be written (${reasonOf(thrown)}).`,
    "Check that this is a GitHub Actions job, and the free space and permissions of the runner's folders.",
    { cause: thrown },
  );
}
