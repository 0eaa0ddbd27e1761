import * as core from '@actions/core';
import type { Failure } from '../failure.ts';
import { oneLine } from '../text.ts';

// Every line of the log goes out here, as one line: what the runner does not escape itself, `oneLine` takes out.
// Only a mask has to arrive. That nobody reads a line, or no room is left for it, stops neither phase.

/** Prints a line of the log. */
export function info(line: string): void {
  regardless(() => core.info(oneLine(line)));
}

/** Prints a warning, which the runner also shows beside the job. */
export function warning(line: string): void {
  regardless(() => core.warning(oneLine(line)));
}

/**
 * Fails the step with the failure's one line. Its stack, and those of its causes, go to the debug log.
 *
 * @param failure what to show
 * @param redact hides secrets in the stacks, which hold texts of libraries
 */
export function fail(failure: Failure, redact: (text: string) => string): void {
  regardless(() => core.setFailed(oneLine(failure.message)));
  for (let error: unknown = failure; error instanceof Error; error = error.cause) {
    for (const line of (error.stack ?? error.message).split('\n')) {
      regardless(() => core.debug(redact(line)));
    }
  }
}

/** Prints something, whether or not it can be printed. */
export function regardless(print: () => void): void {
  try {
    print();
  } catch {}
}
