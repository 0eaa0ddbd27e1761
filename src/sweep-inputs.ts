import * as core from '@actions/core';
import { Failure } from './failure.ts';
import { type ConnectionInputs, inputReaders, readConnectionInputs, readStaleTokenHours } from './inputs.ts';
import type { Masker, Redact } from './job/mask.ts';
import type { EndedRun } from './stale-tokens.ts';

/** The validated inputs of the sweep. */
export interface SweepInputs extends ConnectionInputs {
  /** Undefined if neither the inputs nor the event name a run that has ended. */
  readonly run: EndedRun | undefined;
  /** The age from which tokens of any run are deleted, in hours; 0 for never. */
  readonly staleTokenHours: number;
  readonly dryRun: boolean;
}

/**
 * Reads and validates every input of the sweep. Secrets are masked before anything else is validated.
 *
 * @param masker masks the secrets
 * @param now the current time, to find an API token that has expired
 * @throws Failure that names the input and what is allowed
 */
export function readSweepInputs(masker: Masker, now: Date): SweepInputs {
  return {
    ...readConnectionInputs(masker, now, 300),
    run: readRun(masker.redact),
    staleTokenHours: readStaleTokenHours(masker.redact),
    dryRun: inputReaders(masker.redact).booleanInput('dry-run', false),
  };
}

function readRun(redact: Redact): EndedRun | undefined {
  const id = core.getInput('run-id');
  const attempt = inputReaders(redact).wholeNumberInput('run-attempt', {
    byDefault: 0,
    min: 1,
    max: 9_999_999_999,
  });
  if (id === '' && attempt === 0) return undefined;
  if (id === '' || attempt === 0) {
    throw new Failure(
      'invalid-input',
      'Inputs "run-id" and "run-attempt" belong together: a re-run that is under way has the same id. Set both or neither.',
    );
  }
  if (!/^[1-9]\d{0,19}$/.test(id)) {
    throw new Failure(
      'invalid-input',
      `Input "run-id" must be the number of a workflow run, not "${redact(id)}".`,
    );
  }
  return { id, attempt };
}
