import { randomUUID } from 'node:crypto';
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

/** An API token. */
export const apiTokenVariables = ['EXABITS_API_TOKEN', 'EXABITS_API_TOKEN_ENCRYPTED'];

/** The host of a credential: useless without one, but still needed by a credential that has replaced ours. */
const addressVariables = ['EXABITS_API_URL', 'EXABITS_API_BASE_URL'];

/**
 * The variables that `main` set and that still have its values, or are empty; without the addresses if something else
 * has set a credential since, which may be for the same host.
 */
export function ownVariables({ variables }: Exported): string[] {
  const isForeign = (name: string): boolean => {
    const current = process.env[name];
    return current ? fingerprint(current) !== variables[name] : false;
  };
  const inUse = [...pairVariables, ...apiTokenVariables].some(isForeign) ? addressVariables : [];
  return Object.keys(variables).filter((name) => !isForeign(name) && !inUse.includes(name));
}

/**
 * Sets variables for later steps, and empties others, in one write: a step that is killed must not leave a host without
 * its token. The runner cannot unset a variable, so an empty value stands for none.
 */
export function setVariables(values: Readonly<Record<string, string>>, emptied: readonly string[]): void {
  const end = `end-${randomUUID()}`;
  const all = [...Object.entries(values), ...emptied.map((name) => [name, ''])];
  const lines = all.map(([name, value]) => `${name}<<${end}\n${value}\n${end}\n`);
  if (lines.length > 0) appendFileSync(requireCommandFile('GITHUB_ENV').path, lines.join(''));
}
