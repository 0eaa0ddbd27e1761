import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';

// gpu-cli v0.0.3, internal/api/client.go: these keys win over the tokens of a login, even those in the environment.
const preferredKey = /^[\ufeff \t{,]*["']?(api_token|api_token_encrypted)["']?\s*:[ \t]*["']?[^\s"'#]/m;
const largestFile = 64 * 1024;

/** Finds a key in the official client's configuration file that it prefers to the tokens of a login. Never throws. */
export function clientFileKey(): { path: string; key: string } | undefined {
  try {
    // The client knows the home folder from the environment alone; only Windows sets USERPROFILE.
    const home = process.env.USERPROFILE || process.env.HOME;
    if (!home) return undefined;
    const path = join(home, '.exabits', 'config.yaml');
    const file = statSync(path);
    // Reading a pipe or a device may never end.
    if (!file.isFile() || file.size > largestFile) return undefined;
    const key = preferredKey.exec(readFileSync(path, 'utf8'))?.[1];
    return key ? { path, key } : undefined;
  } catch {
    return undefined;
  }
}
