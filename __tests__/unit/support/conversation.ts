import { beforeAll } from '@jest/globals';
import { type ApiToken, toApiToken } from '../../../src/credentials.ts';
import { parseEndpoint } from '../../../src/endpoint.ts';
import type { Exabits } from '../../../src/exabits/api.ts';
import { createMasker, type Masked, type Masker } from '../../../src/job/mask.ts';
import { apiToken, apiUrl, passwordMd5 } from './samples.ts';

export interface Conversation {
  readonly exabits: Exabits;
  /** The credential that it uses. */
  readonly credential: ApiToken;
  readonly passwordMd5: Masked;
  /** The log lines about failed tries. */
  readonly retries: string[];
}

// Before the first test, but once the test file has loaded, which may mock what the request path imports.
beforeAll(async () => void (await import('../../../src/exabits/connect.ts')));

/** Opens a conversation with Exabits. `verify` is its simplest request. */
export async function converse(
  settings: { apiUrl?: string; timeoutMs?: number; maxAttempts?: number } = {},
): Promise<Conversation> {
  const { connect } = await import('../../../src/exabits/connect.ts');
  const masker: Masker = createMasker();
  const retries: string[] = [];
  const { apiUrl: url = apiUrl, timeoutMs = 60_000, maxAttempts = 5 } = settings;
  return {
    exabits: connect({ endpoint: parseEndpoint(url), timeoutMs, maxAttempts }, masker, (line) =>
      retries.push(line),
    ),
    credential: toApiToken(masker.mask(apiToken)),
    passwordMd5: masker.mask(passwordMd5),
    retries,
  };
}
