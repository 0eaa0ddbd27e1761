import { describe, expect, test } from '@jest/globals';
import { oneLine, seconds } from '../../src/text.ts';

describe('untrusted text becomes one line', () => {
  test.each([
    ['line breaks', 'a\nb\r\nc', 'a b c'],
    ['other control characters', 'a\u0000b\u001b[31mc\u007fd\u0085e', 'a b [31mc d e'],
    ['line and paragraph separators', 'a\u2028b\u2029c', 'a b c'],
    ['marks that reorder text', 'a\u202eb\u2066c', 'a b c'],
    ['zero-width characters', 'a\u200bb\ufeffc', 'a b c'],
    ['the start of an old-style workflow command', 'a ##[error]b ##\u200b[c]', 'a ## [error]b ## [c]'],
    ['runs of white space', '  a \t  b\u00a0\u2003c  ', 'a b c'],
    ['runs of plain spaces', '  a   b  ', 'a b'],
  ])('without %s', (_what, text, line) => {
    expect(oneLine(text)).toBe(line);
  });

  test('and stays unchanged if it is one already', () => {
    expect(oneLine('Grüße, 世界 👋')).toBe('Grüße, 世界 👋');
  });
});

test.each([
  [49, '0 s'],
  [50, '0.1 s'],
  [1000, '1 s'],
  [1449, '1.4 s'],
  [3_600_000, '3600 s'],
])('%d milliseconds are written as %s', (ms, text) => {
  expect(seconds(ms)).toBe(text);
});
