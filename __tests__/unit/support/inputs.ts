import { type Inputs, readInputs } from '../../../src/inputs/inputs.ts';
import { readSweepInputs, type SweepInputs } from '../../../src/inputs/sweep-inputs.ts';
import { createMasker, type Masker } from '../../../src/secrets.ts';
import { inputVariables } from '../../../testbed/runner/job.ts';

type Variables = Record<string, string>;

/**
 * Reads inputs as a step does.
 *
 * @param given the inputs; missing ones are empty
 * @param env the job's variables, to which the inputs are added
 * @param masks gets what is masked
 */
export async function inputsOf(given: Variables, env: Variables = {}, masks: string[] = []): Promise<Inputs> {
  return readWith(readInputs, given, env, masks);
}

/** Reads inputs as the sweep does. */
export async function sweepInputsOf(given: Variables, env: Variables = {}): Promise<SweepInputs> {
  return readWith(readSweepInputs, given, env, []);
}

function readWith<Read>(
  read: (masker: Masker, now: Date) => Read,
  given: Variables,
  env: Variables,
  masks: string[],
): Read {
  const environment = process.env;
  process.env = Object.assign(env, inputVariables({ 'password-format': '', ...given }));
  try {
    return read(
      createMasker((secret) => masks.push(secret)),
      new Date(),
    );
  } finally {
    process.env = environment;
  }
}
