import { homedir } from 'node:os';
import { join } from 'node:path';
import { readSmallFile } from './headers-file.ts';

// gpu-cli v0.0.3, internal/api/client.go: these keys win over an access and refresh token, even if the pair comes
// from the environment. Empty counts as unset.
const preferredKey = /^(?:[^#]*[{,])?\s*["']?(api_token|api_token_encrypted)["']?\s*:\s*([^\s#].*)$/i;
const empty = /^(?:""|''|~|null)?\s*(?:[,}#].*)?$/;

/**
 * Checks whether the official client's configuration file has a key that it prefers to the tokens of a login.
 *
 * @returns the file and the key, or undefined if there is none
 */
export function clientFileKey(): { path: string; key: string } | undefined {
  const path = join(homedir(), '.exabits', 'config.yaml');
  for (const line of readSmallFile(path).split('\n')) {
    const [, key, value = ''] = preferredKey.exec(line.trimEnd()) ?? [];
    if (key && !empty.test(value)) return { path, key };
  }
  return undefined;
}
