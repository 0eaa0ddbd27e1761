import type { Credential, SignIn } from '../credentials.ts';
import { isSourceOf, jwtExpiry, sourceOf, toApiToken, tokenDefect } from '../credentials.ts';
import { defaultApiUrl } from '../endpoint.ts';
import type { Mask } from '../secrets.ts';
import type { ConnectionInputs } from './inputs.ts';

/** A pair whose access token expires sooner is not worth reusing. */
const leastLifetimeMs = 5 * 60 * 1000;

/** A credential that was already set in the job. */
export type Existing = Pick<SignIn, 'credential' | 'source'>;

/** Why the credentials already set in the job cannot be used: the end of a sentence about them. */
export interface NotUsable {
  readonly reason: string;
}

/**
 * Finds the credential that is already set in the job, choosing as the official client would; undefined if none is set.
 * It must be for the step's host and, if the step has credentials of its own, have been made from those.
 */
export function findExisting(
  { endpoint, configured }: ConnectionInputs,
  mask: Mask,
  now: Date,
): Existing | NotUsable | undefined {
  const isPair = !variable('EXABITS_API_TOKEN');
  if (isPair && !variable('EXABITS_ACCESS_TOKEN') && !variable('EXABITS_REFRESH_TOKEN')) return undefined;
  const host = URL.parse(variable('EXABITS_API_URL') || defaultApiUrl);
  if (host?.origin !== endpoint.apiUrl) {
    return { reason: `are for ${host?.host ?? 'an unreadable address'}, not for ${endpoint.name}` };
  }
  const names = isPair ? ['EXABITS_ACCESS_TOKEN', 'EXABITS_REFRESH_TOKEN'] : ['EXABITS_API_TOKEN'];
  for (const name of names) {
    const defect = tokenDefect(variable(name));
    if (defect) return { reason: `cannot be used: ${name} ${defect}` };
  }
  const credential = isPair ? readPair(mask, now) : readApiToken(mask, now);
  if ('reason' in credential) return credential;
  const source = variable('EXABITS_AUTH_SOURCE');
  if (configured && source !== sourceOf(credential, endpoint.apiUrl, configured)) {
    return { reason: 'were not made from the inputs of this step' };
  }
  return { credential, source: isSourceOf(source, credential) ? source : '' };
}

function readApiToken(mask: Mask, now: Date): Credential | NotUsable {
  const credential = toApiToken(mask(variable('EXABITS_API_TOKEN')));
  const { expiresAt } = credential;
  return expiresAt && expiresAt <= now ? { reason: `expired at ${expiresAt.toISOString()}` } : credential;
}

function readPair(mask: Mask, now: Date): Credential | NotUsable {
  const token = mask(variable('EXABITS_ACCESS_TOKEN'));
  const refreshToken = mask(variable('EXABITS_REFRESH_TOKEN'));
  const expiresAt = jwtExpiry(token) ?? new Date(variable('EXABITS_ACCESS_TOKEN_EXPIRES_AT'));
  const lifetimeMs = expiresAt.getTime() - now.getTime();
  if (Number.isNaN(lifetimeMs)) return { reason: 'do not say when they expire' };
  if (lifetimeMs < leastLifetimeMs) {
    const verb = lifetimeMs > 0 ? 'expire in less than 5 minutes,' : 'expired';
    return { reason: `${verb} at ${expiresAt.toISOString()}` };
  }
  const refreshTokenExpiresAt = jwtExpiry(refreshToken);
  return { kind: 'token-pair', token, expiresAt, refreshToken, refreshTokenExpiresAt };
}

function variable(name: string): string {
  return process.env[name]?.trim() ?? '';
}
