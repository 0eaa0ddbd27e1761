import { type Credential, jwtExpiry, toApiToken, tokenDefect } from './credentials.ts';
import { defaultApiUrl, type Endpoint, parseEndpoint } from './endpoint.ts';
import { type Fingerprint, sourceOf } from './fingerprint.ts';
import type { Mask } from './job/mask.ts';

/** A pair is not worth reusing if its access token expires sooner than this. */
const leastLifetimeMs = 5 * 60 * 1000;

/** A credential found in the job's environment. */
export interface Carried {
  readonly credential: Credential;
  /** Its source, if a step of this action set it and nothing has replaced it since. */
  readonly source: Fingerprint | undefined;
  /** Whether it may have this source, as far as the environment tells. */
  readonly mayBeFrom: (source: Fingerprint) => boolean;
}

/**
 * Finds the credential in the job's environment, choosing as the official client would.
 *
 * @param endpoint the deployment it must be for
 * @param mask masks its tokens
 * @param now the current time
 * @returns an API token that has not expired, or a pair with an access token valid for at least 5 more minutes;
 *   undefined if there is neither
 */
export function carriedCredential(endpoint: Endpoint, mask: Mask, now: Date): Carried | undefined {
  if (!isFor(endpoint)) return undefined;
  const credential = variable('EXABITS_API_TOKEN') ? carriedApiToken(mask, now) : carriedPair(mask, now);
  return credential && { credential, ...originOf(sourceOf(endpoint.apiUrl, credential)) };
}

// A source alone proves nothing: the fingerprint ties it to the credential beside it.
function originOf(carried: Fingerprint): Pick<Carried, 'source' | 'mayBeFrom'> {
  const source = variable('EXABITS_AUTH_SOURCE');
  const exported = variable('EXABITS_AUTH_FINGERPRINT');
  const isReplaced = exported !== '' && exported !== carried;
  return {
    source: (exported === carried && source) || undefined,
    mayBeFrom: (other) => !isReplaced && (source === '' || source === other),
  };
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
  // Negated, so that an invalid date (NaN) fails too.
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
