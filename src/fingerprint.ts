import { createHash } from 'node:crypto';
import type { Credential } from './credentials.ts';
import type { Configured } from './inputs.ts';

/** 128 bits of a SHA-256, in hexadecimal digits: enough to know a value again, and nothing to read it from. */
export type Fingerprint = string;

/**
 * Takes the fingerprint of one or more texts.
 *
 * @param texts what to know again; their order and their borders count
 */
export function fingerprint(...texts: readonly string[]): Fingerprint {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 32);
}

/**
 * Says whom a credential acts as, without saying what it is. Two steps with the same host, kind and username (or API
 * token) get the same fingerprint. The tokens of a login do not say whose they are, so they only know themselves again.
 *
 * @param apiUrl the host that the credential is for
 * @param credential what was configured, or what came of it
 */
export function sourceOf(
  apiUrl: string,
  credential: Exclude<Configured, { kind: 'none' }> | Credential,
): Fingerprint {
  switch (credential.kind) {
    case 'password':
      return fingerprint(apiUrl, credential.kind, credential.username);
    case 'api-token':
      return fingerprint(apiUrl, credential.kind, credential.token);
    case 'token-pair':
      return fingerprint(apiUrl, credential.kind, credential.accessToken, credential.refreshToken);
  }
}
