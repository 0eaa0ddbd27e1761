import { beforeAll } from '@jest/globals';
import { type ApiToken, type Password, toApiToken } from '../../../src/credentials.ts';
import { parseEndpoint } from '../../../src/endpoint.ts';
import type { Exabits } from '../../../src/exabits/api.ts';
import { createMasker } from '../../../src/secrets.ts';
import { apiToken, apiUrl, passwordMd5, username } from './samples.ts';

export interface Conversation {
  readonly exabits: Exabits;
  /** The credential that it uses. */
  readonly credential: ApiToken;
  readonly password: Password;
  /** The log lines about failed tries. */
  readonly retries: readonly string[];
  /** What the runner was told to mask. */
  readonly masks: readonly string[];
}

// Before the first test, but once the test file has loaded, which may mock what the request path imports.
beforeAll(async () => void (await import('../../../src/exabits/api.ts')));

/** Opens a conversation with Exabits. `check` is its simplest request. */
export async function converse(
  settings: { apiUrl?: string; timeoutMs?: number; maxAttempts?: number } = {},
): Promise<Conversation> {
  const { connect } = await import('../../../src/exabits/api.ts');
  const masks: string[] = [];
  const retries: string[] = [];
  const masker = createMasker((secret) => masks.push(secret));
  const { apiUrl: url = apiUrl, timeoutMs = 60_000, maxAttempts = 5 } = settings;
  const conversation = { endpoint: parseEndpoint(url), timeoutMs, maxAttempts };
  return {
    exabits: connect(conversation, masker, (line) => retries.push(line)),
    credential: toApiToken(masker.mask(apiToken)),
    password: { kind: 'password', username, md5: masker.mask(passwordMd5), looksHashed: false },
    retries,
    masks,
  };
}
