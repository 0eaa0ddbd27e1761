import * as core from '@actions/core';
import { Failure, reasonOf, regardless } from '../failure.ts';
import { oneLine } from '../text.ts';

// `oneLine` removes what the runner does not escape. Only masks have to arrive: a line that cannot be printed, because
// nobody reads it or the disk is full, stops no phase.

/** Prints a line of the log. */
export function info(line: string): void {
  regardless(() => core.info(oneLine(line)));
}

/** Prints a warning, which GitHub also shows on the page of the run. */
export function warning(line: string): void {
  regardless(() => core.warning(oneLine(line)));
}

/** Fails the step with one line. The stacks of the failure and its causes go to the debug log, redacted. */
export function fail(failure: Failure, redact: (text: string) => string): void {
  regardless(() => core.setFailed(oneLine(failure.message)));
  for (let error: unknown = failure; error instanceof Error; error = error.cause) {
    for (const line of (error.stack ?? error.message).split('\n')) {
      regardless(() => core.debug(redact(line)));
    }
  }
}

/** Tells the runner to mask a secret, or throws a Failure. */
export function tellRunner(secret: string): void {
  try {
    core.setSecret(secret);
  } catch (thrown) {
    throw new Failure(
      `The runner cannot be told to mask a secret (${reasonOf(thrown)}), so nothing was exported.`,
      'Check the free space where the runner writes its log.',
    );
  }
}
