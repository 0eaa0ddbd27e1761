import { expect, test } from '@jest/globals';
import { oneLine, seconds } from '../../src/text.ts';

test.each([
  ['control characters', 'a\nb\r\nc\u0000d\u001b[31me\u007ff\u0085g', 'a b c d [31me f g'],
  [
    'separators and marks that reorder text or have no width',
    'ä\u2028ö\u2029ü\u202e世\u200b界',
    'ä ö ü 世 界',
  ],
  ['the start of an old-style workflow command', 'a ##[error]b ##\u200b[c]', 'a ## [error]b ## [c]'],
  ['anything, if it is nothing else', '\u0007\u001b', ''],
  ['runs of white space, even in plain text', '  a   b  ', 'a b'],
])('untrusted text becomes one line without %s', (_what, text, line) => {
  expect(oneLine(text)).toBe(line);
});

test('untrusted text stays unchanged if it is one line already', () => {
  expect(oneLine('Grüße, 世界 👋')).toBe('Grüße, 世界 👋');
});

test.each([
  [49, '0 s'],
  [50, '0.1 s'],
  [3_600_000, '3600 s'],
])('%d milliseconds are written as %s', (ms, text) => {
  expect(seconds(ms)).toBe(text);
});
