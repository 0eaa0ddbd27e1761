import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { createMasker, type Masker } from '../../src/job/mask.ts';
import { anyText } from './support/any-text.ts';
import { failureOf } from './support/failure.ts';
import { captureOutput } from './support/output.ts';

async function maskOf(...secrets: string[]): Promise<Masker & { lines: string[] }> {
  const masker = createMasker();
  const { lines } = await captureOutput(() => secrets.forEach((secret) => void masker.mask(secret)));
  return { ...masker, lines };
}

describe('a secret is masked', () => {
  test('with add-mask, and returned unchanged', async () => {
    const { mask } = createMasker();
    let masked: string | undefined;
    const { lines } = await captureOutput(() => {
      masked = mask('s3cret');
    });
    expect(lines).toEqual(['::add-mask::s3cret']);
    expect(masked).toBe('s3cret');
  });

  test('only once', async () => {
    expect((await maskOf('one', 'two', 'one')).lines).toEqual(['::add-mask::one', '::add-mask::two']);
  });

  test('as a whole and line by line if it has several lines', async () => {
    expect((await maskOf('first\r\n\nsecond')).lines).toEqual([
      '::add-mask::first%0D%0A%0Asecond',
      '::add-mask::first',
      '::add-mask::second',
    ]);
  });

  test('unless it is blank, which the runner would refuse', async () => {
    expect((await maskOf('', ' ', '\n', 'a\n \n')).lines).toEqual(['::add-mask::a%0A %0A', '::add-mask::a']);
  });

  test('with and without the spaces around it', async () => {
    expect((await maskOf(' two words ')).lines).toEqual(['::add-mask:: two words ', '::add-mask::two words']);
  });
});

describe('redacting text removes', () => {
  test('the secrets in it', async () => {
    const { redact } = await maskOf('s3cret', 'other');
    expect(redact('"s3cret" and "other" and s3crets3cret')).toBe('"***" and "***" and ******');
  });

  test('secrets that are masked later', async () => {
    const masker = createMasker();
    await captureOutput(() => masker.mask('first'));
    expect(masker.redact('first second')).toBe('*** second');
    await captureOutput(() => masker.mask('second'));
    expect(masker.redact('first second')).toBe('*** ***');
  });

  test('a secret in the encodings that servers and proxies echo', async () => {
    const secret = 'pass/word+100%';
    const { redact } = await maskOf(secret);
    expect(redact(`?q=${encodeURIComponent(secret)}`)).toBe('?q=***');
    expect(redact(`Basic ${Buffer.from(secret).toString('base64')}`)).toBe('Basic ***');
    expect(redact(JSON.stringify({ secret }))).toBe('{"secret":"***"}');
  });

  test.each<[string, string]>([
    ['percent-encoding in lower case', 'pass%2fword%2b1%3c%3e%26%27%22%5c%c3%a9%20'],
    ['percent-encoding with unescaped marks', "pass%2Fword%2B1%3C%3E%26'%22%5C%C3%A9%20"],
    ['a form (application/x-www-form-urlencoded)', 'pass%2Fword%2B1%3C%3E%26%27%22%5C%C3%A9+'],
    ['a form in lower case', 'pass%2fword%2b1%3c%3e%26%27%22%5c%c3%a9+'],
    ['JSON with escaped slashes', 'pass\\/word+1<>&\'\\"\\\\é '],
    ['JSON as Go writes it', 'pass/word+1\\u003c\\u003e\\u0026\'\\"\\\\é '],
    ['JSON in ASCII, as Python writes it', 'pass/word+1<>&\'\\"\\\\\\u00e9 '],
    ['JSON as PHP writes it', 'pass\\/word+1<>&\'\\"\\\\\\u00e9 '],
    ['percent-encoding as encodeURI writes it', "pass/word+1%3C%3E&'%22%5C%C3%A9%20"],
    ['percent-encoding with a plus for a space', "pass%2Fword%2B1%3C%3E%26'%22%5C%C3%A9+"],
    ['JSON in ASCII with escaped HTML', 'pass/word+1\\u003c\\u003e\\u0026\'\\"\\\\\\u00e9 '],
    ['JSON as PHP writes it for HTML', 'pass\\/word+1\\u003C\\u003E\\u0026\\u0027\\u0022\\\\\\u00E9 '],
    ['JSON within JSON', JSON.stringify(JSON.stringify('pass/word+1<>&\'"\\é ').slice(1, -1)).slice(1, -1)],
    ['a URL within JSON', "pass\\u002fword+1%3c>&'%22%5c%C3%A9%20"],
    ['the log of a web server', "pass\\x2fword\\x2B1<>&'\\x22\\x5C\\xC3\\xA9 "],
    ['HTML', 'pass/word&#43;1&lt;&gt;&amp;&#x27;&quot;\\&#233; '],
    ['JSON as .NET writes it', 'pass/word\\u002B1\\u003C\\u003E\\u0026\\u0027\\u0022\\\\\\u00E9 '],
  ])('a secret in %s', async (_how, quoted) => {
    const { redact } = await maskOf('pass/word+1<>&\'"\\é ');
    expect(redact(`it was: ${quoted}.`)).toBe('it was: ***.');
  });

  test('a secret that JSON escapes', async () => {
    const { redact } = await maskOf('say "hello\\world"');
    expect(redact(JSON.stringify('say "hello\\world"'))).toBe('"***"');
  });

  test.each(['base64', 'base64url'] as const)('a secret in the middle of %s text', async (encoding) => {
    const secret = 'correct>>>horse???battery~~~staple';
    const { redact } = await maskOf(secret);
    for (const before of ['', 'a', 'ab', 'abc', 'user:']) {
      const text = redact(Buffer.from(`${before}${secret}@after`).toString(encoding));
      expect(text).toContain('***');
      const rest = Buffer.from(text.replaceAll('***', ''), encoding).toString('latin1');
      expect(rest).not.toMatch(/horse|battery/);
      expect(text.length).toBeLessThan(30);
    }
  });

  test('a secret with spaces in a form', async () => {
    const { redact } = await maskOf('correct horse&battery');
    expect(redact('password=correct+horse%26battery')).toBe('password=***');
  });

  test('a secret of seven bytes in base64', async () => {
    const { redact } = await maskOf('abcdefg');
    expect(redact(btoa('xyzabcdefghi'))).toBe('eHl6***Z2hp');
  });

  test('no text that only resembles a short secret in base64', async () => {
    const { redact } = await maskOf('abcd');
    expect(redact('YWJj is part of many a text')).toBe('YWJj is part of many a text');
  });

  test('a secret with changed white space', async () => {
    const { redact } = await maskOf('two words');
    expect(redact('two\n  words')).toBe('***');
    expect(redact('two\u200bwords')).toBe('***');
  });

  test('a secret with line breaks', async () => {
    const { redact } = await maskOf('first line\nsecond line');
    expect(redact('it was: first line\nsecond line')).toBe('it was: ***');
    expect(redact('it was: second line')).toBe('it was: ***');
  });

  test('the longer of two secrets if it begins with the other', async () => {
    const { redact } = await maskOf('pass', 'password-of-ada');
    expect(redact('password-of-ada')).toBe('***');
  });

  test('a secret before the text is cut, so that no part of it is left', async () => {
    const { redact } = await maskOf('0123456789');
    const text = redact(`${'x'.repeat(295)}0123456789`);
    expect(text).toBe(`${'x'.repeat(295)}***`);
  });

  test('a secret that is not a well-formed string', async () => {
    const { redact } = await maskOf('half \ud83d a pair');
    expect(redact('it was half \ud83d a pair')).toBe('it was ***');
  });

  test('unprintable characters', async () => {
    const { redact } = await maskOf();
    expect(redact('one\n::error::two\u001b[0m')).toBe('one ::error::two [0m');
  });

  test('everything beyond 64 KiB, before the search', async () => {
    const { redact } = await maskOf('0123456789');
    expect(redact(`${' '.repeat(65_536 - 10)}0123456789 and more`)).toBe('***');
  });

  test('everything beyond 300 characters', async () => {
    const { redact } = await maskOf();
    expect(redact('x'.repeat(300))).toBe('x'.repeat(300));
    expect(redact('x'.repeat(301))).toBe(`${'x'.repeat(299)}…`);
  });

  test('any secret from any text', async () => {
    const secrets = anyText({ minLength: 4, maxLength: 20 }).filter((secret) => !/[\s*…]/u.test(secret));
    await captureOutput(() => {
      fc.assert(
        fc.property(secrets, anyText(), anyText(), (secret, before, after) => {
          const { mask, redact } = createMasker();
          mask(secret);
          return !redact(before + secret + after).includes(secret);
        }),
      );
    });
  });
});

describe('a mask that cannot be printed', () => {
  test('is a failure that gives the reason', async () => {
    const { tellRunner } = await import('../../src/job/mask.ts');
    const write = jest.spyOn(process.stdout, 'write').mockImplementation(() => {
      throw new Error('ENOSPC: no space left');
    });
    const failure = await failureOf(() => tellRunner('secret'));
    write.mockRestore();
    expect(failure.code).toBe('job-files');
    expect(failure.message).toMatch(/^The runner cannot be told to mask a secret \(ENOSPC: no space left\)/);
  });
});
