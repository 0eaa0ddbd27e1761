import { homedir } from 'node:os';
import { join } from 'node:path';
import { readSmallFile } from './headers-file.ts';

// gpu-cli v0.0.3, internal/api/client.go: these keys win over an access and refresh token, even if the pair comes
// from the environment. Empty counts as unset. Matches such a key at the top level, in YAML or JSON, with a value that may
// be on a line of its own.
const preferredKey =
  /^(?:\ufeff?|[^#\n]*[{,]\s*)["']?(api_token|api_token_encrypted)["']?[ \t]*:(?:[ \t]*(?:#.*)?\r?\n)*[ \t]+(?!(?:""|''|~|null)?[ \t\r]*(?:[,}#]|$))\S/im;

/**
 * Checks whether the official client's configuration file has a key that it prefers to the tokens of a login.
 *
 * @returns the file and the key, or undefined if there is none
 */
export function clientFileKey(): { path: string; key: string } | undefined {
  const path = join(homedir(), '.exabits', 'config.yaml');
  const key = preferredKey.exec(readSmallFile(path))?.[1];
  return key ? { path, key } : undefined;
}
