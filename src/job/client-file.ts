import { homedir } from 'node:os';
import { join } from 'node:path';
import { readSmallFile } from './headers-file.ts';

// gpu-cli v0.0.3, internal/api/client.go: these win over an access and refresh token, also where the pair comes from the
// environment and they from the file. Empty counts as unset.
// Such a key at the top level, as YAML or JSON has it, with a value, which may be on a line of its own.
const preferredKey =
  /^(?:\ufeff?|[^#\n]*[{,]\s*)["']?(api_token|api_token_encrypted)["']?[ \t]*:(?:[ \t]*(?:#.*)?\r?\n)*[ \t]+(?!(?:""|''|~|null)?[ \t\r]*(?:[,}#]|$))\S/im;

/**
 * Looks whether the configuration file of the official client holds what it prefers to the tokens of a login.
 *
 * @returns the file and the key, or undefined where there is none
 */
export function clientFileKey(): { path: string; key: string } | undefined {
  const path = join(homedir(), '.exabits', 'config.yaml');
  const [, key] = preferredKey.exec(readSmallFile(path)) ?? [];
  return key ? { path, key } : undefined;
}
