import { appendFileSync } from 'node:fs';
import { fingerprint } from '../fingerprint.ts';
import { requireCommandFile } from './command-files.ts';
import type { Leftovers } from './state.ts';

/** Where a credential is for: of no use without it, and of use to whatever replaced it. */
const addresses = ['EXABITS_API_URL', 'EXABITS_API_BASE_URL'];

/**
 * Which of the variables that `main` has set are still as it has set them, or empty.
 *
 * @param variables names, and fingerprints of the values
 * @returns names, without the addresses where a later step has set anything anew: that is for the same host, and needs
 *   them
 */
export function ownVariables(variables: Leftovers['variables']): string[] {
  const isOwn = (name: string): boolean => {
    const current = process.env[name];
    return !current || fingerprint(current) === variables[name];
  };
  const names = Object.keys(variables);
  const own = names.filter(isOwn);
  return own.length === names.length ? own : own.filter((name) => !addresses.includes(name));
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
