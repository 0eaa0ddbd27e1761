import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import {
  accountOf,
  bearerTokenOf,
  type Credential,
  expiryOf,
  headersOf,
  jwtExpiry,
  type SignIn,
  tokenDefect,
} from '../../src/credentials.ts';
import { createMasker } from '../../src/job/mask.ts';
import { unsignedJwt } from '../../testbed/exabits/jwt.ts';
import { anyText } from './support/any-text.ts';
import { silenceOutput } from './support/output.ts';

silenceOutput();

const expiry = new Date('2026-11-24T12:30:00Z');

function pair(): Credential & { kind: 'token-pair' } {
  const { mask } = createMasker();
  return {
    kind: 'token-pair',
    accessToken: mask('access'),
    refreshToken: mask('refresh'),
    accessTokenExpiresAt: expiry,
    refreshTokenExpiresAt: undefined,
  };
}

function apiToken(): Credential & { kind: 'api-token' } {
  return { kind: 'api-token', token: createMasker().mask('token'), expiresAt: undefined };
}

describe('a credential', () => {
  test('from a login needs both headers', () => {
    expect(headersOf(pair())).toEqual({ Authorization: 'Bearer access', 'refresh-token': 'refresh' });
    expect(bearerTokenOf(pair())).toBe('access');
    expect(expiryOf(pair())).toBe(expiry);
  });

  test('that is an API token needs one', () => {
    expect(headersOf(apiToken())).toEqual({ Authorization: 'Bearer token' });
    expect(bearerTokenOf(apiToken())).toBe('token');
    expect(expiryOf(apiToken())).toBeUndefined();
    expect(expiryOf({ ...apiToken(), expiresAt: expiry })).toBe(expiry);
  });

  test('has an account if a login returned one', () => {
    const account = { username: 'ada', email: '' };
    const signIns: SignIn[] = [
      { method: 'login', source: '', credential: pair(), account },
      { method: 'ephemeral-api-token', source: '', credential: apiToken(), id: '1', name: 'x', account },
      {
        method: 'ephemeral-api-token',
        source: '',
        credential: apiToken(),
        id: '1',
        name: 'x',
        account: undefined,
      },
      { method: 'api-token', source: '', credential: apiToken() },
      { method: 'existing', source: '', credential: pair() },
    ];
    expect(signIns.map(accountOf)).toEqual([account, account, undefined, undefined, undefined]);
  });
});

describe('the expiry of a token', () => {
  test('comes from the exp of a JWT', () => {
    expect(jwtExpiry(unsignedJwt({ exp: expiry.getTime() / 1000 }))).toEqual(expiry);
    expect(jwtExpiry(unsignedJwt({ exp: 0 }))).toEqual(new Date(0));
    expect(jwtExpiry(unsignedJwt({ exp: 1.5 }))).toEqual(new Date(1500));
  });

  test.each<[string, unknown]>([
    ['without exp', { sub: 'ada' }],
    ['with a string as exp', { exp: '1795523400' }],
    ['with null as exp', { exp: null }],
    ['with an exp beyond the range of dates', { exp: 1e300 }],
    ['whose claims are null', null],
    ['whose claims are an array', []],
    ['whose claims are a string', 'exp'],
  ])('is unknown for a JWT %s', (_what, claims) => {
    expect(jwtExpiry(unsignedJwt(claims))).toBeUndefined();
  });

  test.each(['', 'opaque', 'a.b.c', '..', 'a.!!!.c', `a.${btoa('{"exp":')}.c`])(
    'is unknown if the token is not a JWT: %j',
    (token) => {
      expect(jwtExpiry(token)).toBeUndefined();
    },
  );

  test('can be read from any string without an error', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        jwtExpiry(text);
        jwtExpiry(`a.${text}.c`);
      }),
    );
  });
});

describe('a string', () => {
  test.each(['x', 'exa-0123456789', '!~', '"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}'])(
    'is a valid token if it is printable ASCII: %s',
    (text) => {
      expect(tokenDefect(text)).toBeUndefined();
    },
  );

  test.each([
    ['', 'is empty'],
    ['a\nb', 'contains a line break'],
    ['a b\rc', 'contains a line break'],
    ['a b', 'contains a space'],
    ['a\tb', 'contains a space'],
    ['a\u00a0b', 'contains a space'],
    ['a\u0000b', 'contains a character that is not allowed in an HTTP header'],
    ['a\u007fb', 'contains a character that is not allowed in an HTTP header'],
    ['ä', 'contains a character that is not allowed in an HTTP header'],
  ])('is not a valid token: %j %s', (text, defect) => {
    expect(tokenDefect(text)).toBe(defect);
  });

  test('is not a valid token if it is too long for a header', () => {
    expect(tokenDefect('x'.repeat(16_384))).toBeUndefined();
    expect(tokenDefect('x'.repeat(16_385))).toBe('is longer than 16384 characters');
  });
});
