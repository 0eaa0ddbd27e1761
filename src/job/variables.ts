import { appendFileSync } from 'node:fs';
import { fingerprint } from '../secrets.ts';
import { requireCommandFile } from './command-files.ts';
import type { Exported } from './state.ts';

/** The tokens of a login. */
export const pairVariables = [
  'EXABITS_ACCESS_TOKEN',
  'EXABITS_REFRESH_TOKEN',
  'EXABITS_ACCESS_TOKEN_EXPIRES_AT',
];

/** An API token. The official client prefers it to the tokens of a login. */
export const apiTokenVariables = ['EXABITS_API_TOKEN', 'EXABITS_API_TOKEN_ENCRYPTED'];

/** The host of a credential: useless without one, but still needed by a credential that has replaced ours. */
const addressVariables = ['EXABITS_API_URL', 'EXABITS_API_BASE_URL'];

/**
 * Lists the variables that `main` set and that still have its values, or are empty; without the addresses if something
 * else has set a credential since, which may be for the same host.
 */
export function ownVariables({ variables }: Exported): string[] {
  const isForeign = (name: string): boolean => {
    const current = process.env[name];
    return current ? fingerprint(current) !== variables[name] : false;
  };
  const inUse = [...pairVariables, ...apiTokenVariables].some(isForeign) ? addressVariables : [];
  return Object.keys(variables).filter((name) => !isForeign(name) && !inUse.includes(name));
}

/** Empties variables for later steps, because the runner has no way to unset one. */
export function emptyVariables(names: readonly string[]): void {
  if (names.length === 0) return;
  const { path } = requireCommandFile('GITHUB_ENV');
  // Without the delimiters that the toolkit puts around a value: there is none.
  appendFileSync(path, names.map((name) => `${name}=\n`).join(''));
}
