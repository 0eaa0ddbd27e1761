import fc from 'fast-check';

// `fc.string({ unit: 'binary' })` would do the same, but takes a second to prepare.
const character = fc.oneof(
  fc.integer({ min: 0, max: 0x10ffff }).map((codePoint) => String.fromCodePoint(codePoint)),
  fc.string({ minLength: 1, maxLength: 1 }),
  fc.constantFrom('\n', '\r', '\u0000', '\u0085', '\u2028', '\u202e', '\u200b', '##[', '::', ' '),
);

/** Any string, often with characters that are dangerous in a log. */
export function anyText(length: { minLength?: number; maxLength?: number } = {}): fc.Arbitrary<string> {
  return fc.array(character, length).map((characters) => characters.join(''));
}
