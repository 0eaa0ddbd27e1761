import { appendFileSync } from 'node:fs';
import { fingerprint } from '../fingerprint.ts';
import { requireCommandFile } from './command-files.ts';
import type { Leftovers } from './state.ts';
import { addressVariables, apiTokenVariables, pairVariables } from './variables.ts';

/**
 * Which of the variables that `main` has set are still as it has set them, or empty.
 *
 * @param variables names, and fingerprints of the values
 * @returns names, without the addresses where the job carries something else to use them with
 */
export function ownVariables(variables: Leftovers['variables']): string[] {
  const isForeign = (name: string): boolean => {
    const current = process.env[name];
    return current ? fingerprint(current) !== variables[name] : false;
  };
  const names = Object.keys(variables);
  const inUse = [...names, ...pairVariables, ...apiTokenVariables].some(isForeign) ? addressVariables : [];
  return names.filter((name) => !isForeign(name) && !inUse.includes(name));
}

/**
 * Sets variables to nothing for the later steps: the runner knows no way to take one back.
 *
 * @param names the variables
 * @throws Failure `job-files` when the runner's file cannot be written
 */
export function emptyVariables(names: readonly string[]): void {
  const { path } = requireCommandFile('GITHUB_ENV');
  // The toolkit's `exportVariable` needs a random delimiter, for which Node loads its crypto module. Nothing needs none.
  appendFileSync(path, names.map((name) => `${name}=\n`).join(''));
}
