import { appendFileSync } from 'node:fs';
import { fingerprint } from '../fingerprint.ts';
import { requireCommandFile } from './command-files.ts';
import type { Leftovers } from './state.ts';
import { addressVariables } from './variables.ts';

/**
 * Lists the variables that `main` set and that still have its values, or are empty.
 *
 * @param leftovers what `main` set, and what it left empty
 * @returns names; without the addresses if something else has set a credential since, which may be for the same host
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
 * Empties variables for later steps, because the runner has no way to unset one.
 *
 * @param names the variables
 * @throws Failure `job-files` if the runner's file cannot be written
 */
export function emptyVariables(names: readonly string[]): void {
  const { path } = requireCommandFile('GITHUB_ENV');
  // Without the delimiters that the toolkit puts around a value: there is none.
  appendFileSync(path, names.map((name) => `${name}=\n`).join(''));
}
