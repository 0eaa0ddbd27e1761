import { appendFileSync } from 'node:fs';
import { fingerprint } from '../fingerprint.ts';
import { requireCommandFile } from './command-files.ts';
import type { Leftovers } from './state.ts';
import { addressVariables } from './variables.ts';

/**
 * Which of the variables that `main` has set are still as it has set them, or empty.
 *
 * @param leftovers what `main` has set, and what it has not
 * @returns names, without the addresses where something else has set a credential since: it may be for the same host
 */
export function ownVariables({ variables, unset }: Leftovers): string[] {
  const isForeign = (name: string): boolean => {
    const current = process.env[name];
    return current ? fingerprint(current) !== variables[name] : false;
  };
  const names = Object.keys(variables);
  const inUse = [...names, ...unset].some(isForeign) ? addressVariables : [];
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
