import type { Account, ApiToken, TokenPair } from './credentials.ts';
import type { Exabits } from './exabits/api.ts';
import { type Configured, noCredentials } from './inputs.ts';

/** A credential as the user configured it, and whose it is where a login told. */
export type Authenticated =
  | { readonly method: 'login'; readonly credential: TokenPair; readonly account: Account }
  | { readonly method: 'api-token'; readonly credential: ApiToken };

/**
 * Turns what the user configured into a credential: logs in where that is needed.
 *
 * @param configured what to authenticate with
 * @param exabits the API
 * @returns the credential
 * @throws Failure `no-credentials`, or whatever a login throws
 */
export async function authenticate(configured: Configured, exabits: Exabits): Promise<Authenticated> {
  switch (configured.kind) {
    case 'none':
      throw noCredentials();
    case 'api-token':
      return { method: 'api-token', credential: configured };
    case 'password':
      return { method: 'login', ...(await exabits.login(configured.username, configured.passwordMd5)) };
  }
}
