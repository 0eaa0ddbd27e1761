import { describe, expect, jest, test } from '@jest/globals';
import { createMasker, fingerprint, type Masker } from '../../src/secrets.ts';

/** A masker that knows some secrets, and what the runner was told. */
function maskerOf(...secrets: string[]): Masker & { told: string[] } {
  const told: string[] = [];
  const masker = createMasker((secret) => told.push(secret));
  for (const secret of secrets) expect(masker.mask(secret)).toBe(secret);
  return { ...masker, told };
}

describe('the runner is told to mask', () => {
  test.each([
    ['a secret, once', ['one', 'two', 'one'], ['one', 'two']],
    ['each line of a secret', ['first\r\n\nsecond'], ['first\r\n\nsecond', 'first', 'second']],
    ['a secret with and without the spaces around it', [' a b '], [' a b ', 'a b']],
    ['nothing blank, which it would refuse', ['', ' ', '\n', 'a\n \n'], ['a\n \n', 'a']],
  ])('%s', (_what, secrets, told) => {
    expect(maskerOf(...secrets).told).toEqual(told);
  });

  test('or the secret is not used', () => {
    const tell = jest.fn(() => {
      throw new Error('ENOSPC');
    });
    expect(() => createMasker(tell).mask('secret')).toThrow('ENOSPC');
  });
});

describe('redacting text', () => {
  test.each([
    ['removes every secret in it', ['s3cret', 'other'], 'other, s3crets3cret', '***, ******'],
    ['removes the longer of two secrets', ['pass', 'password', 'word'], 'password', '***'],
    ['removes a secret with line breaks', ['a line\nand another'], 'a line\nand another', '***'],
    ['makes one line of it', [], 'one\n::error::two\u001b[0m', 'one ::error::two [0m'],
  ])('%s', (_what, secrets, text, redacted) => {
    expect(maskerOf(...secrets).redact(text)).toBe(redacted);
  });

  test('removes secrets that are masked later', () => {
    const { mask, redact } = maskerOf('first');
    expect(redact('first second')).toBe('*** second');
    mask('second');
    expect(redact('first second')).toBe('*** ***');
  });

  test('leaves it out if it is longer than 1,000 characters', () => {
    const { redact } = maskerOf('secret');
    expect(redact('x'.repeat(1000))).toBe('x'.repeat(1000));
    expect(redact(`secret${'x'.repeat(995)}`)).toBe('a message of 1,001 characters');
  });
});

describe('a fingerprint', () => {
  test('is a truncated SHA-256 hash', () => {
    expect(fingerprint()).toBe('4f53cda18c2baa0c0354bb5f9a3ecbe5');
  });

  test('depends on how its input is split into parts', () => {
    expect(new Set([fingerprint('ab', 'c'), fingerprint('a', 'bc'), fingerprint('abc')]).size).toBe(3);
  });
});
