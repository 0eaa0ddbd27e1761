import { readInputs } from '../../../src/inputs/inputs.ts';
import { readSweepInputs } from '../../../src/inputs/sweep-inputs.ts';
import { createMasker, type Masker } from '../../../src/secrets.ts';
import { inputVariables } from '../../../testbed/runner/job.ts';

type Variables = Record<string, string>;

/** Reads inputs as a step does; missing ones are empty. `env` has the job's variables. */
export const inputsOf = reading(readInputs);

/** Reads inputs as the sweep does. */
export const sweepInputsOf = reading(readSweepInputs);

function reading<Read>(read: (masker: Masker, now: Date) => Read) {
  return async (given: Variables, env: Variables = {}): Promise<Read> => {
    const environment = process.env;
    process.env = { ...env, ...inputVariables({ 'password-format': '', ...given }) };
    try {
      return read(
        createMasker(() => {}),
        new Date(),
      );
    } finally {
      process.env = environment;
    }
  };
}
