import { beforeAll } from '@jest/globals';
import { type ApiToken, toApiToken } from '../../../src/credentials.ts';
import { parseEndpoint } from '../../../src/endpoint.ts';
import type { Exabits } from '../../../src/exabits/api.ts';
import { createMasker, type Masked, type Masker } from '../../../src/job/mask.ts';
import { apiToken, apiUrl, passwordMd5 } from './samples.ts';

export interface Conversation {
  readonly exabits: Exabits;
  /** What it is authenticated with. */
  readonly credential: ApiToken;
  readonly passwordMd5: Masked;
  /** The lines about tries that failed. */
  readonly retries: string[];
}

// Before the first test, and after the whole of the test's file, which may replace what the request path imports.
beforeAll(async () => void (await import('../../../src/exabits/connect.ts')));

/** Opens a conversation with Exabits, of which `verify` is the simplest request. */
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
