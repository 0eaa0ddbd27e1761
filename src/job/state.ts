import * as core from '@actions/core';

/** What `main` left in the job, for `post` to clear. Names and paths only: state is no place for secrets. */
export interface Leftovers {
  readonly variables: readonly string[];
  readonly headersFile: string | undefined;
  /** False when the user wants everything to stay. */
  readonly cleanup: boolean;
}

const name = 'leftovers';

/** Saves what is about to be left, so that `post` finds it even if `main` is killed meanwhile. */
export function saveLeftovers(leftovers: Leftovers): void {
  core.saveState(name, leftovers);
}

/** Reads what `main` left; undefined when it never came to leave anything. */
export function readLeftovers(): Leftovers | undefined {
  const text = core.getState(name);
  return text === '' ? undefined : JSON.parse(text);
}
