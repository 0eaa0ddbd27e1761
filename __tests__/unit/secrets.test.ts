import { describe, expect, test } from '@jest/globals';
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
    const { mask } = createMasker(() => {
      throw new Error('ENOSPC');
    });
    expect(() => mask('secret')).toThrow('ENOSPC');
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

test('a fingerprint is a truncated SHA-256 hash of texts and where each of them ends', () => {
  // That of ["ab","c"].
  expect(fingerprint('ab', 'c')).toBe('825825018f58e795ae2d3d8df6a87956');
});
