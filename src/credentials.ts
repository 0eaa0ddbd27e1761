import type { Fingerprint } from './fingerprint.ts';
import type { Masked } from './job/mask.ts';

/** The two tokens of a login, valid for 30 minutes and 2 hours according to the API's documentation. */
export interface TokenPair {
  readonly kind: 'token-pair';
  readonly accessToken: Masked;
  readonly refreshToken: Masked;
  readonly accessTokenExpiresAt: Date;
  /** Undefined if the pair was found in the job and the refresh token does not state its expiry. */
  readonly refreshTokenExpiresAt: Date | undefined;
}

/** A token that is valid until it is deleted, unless it states an expiry. */
export interface ApiToken {
  readonly kind: 'api-token';
  readonly token: Masked;
  readonly expiresAt: Date | undefined;
}

/** What authenticates a call. */
export type Credential = TokenPair | ApiToken;

/** The account of a credential, as reported by a login. */
export interface Account {
  readonly username: string;
  readonly email: string;
}

/** A credential, how the step got it, and what that tells us. */
export type SignIn =
  | {
      readonly method: 'login';
      readonly credential: TokenPair;
      readonly source: Fingerprint;
      readonly account: Account;
    }
  | { readonly method: 'api-token'; readonly credential: ApiToken; readonly source: Fingerprint }
  | {
      readonly method: 'ephemeral-api-token';
      readonly credential: ApiToken;
      /** The source of the credential that created the token. */
      readonly source: Fingerprint;
      readonly id: string;
      readonly name: string;
      /** Undefined if the token was created with another API token. */
      readonly account: Account | undefined;
    }
  | {
      readonly method: 'existing';
      readonly credential: Credential;
      /** Undefined if something other than this action set it. */
      readonly source: Fingerprint | undefined;
    };

/**
 * The request headers that authenticate a call. After a login, the API requires both tokens.
 *
 * @param credential what to authenticate with
 * @returns header names and values
 */
export function headersOf(credential: Credential): Record<string, string> {
  const authorization = { Authorization: `Bearer ${bearerTokenOf(credential)}` };
  if (credential.kind === 'api-token') return authorization;
  return { ...authorization, 'refresh-token': credential.refreshToken };
}

/** The token that goes into the `Authorization` header. */
export function bearerTokenOf(credential: Credential): Masked {
  return credential.kind === 'api-token' ? credential.token : credential.accessToken;
}

/** When the token in the `Authorization` header expires, if known. */
export function expiryOf(credential: Credential): Date | undefined {
  return credential.kind === 'api-token' ? credential.expiresAt : credential.accessTokenExpiresAt;
}

/** The account of a sign-in, if known. */
export function accountOf(signIn: SignIn): Account | undefined {
  return 'account' in signIn ? signIn.account : undefined;
}

/**
 * Makes a credential from an API token, which may be a JWT with its own expiry.
 *
 * @param token the token, without `Bearer`
 */
export function toApiToken(token: Masked): ApiToken {
  return { kind: 'api-token', token, expiresAt: jwtExpiry(token) };
}

/**
 * Reads a token's expiry from the token itself.
 *
 * @param token any token; one that is not a JWT is fine
 * @returns the JWT's `exp` (RFC 7519: seconds since the epoch), or undefined if there is none
 */
export function jwtExpiry(token: string): Date | undefined {
  try {
    const [, claims = ''] = token.split('.');
    const { exp }: { exp?: unknown } = JSON.parse(Buffer.from(claims, 'base64url').toString());
    if (typeof exp !== 'number') return undefined;
    const expiry = new Date(exp * 1000);
    return Number.isNaN(expiry.getTime()) ? undefined : expiry;
  } catch {
    return undefined;
  }
}

const longestToken = 16_384;

/**
 * Explains why a text cannot be sent as a token in an HTTP header.
 *
 * @param token the text
 * @returns the reason as the end of a sentence, or undefined if the text is fine
 */
export function tokenDefect(token: string): string | undefined {
  if (token === '') return 'is empty';
  if (/[\r\n]/.test(token)) return 'contains a line break';
  if (/\s/.test(token)) return 'contains a space';
  if (!/^[\x21-\x7e]+$/.test(token)) return 'contains a character that is not allowed in an HTTP header';
  if (token.length > longestToken) return `is longer than ${longestToken} characters`;
  return undefined;
}
