import { createHash } from 'node:crypto';
import type { Credential } from './credentials.ts';
import type { Configured } from './inputs.ts';

/** 128 bits of a SHA-256, in hexadecimal: enough to recognise a value, but not to recover it. */
export type Fingerprint = string;

/**
 * Computes the fingerprint of one or more texts.
 *
 * @param texts what to recognise later; their order and boundaries matter
 */
export function fingerprint(...texts: readonly string[]): Fingerprint {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 32);
}

/**
 * Identifies the account that a credential acts as, without revealing the credential. Two steps with the same host,
 * kind and username (or API token) get the same fingerprint. The tokens of a login do not name their account, so a
 * pair only matches itself.
 *
 * @param apiUrl the host that the credential is for
 * @param credential the configured credential, or the tokens obtained with it
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
