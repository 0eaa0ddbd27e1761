import * as core from '@actions/core';
import { Failure } from '../failure.ts';
import type { Masker, Redact } from '../secrets.ts';
import { readConnectionInputs } from './inputs.ts';
import { inputReaders } from './readers.ts';

/** The validated inputs of the sweep. */
export type SweepInputs = ReturnType<typeof readSweepInputs>;

/** Reads and validates every input of the sweep, secrets first. Throws a Failure that names the input at fault. */
export function readSweepInputs(masker: Masker, now: Date) {
  const { wholeNumberInput, booleanInput } = inputReaders(masker.redact);
  return {
    ...readConnectionInputs(masker, now, 300),
    run: readRun(masker.redact),
    /** The age from which tokens of any run are deleted; 0 for never. */
    staleTokenHours: wholeNumberInput('stale-token-hours', { byDefault: 168, min: 0, max: 87_600 }),
    dryRun: booleanInput('dry-run', false),
  };
}

// The workflow run and the attempt that have ended, if known. A later attempt may be running.
function readRun(redact: Redact): { id: string; attempt: number } | undefined {
  const id = core.getInput('run-id');
  const limits = { byDefault: 0, min: 1, max: 9_999_999_999 };
  const attempt = inputReaders(redact).wholeNumberInput('run-attempt', limits);
  if (id === '' && attempt === 0) return undefined;
  if (id === '' || attempt === 0) {
    throw new Failure(
      'Inputs "run-id" and "run-attempt" belong together: a re-run that is under way has the same id.',
      'Set both or neither.',
    );
  }
  if (!/^[1-9]\d{0,19}$/.test(id)) {
    throw new Failure(`Input "run-id" is "${redact(id)}".`, 'It must be the number of a workflow run.');
  }
  return { id, attempt };
}
