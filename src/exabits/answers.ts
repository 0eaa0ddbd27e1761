import type { Account, ApiToken, TokenPair } from '../credentials.ts';
import { jwtExpiry, toApiToken, tokenDefect } from '../credentials.ts';
import type { Masked, Masker } from '../secrets.ts';
import { isObject, malformed } from './envelope.ts';
import { readId } from './token-list.ts';

/** Documented lifetimes, for tokens that do not state theirs. */
const accessTokenMs = 30 * 60 * 1000;
const refreshTokenMs = 2 * 60 * 60 * 1000;

export interface Login {
  readonly credential: TokenPair;
  readonly account: Account;
}

export interface Created {
  readonly id: string;
  readonly credential: ApiToken;
}

/**
 * Reads the answer to a login, and masks its tokens; `username` stands in for an account that it does not name.
 * Throws a Failure if a field is not what the API promises.
 */
export function readLogin(data: unknown, username: string, masker: Masker): Login {
  const read = reader('POST /authenticate/login', data, masker);
  const token = read.token('access_token');
  const refreshToken = read.token('refresh_token');
  const now = Date.now();
  return {
    credential: {
      kind: 'token-pair',
      token,
      expiresAt: jwtExpiry(token) ?? new Date(now + accessTokenMs),
      refreshToken,
      refreshTokenExpiresAt: jwtExpiry(refreshToken) ?? new Date(now + refreshTokenMs),
    },
    account: { username: read.optionalName('username') || username, email: read.optionalName('email') },
  };
}

/** Reads the answer to a creation, and masks its token. Throws a Failure if a field is not what the API promises. */
export function readCreated(data: unknown, masker: Masker): Created {
  const read = reader('POST /api-tokens', data, masker);
  return { credential: toApiToken(read.token('token')), id: read.id('id') };
}

function reader(answer: string, data: unknown, { mask, redact }: Masker) {
  if (!isObject(data)) throw malformed(answer, 'its "data" is not an object');
  return {
    token(field: string): Masked {
      const token = data[field];
      if (typeof token !== 'string') throw malformed(answer, `its "${field}" is not a string`);
      const defect = tokenDefect(token);
      // Not masked: it is never used, and masking each of its lines could garble the job's whole log.
      if (defect) throw malformed(answer, `its "${field}" ${defect}`);
      return mask(token);
    },
    id(field: string): string {
      const id = readId(data[field]);
      if (id === undefined) throw malformed(answer, `its "${field}" is not an identifier`);
      return id;
    },
    optionalName(field: string): string {
      const name = data[field] ?? '';
      if (typeof name !== 'string') throw malformed(answer, `its "${field}" is not a string`);
      return redact(name);
    },
  };
}
