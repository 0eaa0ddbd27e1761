import { type Inputs, readInputs } from '../../../src/inputs.ts';
import { createMasker, type Masker } from '../../../src/job/mask.ts';
import { readSweepInputs, type SweepInputs } from '../../../src/sweep-inputs.ts';
import { captureOutput } from './output.ts';

/**
 * Reads inputs as a step does.
 *
 * @param given the inputs; missing ones are empty
 * @param env the job's variables, to which the inputs are added
 * @param lines receives what is printed meanwhile
 */
export function inputsOf(
  given: Record<string, string>,
  env: Record<string, string> = {},
  lines: string[] = [],
): Promise<Inputs> {
  return readWith(readInputs, given, env, lines);
}

/**
 * Reads inputs as the sweep does.
 *
 * @param given the inputs; missing ones are empty
 */
export function sweepInputsOf(given: Record<string, string>): Promise<SweepInputs> {
  return readWith(readSweepInputs, given, {}, []);
}

async function readWith<Read>(
  read: (masker: Masker, now: Date) => Read,
  given: Record<string, string>,
  env: Record<string, string>,
  lines: string[],
): Promise<Read> {
  const environment = process.env;
  process.env = env;
  for (const [name, value] of Object.entries(given)) env[`INPUT_${name.toUpperCase()}`] = value;
  try {
    let inputs: Read | undefined;
    await captureOutput(
      () => {
        inputs = read(createMasker(), new Date());
      },
      (line) => lines.push(line),
    );
    if (!inputs) throw new Error('Nothing was read');
    return inputs;
  } finally {
    process.env = environment;
  }
}
