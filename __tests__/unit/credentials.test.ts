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
  test('of a login needs both headers', () => {
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

  test('has an account where a login told', () => {
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

describe('when a token expires', () => {
  test('is what a JWT says', () => {
    expect(jwtExpiry(unsignedJwt({ exp: expiry.getTime() / 1000 }))).toEqual(expiry);
    expect(jwtExpiry(unsignedJwt({ exp: 0 }))).toEqual(new Date(0));
    expect(jwtExpiry(unsignedJwt({ exp: 1.5 }))).toEqual(new Date(1500));
  });

  test.each<[string, unknown]>([
    ['without exp', { sub: 'ada' }],
    ['with a text', { exp: '1795523400' }],
    ['with null', { exp: null }],
    ['with a time beyond all calendars', { exp: 1e300 }],
    ['whose claims are null', null],
    ['whose claims are a list', []],
    ['whose claims are a text', 'exp'],
  ])('is not known of a JWT %s', (_what, claims) => {
    expect(jwtExpiry(unsignedJwt(claims))).toBeUndefined();
  });

  test.each(['', 'opaque', 'a.b.c', '..', 'a.!!!.c', `a.${btoa('{"exp":')}.c`])(
    'is not known of what is no JWT: %j',
    (token) => {
      expect(jwtExpiry(token)).toBeUndefined();
    },
  );

  test('is asked of any text without harm', () => {
    fc.assert(
      fc.property(anyText(), (text) => {
        jwtExpiry(text);
        jwtExpiry(`a.${text}.c`);
      }),
    );
  });
});

describe('a text can be a token', () => {
  test.each(['x', 'exa-0123456789', '!~', '"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}'])(
    'when it is printable ASCII: %s',
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
  ])('and not when it %j', (text, defect) => {
    expect(tokenDefect(text)).toBe(defect);
  });

  test('and not when it is longer than any header may be', () => {
    expect(tokenDefect('x'.repeat(16_384))).toBeUndefined();
    expect(tokenDefect('x'.repeat(16_385))).toBe('is longer than 16384 characters');
  });
});
