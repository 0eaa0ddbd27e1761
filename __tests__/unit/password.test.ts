import { createHash } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { md5 } from '../../testbed/exabits/md5.ts';
import { username } from './support/exabits.ts';
import { failureOf } from './support/failure.ts';
import { inputsOf } from './support/inputs.ts';

async function sent(password: string, format = 'plain'): Promise<unknown> {
  const { configured } = await inputsOf({ username, password, 'password-format': format });
  return configured.kind === 'password' ? configured.passwordMd5 : undefined;
}

describe('a password', () => {
  test('is sent as its MD5 in lower-case hex', async () => {
    expect(await sent('password')).toBe('5f4dcc3b5aa765d61d8327deb882cf99');
  });

  test('with non-ASCII characters is hashed as UTF-8', async () => {
    const hash = createHash('md5')
      .update(Buffer.from([0x70, 0xc3, 0xa4, 0xe2, 0x82, 0xac]))
      .digest('hex');
    expect(await sent('pä€')).toBe(hash);
  });

  test('keeps surrounding spaces', async () => {
    expect(await sent(' two words ')).toBe(md5(' two words '));
  });

  test('may consist of spaces only', async () => {
    expect(await sent('   ')).toBe(md5('   '));
  });

  test.each([
    ['a line feed', 'secret\n'],
    ['a carriage return and a line feed', 'secret\r\n'],
    ['several line feeds', 'secret\n\n'],
  ])('loses line breaks at its end: %s', async (_what, stored) => {
    expect(await sent(stored)).toBe(md5('secret'));
  });

  test('keeps other line breaks', async () => {
    expect(await sent('first\nsecond\n')).toBe(md5('first\nsecond'));
    expect(await sent('\nsecret')).toBe(md5('\nsecret'));
  });

  test('that looks like a hash is still hashed', async () => {
    const hash = md5('secret');
    expect(await sent(hash)).toBe(md5(hash));
  });
});

describe('a password stored as its MD5', () => {
  const hash = md5('secret');

  test('is sent as it is', async () => {
    expect(await sent(hash, 'md5')).toBe(hash);
  });

  test('may be in upper case with surrounding white space, but is sent in lower case', async () => {
    expect(await sent(` ${hash.toUpperCase()} \n`, 'md5')).toBe(hash);
  });

  test.each([
    ['too short', hash.slice(1)],
    ['too long', `${hash}0`],
    ['not hexadecimal', `g${hash.slice(1)}`],
    ['not a hash', 'secret'],
    ['two hashes', `${hash}\n${hash}`],
  ])('is refused without being quoted if it is %s', async (_what, wrong) => {
    const failure = await failureOf(() => sent(wrong, 'md5'));
    expect(failure.code).toBe('invalid-input');
    expect(failure.message).toMatch(/"password" must be an MD5 hash \(32 hexadecimal digits\)/);
    expect(failure.message).not.toContain(wrong);
  });
});
