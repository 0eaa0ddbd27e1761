import { describe, expect, test } from '@jest/globals';
import { fingerprint, sourceOf } from '../../src/fingerprint.ts';
import { createMasker } from '../../src/job/mask.ts';
import { silenceOutput } from './support/output.ts';

silenceOutput();

test('a fingerprint is a truncated SHA-256 hash', () => {
  expect(fingerprint()).toBe('4f53cda18c2baa0c0354bb5f9a3ecbe5');
});

test('a fingerprint depends on how its input is split into parts', () => {
  expect(new Set([fingerprint('ab', 'c'), fingerprint('a', 'bc'), fingerprint('abc')]).size).toBe(3);
});

describe('a source', () => {
  const { mask } = createMasker();
  const url = 'https://api.example';
  const secret = mask('secret');
  const other = mask('other');
  const pair = { refreshToken: other, accessTokenExpiresAt: new Date(), refreshTokenExpiresAt: undefined };

  test('distinguishes host, kind, and username or token', () => {
    const sources = [
      sourceOf(url, { kind: 'password', username: 'secret', passwordMd5: other }),
      sourceOf(url, { kind: 'password', username: 'other', passwordMd5: other }),
      sourceOf('https://api2.example', { kind: 'password', username: 'secret', passwordMd5: other }),
      sourceOf(url, { kind: 'api-token', token: secret, expiresAt: undefined }),
      sourceOf(url, { kind: 'api-token', token: other, expiresAt: undefined }),
      sourceOf(url, { kind: 'token-pair', accessToken: secret, ...pair }),
      sourceOf(url, { kind: 'token-pair', accessToken: other, ...pair }),
    ];
    expect(new Set(sources).size).toBe(sources.length);
  });

  test('does not depend on the password, which may change', () => {
    expect(sourceOf(url, { kind: 'password', username: 'ada', passwordMd5: secret })).toBe(
      sourceOf(url, { kind: 'password', username: 'ada', passwordMd5: other }),
    );
  });
});
