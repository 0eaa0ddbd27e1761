import { beforeAll } from '@jest/globals';
import { type Password, toApiToken } from '../../../src/credentials.ts';
import { parseEndpoint } from '../../../src/endpoint.ts';
import { createMasker } from '../../../src/secrets.ts';
import { apiToken, apiUrl, passwordMd5, username } from './samples.ts';

// Before the first test, but once the test file has loaded, which may mock what the request path imports.
beforeAll(async () => void (await import('../../../src/exabits/api.ts')));

export type Conversation = Awaited<ReturnType<typeof converse>>;

/** Opens a conversation with Exabits, for which it has credentials of both kinds. `check` is its simplest request. */
export async function converse(settings: { apiUrl?: string; timeoutMs?: number; maxAttempts?: number } = {}) {
  const { connect } = await import('../../../src/exabits/api.ts');
  const masker = createMasker(() => {});
  const { apiUrl: url = apiUrl, timeoutMs = 60_000, maxAttempts = 5 } = settings;
  const conversation = { endpoint: parseEndpoint(url), timeoutMs, maxAttempts };
  const password: Password = {
    kind: 'password',
    username,
    md5: masker.mask(passwordMd5),
    looksHashed: false,
  };
  return {
    exabits: connect(conversation, masker, () => {}),
    credential: toApiToken(masker.mask(apiToken)),
    password,
  };
}
