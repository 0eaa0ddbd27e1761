import { describe, expect, test } from '@jest/globals';
import {
  headersOf,
  isSourceOf,
  jwtExpiry,
  type Origin,
  originFingerprint,
  type Password,
  sourceOf,
  type TokenPair,
  toApiToken,
  tokenDefect,
} from '../../src/credentials.ts';
import { createMasker, fingerprint } from '../../src/secrets.ts';
import { unsignedJwt } from '../../testbed/exabits/jwt.ts';
import { jwtUntil } from './support/samples.ts';

const { mask } = createMasker(() => {});
const expiry = new Date('2026-11-24T12:30:00Z');
const url = 'https://api.example';

const token = (text = 'token') => toApiToken(mask(text));
const password: Password = { kind: 'password', username: 'ada', md5: mask('md5'), looksHashed: false };

function pair(access = 'access'): TokenPair {
  const expiries = { expiresAt: expiry, refreshTokenExpiresAt: undefined };
  return { kind: 'token-pair', token: mask(access), refreshToken: mask('refresh'), ...expiries };
}

test('a credential from a login needs both headers, and an API token needs one', () => {
  expect(headersOf(pair())).toEqual({ Authorization: 'Bearer access', 'refresh-token': 'refresh' });

  expect(token()).toEqual({ kind: 'api-token', token: 'token', expiresAt: undefined });
  expect(headersOf(token())).toEqual({ Authorization: 'Bearer token' });
  expect(token(jwtUntil('2026-11-24T12:30:00Z')).expiresAt).toEqual(expiry);
});

describe('a source', () => {
  test.each<[string, Origin, string]>([
    ['username, whose password may change', password, fingerprint(url, 'password', 'ada')],
    ['API token', token('origin'), fingerprint(url, 'api-token', 'origin')],
    ['pair of tokens', pair(), fingerprint(url, 'token-pair', 'access', 'refresh')],
  ])('is the fingerprint of a credential, and one of it with its host and %s', (_what, origin, expected) => {
    expect(originFingerprint(url, origin)).toBe(expected);
    expect(sourceOf(token(), url, origin)).toBe(`${fingerprint('token')}.${fingerprint('token', expected)}`);
  });

  test('is about one credential', () => {
    const source = sourceOf(pair(), url, password);
    expect(isSourceOf(source, pair())).toBe(true);
    expect(isSourceOf(source, pair('other'))).toBe(false);
    expect(isSourceOf(fingerprint('token'), token())).toBe(false);
  });
});

describe('the expiry of a token', () => {
  test.each([
    [0, new Date(0)],
    [1.5, new Date(1500)],
  ])('comes from the exp of a JWT: %d', (exp, date) => {
    expect(jwtExpiry(unsignedJwt({ exp }))).toEqual(date);
  });

  test.each([
    unsignedJwt({ exp: '1795523400' }),
    unsignedJwt({ exp: 1e300 }),
    unsignedJwt(null),
    'opaque',
    'a.!!!.c',
  ])('is unknown, but no error, for any other text: %s', (text) => {
    expect(jwtExpiry(text)).toBeUndefined();
  });
});

test.each(['"', 'a"b"', '"a"b', '"a\'', '!~'])(
  'a text is a valid token if it is printable ASCII: %s',
  (text) => {
    expect(tokenDefect(text)).toBeUndefined();
  },
);

test.each([
  ['', 'is empty'],
  ['"a"', 'is in quotation marks'],
  ["'a\nb'", 'is in quotation marks'],
  ['``', 'is in quotation marks'],
  ['a\nb', 'contains a line break'],
  ['a b\rc', 'contains a line break'],
  ['a\u00a0b', 'contains a space'],
  ['\u0000b', 'contains a character that is not allowed in an HTTP header'],
  ['a\u007f', 'contains a character that is not allowed in an HTTP header'],
])('a text is not a valid token: %j %s', (text, defect) => {
  expect(tokenDefect(text)).toBe(defect);
});

test('a valid token has up to 16,384 characters', () => {
  expect(tokenDefect('x'.repeat(16_384))).toBeUndefined();
  expect(tokenDefect('x'.repeat(16_385))).toBe('is longer than 16384 characters');
});
