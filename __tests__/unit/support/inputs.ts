import { type Inputs, readInputs } from '../../../src/inputs.ts';
import { createMasker } from '../../../src/job/mask.ts';
import { captureOutput } from './output.ts';

/**
 * Reads inputs as a step does.
 *
 * @param given the inputs; missing ones are empty
 * @param env the job's variables, to which the inputs are added
 * @param lines receives what is printed meanwhile
 */
export async function inputsOf(
  given: Record<string, string>,
  env: Record<string, string> = {},
  lines: string[] = [],
): Promise<Inputs> {
  const environment = process.env;
  process.env = env;
  for (const [name, value] of Object.entries(given)) env[`INPUT_${name.toUpperCase()}`] = value;
  try {
    let inputs: Inputs | undefined;
    await captureOutput(
      () => {
        inputs = readInputs(createMasker(), new Date());
      },
      (line) => lines.push(line),
    );
    if (!inputs) throw new Error('Nothing was read');
    return inputs;
  } finally {
    process.env = environment;
  }
}
