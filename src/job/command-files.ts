import { statSync, truncateSync } from 'node:fs';
import { Failure, reasonOf, regardless } from '../failure.ts';

/** The files through which a step talks to the runner. */
type CommandFile = 'GITHUB_ENV' | 'GITHUB_OUTPUT' | 'GITHUB_STATE';

/** The path of a command file and its size in bytes; or throws a Failure, where the toolkit would print instead. */
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
 * Writes to all of several command files or to none: if `write` throws, each file is cut back to its former size, all
 * that was passed to `onFailure` is run, and a Failure is thrown.
 */
export function writeAllOrNone(
  variables: readonly CommandFile[],
  write: (onFailure: (undo: () => void) => void) => void,
): void {
  const undos = variables.map((variable) => {
    const { path, size } = requireCommandFile(variable);
    return () => truncateSync(path, size);
  });
  try {
    write((undo) => undos.push(undo));
  } catch (thrown) {
    // One that fails must not stop the others, or hide why `write` failed.
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
