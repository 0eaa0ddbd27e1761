import { type Credential, headersOf, jwtExpiry, type TokenPair, tokenDefect } from '../credentials.ts';
import { Failure } from '../failure.ts';
import type { Mask, Masked } from '../job/mask.ts';
import { oneLine } from '../text.ts';
import { isObject, malformed, Rejection } from './envelope.ts';
import type { Send } from './http.ts';

/** Lifetimes by the API's documentation, for tokens that do not say themselves. */
const accessTokenMs = 30 * 60 * 1000;
const refreshTokenMs = 2 * 60 * 60 * 1000;

const longestName = 320;

/** Who logged in, and what came of it. */
export interface Login {
  readonly credential: TokenPair;
  readonly username: string;
  readonly email: string;
}

/** The calls of the Exabits API that the action makes. Each throws a Failure. */
export interface Exabits {
  /**
   * `POST authenticate/login`.
   *
   * @param username the account
   * @param passwordMd5 the MD5 of its password, in lower-case hexadecimal digits
   */
  login(username: string, passwordMd5: Masked): Promise<Login>;
  /** `GET billing/balance`, to see whether a credential works. */
  verify(credential: Credential): Promise<void>;
}

/**
 * Makes the calls of the API over one connection.
 *
 * @param send the request path
 * @param mask makes the tokens that come back known to the runner, before anybody else sees them
 */
export function createExabits(send: Send, mask: Mask): Exabits {
  return {
    async login(username, passwordMd5) {
      const request = {
        method: 'POST',
        path: '/authenticate/login',
        body: { username, password: passwordMd5 },
      } as const;
      const { data } = await send(request).catch((thrown: unknown) => {
        throw isRefusal(thrown) ? wrongCredentials(thrown) : thrown;
      });
      return readLogin(data, username, mask);
    },

    async verify(credential) {
      await send({ method: 'GET', path: '/billing/balance', headers: headersOf(credential) });
    },
  };
}

// `status: false` comes with HTTP 200.
function isRefusal(thrown: unknown): thrown is Rejection {
  return thrown instanceof Rejection && [200, 401, 403].includes(thrown.status);
}

function wrongCredentials(rejection: Rejection): Failure {
  return new Failure(
    'wrong-credentials',
    `Exabits did not accept the username and password (${rejection.saw}). Check both secrets and that they belong to this "api-url"; if the password is stored as its MD5, set password-format: md5.`,
    { cause: rejection },
  );
}

function readLogin(data: unknown, username: string, mask: Mask): Login {
  const answer = 'POST /authenticate/login';
  if (!isObject(data)) throw malformed(answer, 'it has no "data"');

  const accessToken = readToken(answer, data, 'access_token', mask);
  const refreshToken = readToken(answer, data, 'refresh_token', mask);
  const now = Date.now();
  return {
    credential: {
      kind: 'token-pair',
      accessToken,
      refreshToken,
      accessTokenExpiresAt: jwtExpiry(accessToken) ?? new Date(now + accessTokenMs),
      refreshTokenExpiresAt: jwtExpiry(refreshToken) ?? new Date(now + refreshTokenMs),
    },
    username: readName(answer, data, 'username') || username,
    email: readName(answer, data, 'email'),
  };
}

function readToken(
  answer: string,
  data: { readonly [key: string]: unknown },
  field: string,
  mask: Mask,
): Masked {
  const token = data[field];
  if (typeof token !== 'string') throw malformed(answer, `its "${field}" is not a text`);
  const secret = mask(token);
  const defect = tokenDefect(token);
  if (defect) throw malformed(answer, `its "${field}" ${defect}`);
  return secret;
}

function readName(answer: string, data: { readonly [key: string]: unknown }, field: string): string {
  const name = data[field] ?? '';
  if (typeof name !== 'string') throw malformed(answer, `its "${field}" is not a text`);
  return oneLine(name, longestName);
}
