import { unsignedJwt } from '../../../testbed/exabits/jwt.ts';
import { md5 } from '../../../testbed/exabits/md5.ts';

export const apiUrl = 'https://gpu-api.exascalelabs.ai';

export const username = 'ada';
export const password = 'correct horse battery staple';
export const passwordMd5 = md5(password);
export const email = 'ada@example.com';
export const apiToken = 'exa-0123456789-long-lived-api-token';
export const ephemeralToken = 'exa-9876543210-made-for-one-job';

/** The inputs of a workflow that logs in. */
export const loginInputs = { username, password };

/** An answer that reports success. */
export function yes(data: unknown = null, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { status: true, message: 'success', data, ...more };
}

/** An answer that reports a failure. */
export function no(message: string): Record<string, unknown> {
  return { status: false, message, data: null };
}

/** A JWT with nothing but an expiry. */
export function jwtUntil(expiry: string): string {
  return unsignedJwt({ exp: Date.parse(expiry) / 1000 });
}
