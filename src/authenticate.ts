import type { SignIn } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';
import type { Exabits } from './exabits/api.ts';
import { sourceOf } from './fingerprint.ts';
import { type Configured, noCredentials } from './inputs.ts';

/**
 * Turns the configured input into a credential, logging in if necessary.
 *
 * @param configured what to authenticate with
 * @param endpoint the deployment it is for
 * @param exabits the API of that deployment
 * @returns the credential
 * @throws Failure `no-credentials`, or whatever a login throws
 */
export async function authenticate(
  configured: Configured,
  { apiUrl }: Endpoint,
  exabits: Exabits,
): Promise<Extract<SignIn, { method: 'login' | 'api-token' }>> {
  switch (configured.kind) {
    case 'none':
      throw noCredentials();
    case 'api-token':
      return { method: 'api-token', credential: configured, source: sourceOf(apiUrl, configured) };
    case 'password': {
      const login = await exabits.login(configured.username, configured.passwordMd5);
      return { method: 'login', ...login, source: sourceOf(apiUrl, configured) };
    }
  }
}
