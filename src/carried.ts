import { type Credential, jwtExpiry, toApiToken, tokenDefect } from './credentials.ts';
import { defaultApiUrl, type Endpoint, parseEndpoint } from './endpoint.ts';
import { type Fingerprint, sourceOf } from './fingerprint.ts';
import type { Mask } from './job/mask.ts';

/** A pair whose access token would die sooner than this is not worth handing on. */
const leastLifetimeMs = 5 * 60 * 1000;

/** A credential that the job's environment carries. */
export interface Carried {
  readonly credential: Credential;
  /** Whom it acts as, where a step of this action has set it. */
  readonly source: Fingerprint | undefined;
  /** Whether a step of this action had set another one, and something else has put this one in its place. */
  readonly isReplacement: boolean;
}

/**
 * Finds the credential that the job's environment carries, as the official client would choose it.
 *
 * @param endpoint the deployment it must be for
 * @param mask makes its tokens known to the runner again
 * @param now the current time
 * @returns an API token that has not expired, or a pair whose access token lives for 5 more minutes at least;
 *   undefined when the job carries neither
 */
export function carriedCredential(endpoint: Endpoint, mask: Mask, now: Date): Carried | undefined {
  if (!isFor(endpoint)) return undefined;
  const credential = variable('EXABITS_API_TOKEN') ? carriedApiToken(mask, now) : carriedPair(mask, now);
  if (!credential) return undefined;
  const handedOn = variable('EXABITS_AUTH_FINGERPRINT');
  const isReplacement = handedOn !== '' && handedOn !== sourceOf(endpoint.apiUrl, credential);
  const source = isReplacement ? undefined : variable('EXABITS_AUTH_SOURCE') || undefined;
  return { credential, source, isReplacement };
}

function carriedApiToken(mask: Mask, now: Date): Credential | undefined {
  const token = variable('EXABITS_API_TOKEN');
  if (tokenDefect(token)) return undefined;
  const credential = toApiToken(mask(token));
  return credential.expiresAt && credential.expiresAt <= now ? undefined : credential;
}

function carriedPair(mask: Mask, now: Date): Credential | undefined {
  const accessToken = variable('EXABITS_ACCESS_TOKEN');
  const refreshToken = variable('EXABITS_REFRESH_TOKEN');
  if (tokenDefect(accessToken) || tokenDefect(refreshToken)) return undefined;
  const accessTokenExpiresAt =
    jwtExpiry(accessToken) ?? new Date(variable('EXABITS_ACCESS_TOKEN_EXPIRES_AT'));
  const lifetimeMs = accessTokenExpiresAt.getTime() - now.getTime();
  // Also where the time is no time at all.
  if (!(lifetimeMs >= leastLifetimeMs)) return undefined;
  return {
    kind: 'token-pair',
    accessToken: mask(accessToken),
    refreshToken: mask(refreshToken),
    accessTokenExpiresAt,
    refreshTokenExpiresAt: jwtExpiry(refreshToken),
  };
}

function isFor(endpoint: Endpoint): boolean {
  try {
    return parseEndpoint(variable('EXABITS_API_URL') || defaultApiUrl).apiUrl === endpoint.apiUrl;
  } catch {
    return false;
  }
}

function variable(name: string): string {
  return process.env[name]?.trim() ?? '';
}
