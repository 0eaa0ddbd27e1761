import { describe, expect, test } from '@jest/globals';
import {
  type Credential,
  headersOf,
  isSourceOf,
  jwtExpiry,
  type Origin,
  originFingerprint,
  sourceOf,
  toApiToken,
  tokenDefect,
} from '../../src/credentials.ts';
import { createMasker, fingerprint } from '../../src/secrets.ts';
import { unsignedJwt } from '../../testbed/exabits/jwt.ts';
import { jwtUntil } from './support/samples.ts';

const { mask } = createMasker(() => {});
const expiry = new Date('2026-11-24T12:30:00Z');
const url = 'https://api.example';

function pair(access = 'access', refresh = 'refresh') {
  return {
    kind: 'token-pair',
    token: mask(access),
    expiresAt: expiry,
    refreshToken: mask(refresh),
    refreshTokenExpiresAt: undefined,
  } as const;
}

const token = (text = 'token') => toApiToken(mask(text));

function password(username: string, md5 = 'md5') {
  return { kind: 'password', username, md5: mask(md5), looksHashed: false } as const;
}

test('a credential from a login needs both headers, and an API token needs one', () => {
  expect(headersOf(pair())).toEqual({ Authorization: 'Bearer access', 'refresh-token': 'refresh' });

  expect(token()).toEqual({ kind: 'api-token', token: 'token', expiresAt: undefined });
  expect(headersOf(token())).toEqual({ Authorization: 'Bearer token' });
  expect(token(jwtUntil('2026-11-24T12:30:00Z')).expiresAt).toEqual(expiry);
});

describe('a source', () => {
  test('is the fingerprint of a credential, and one of it with its origin', () => {
    const origin = fingerprint(url, 'password', 'ada');
    expect(originFingerprint(url, password('ada'))).toBe(origin);
    expect(sourceOf(pair(), url, password('ada'))).toBe(
      `${fingerprint('access', 'refresh')}.${fingerprint('access', 'refresh', origin)}`,
    );
    expect(sourceOf(token(), url, token())).toBe(
      `${fingerprint('token')}.${fingerprint('token', fingerprint(url, 'api-token', 'token'))}`,
    );
  });

  test('tells credentials, hosts, kinds, and usernames or tokens apart', () => {
    const cases: [Credential, string, Origin][] = [
      [token(), url, password('ada')],
      [token(), url, password('other')],
      [token(), 'https://api2.example', password('ada')],
      [token(), url, token('ada')],
      [token(), url, pair()],
      [token(), url, pair('access', 'other')],
      [pair('access', 'other'), url, password('ada')],
    ];
    expect(new Set(cases.map((one) => sourceOf(...one))).size).toBe(cases.length);
  });

  test('does not depend on the password, which may change', () => {
    const [before, after] = [password('ada', 'one'), password('ada', 'two')];
    expect(sourceOf(token(), url, before)).toBe(sourceOf(token(), url, after));
  });

  test('is about one credential', () => {
    const source = sourceOf(pair(), url, password('ada'));
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
