import { describe, expect, test } from '@jest/globals';
import { secretForms, secretsIn, tellingForms } from '../../testbed/runner/secret-forms.ts';

// Half of a secret this short does not count, so each form has to be found as a whole.
const secret = 'fake "pass?~>wörd"';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const base64url = (text: string): string => Buffer.from(text).toString('base64url');

describe('a secret is found', () => {
  test.each([
    ['in plain text', secret],
    ['in JSON', String.raw`fake \"pass?~>wörd\"`],
    ['as its MD5', 'd33842d725c057e58e931af58329d1dd'],
    ['as its MD5 in upper case', 'D33842D725C057E58E931AF58329D1DD'],
    ['as its MD5 in base64', base64('d33842d725c057e58e931af58329d1dd')],
    ['in base64', base64(secret)],
    ['in base64url', base64url(secret)],
    ...['', 'x', 'xx'].flatMap((before): [string, string][] => [
      [`in base64, after ${before.length} other bytes`, base64(`${before}${secret} and more`)],
      [`in base64url, after ${before.length} other bytes`, base64url(`${before}${secret} and more`)],
    ]),
    ['URI-encoded', 'fake%20%22pass%3F~%3Ew%C3%B6rd%22'],
    ['URI-encoded in lower case', 'fake%20%22pass%3f~%3ew%c3%b6rd%22'],
    ['form-encoded', 'fake+%22pass%3F%7E%3Ew%C3%B6rd%22'],
  ])('%s', (_how, text) => {
    expect(secretsIn(`a=${text} b`, [secret, 'another-secret'])).toEqual([secret]);
  });

  test.each([
    ['by its first half', 'a long secret that ends', 'a long secr'],
    ['by its second half', 'a long secret that ends', 'et that ends'],
    ['without the surrounding white space', '  some secret\r\n', 'some secret'],
    ['by one of its lines', 'first line\n second line\r\n', 'second line'],
    ['by one of its lines in base64', 'first line\nsecond line', base64('second line')],
    ['by half of one of its lines', 'first\na second line that is long', 'a second line '],
    ['with a lone surrogate in it', 'some \ud800 secret', encodeURIComponent('some \ufffd secret')],
  ])('%s', (_how, given, text) => {
    expect(secretsIn(`a=${text} b`, [given])).toEqual([given]);
  });
});

describe('a secret is not found', () => {
  test.each([
    ['in another text', secret, 'fake and "pass?~>wörd"'],
    ['by half of it, if it is short', 'nineteen characters', 'nineteen characte'],
    ['by a form of fewer than six characters', 'a\nb\nc', 'a b c'],
  ])('%s', (_how, given, text) => {
    expect(secretsIn(text, [given])).toEqual([]);
  });
});

test('the forms of the whole secret come before those of its parts, and the halves last', () => {
  const forms = [...tellingForms(' first line that is long\nsecond line').keys()];
  const whole = [...secretForms(secret).keys()];
  expect(forms.slice(0, whole.length)).toEqual(whole);
  expect(forms.slice(-6).map((name) => name.replace(/^part \d, /, ''))).toEqual(
    Array(3).fill(['first half', 'second half']).flat(),
  );
});
