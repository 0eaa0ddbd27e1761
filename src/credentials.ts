import { type Fingerprint, fingerprint, type Masked } from './secrets.ts';

/** The two tokens of a login, valid for 30 minutes and 2 hours according to the API's documentation. */
export interface TokenPair {
  readonly kind: 'token-pair';
  /** The access token. */
  readonly token: Masked;
  readonly expiresAt: Date;
  readonly refreshToken: Masked;
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

/** A username and the MD5 of its password (lower-case hexadecimal digits), which a login turns into a `TokenPair`. */
export interface Password {
  readonly kind: 'password';
  readonly username: string;
  readonly md5: Masked;
  /** Whether the password was given as it is, but looks like an MD5. */
  readonly looksHashed: boolean;
}

/** What a user can configure to sign in with. */
export type Configured = Password | ApiToken;

/** What a credential was made from; a configured API token is made from itself. */
export type Origin = Configured | Credential;

/** What a login says about the account. */
export interface Account {
  readonly username: string;
  readonly email: string;
}

/** A credential, how the step got it, and what that tells us. */
export type SignIn = {
  readonly credential: Credential;
  /** The value of `EXABITS_AUTH_SOURCE`; empty if something other than this action set the credential. */
  readonly source: string;
  /** From the login of this step, if there was one. */
  readonly account?: Account | undefined;
} & (
  | { readonly method: 'login'; readonly account: Account }
  | { readonly method: 'ephemeral-api-token'; readonly id: string; readonly name: string }
  | { readonly method: 'api-token' | 'existing' }
);

/** The request headers that authenticate a call. After a login, the API requires both tokens. */
export function headersOf(credential: Credential): Record<string, string> {
  const authorization = { Authorization: `Bearer ${credential.token}` };
  if (credential.kind === 'api-token') return authorization;
  return { ...authorization, 'refresh-token': credential.refreshToken };
}

/**
 * The value of `EXABITS_AUTH_SOURCE`: the fingerprint of a credential, a dot, and that of credential, host and origin.
 * The credential is in both, so neither helps to guess a username.
 */
export function sourceOf(credential: Credential, apiUrl: string, origin: Origin): string {
  const tokens = tokensOf(credential);
  return `${fingerprint(...tokens)}.${fingerprint(...tokens, originFingerprint(apiUrl, origin))}`;
}

/** Whether a source is about this credential, and not about one that has been replaced since. */
export function isSourceOf(source: string, credential: Credential): boolean {
  return source.startsWith(`${fingerprint(...tokensOf(credential))}.`);
}

/** Recognises what a credential was made from. A changed password is still the same account. */
export function originFingerprint(apiUrl: string, origin: Origin): Fingerprint {
  const identity = origin.kind === 'password' ? [origin.username] : tokensOf(origin);
  return fingerprint(apiUrl, origin.kind, ...identity);
}

function tokensOf(credential: Credential): string[] {
  return credential.kind === 'api-token' ? [credential.token] : [credential.token, credential.refreshToken];
}

/** Makes a credential from an API token, without `Bearer`. */
export function toApiToken(token: Masked): ApiToken {
  return { kind: 'api-token', token, expiresAt: jwtExpiry(token) };
}

/** When a token expires, if it is a JWT that says so (`exp`, RFC 7519: seconds since the epoch). */
export function jwtExpiry(token: string): Date | undefined {
  try {
    const [, claims = ''] = token.split('.');
    const { exp }: { exp?: unknown } = JSON.parse(Buffer.from(claims, 'base64url').toString());
    const expiry = new Date(typeof exp === 'number' ? exp * 1000 : Number.NaN);
    return Number.isNaN(expiry.getTime()) ? undefined : expiry;
  } catch {
    return undefined;
  }
}

const longestToken = 16_384;

/** Why a text cannot be sent as a token in an HTTP header, as the end of a sentence; undefined if it can. */
export function tokenDefect(token: string): string | undefined {
  if (token === '') return 'is empty';
  if (/^(["'`]).*\1$/s.test(token)) return 'is in quotation marks';
  if (/[\r\n]/.test(token)) return 'contains a line break';
  if (/\s/.test(token)) return 'contains a space';
  if (!/^[\x21-\x7e]+$/.test(token)) return 'contains a character that is not allowed in an HTTP header';
  return token.length > longestToken ? `is longer than ${longestToken} characters` : undefined;
}
