import { md5 } from '../exabits/md5.ts';

/** Shorter texts may occur in any log by chance. */
const SHORTEST_FORM = 6;

/** Half of a secret of at least this length counts as a leak. */
const LONG_SECRET = 20;

/** Names of forms, and their texts. */
export type Forms = ReadonlyMap<string, string>;

/**
 * The forms in which a text could contain a whole secret.
 *
 * @returns the forms, with base64 also as part of something longer, at each of its three alignments
 */
export function secretForms(secret: string): Forms {
  const bytes = Buffer.from(secret);
  const hash = md5(secret);
  const encodedUri = encodeURIComponent(secret.toWellFormed());
  return new Map([
    ['plain', secret],
    ['JSON', JSON.stringify(secret).slice(1, -1)],
    ['MD5', hash],
    ['MD5 in upper case', hash.toUpperCase()],
    ['MD5 in base64', Buffer.from(hash).toString('base64')],
    ['base64', bytes.toString('base64')],
    ['base64url', bytes.toString('base64url')],
    ...alignedForms(bytes, 'base64'),
    ...alignedForms(bytes, 'base64url'),
    ['URI-escaped', encodedUri],
    ['URI-escaped in lower case', encodedUri.replaceAll(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase())],
    ['form-encoded', new URLSearchParams([['', secret]]).toString().slice(1)],
  ]);
}

/**
 * The forms that give a secret away: those of the whole secret, of the trimmed secret and of each of its lines, and the
 * halves of all these, because a text may be cut in the middle of a secret.
 *
 * @returns the forms with the halves last, so that a search finds the most complete form first
 */
export function tellingForms(secret: string): Forms {
  const lines = secret.split(/[\r\n]+/).map((line) => line.trim());
  const parts = [...new Set([secret, secret.trim(), ...lines])];
  const named = (formsOf: (part: string) => Forms): (readonly [string, string])[] =>
    parts.flatMap((part, index) =>
      [...formsOf(part)].map(
        ([name, text]) => [index === 0 ? name : `part ${index}, ${name}`, text] as const,
      ),
    );
  const forms = [...named(secretForms), ...named(halvesOf)];
  return new Map(forms.filter(([, text]) => text.length >= SHORTEST_FORM));
}

/** The secrets that a text contains in any form. */
export function secretsIn(text: string, secrets: Iterable<string>): string[] {
  return [...secrets].filter((secret) =>
    [...tellingForms(secret).values()].some((form) => text.includes(form)),
  );
}

function halvesOf(text: string): Forms {
  if (text.length < LONG_SECRET) return new Map();
  const middle = Math.floor(text.length / 2);
  return new Map([
    ['first half', text.slice(0, middle)],
    ['second half', text.slice(middle)],
  ]);
}

// The base64 of a longer text that contains the secret depends on how many bytes come before it. Only groups with
// nothing but the secret count.
function alignedForms(bytes: Buffer, encoding: 'base64' | 'base64url'): [string, string][] {
  return [0, 1, 2].map((skipped) => {
    const whole = bytes.length - skipped - ((bytes.length - skipped) % 3);
    const groups = bytes.subarray(skipped, skipped + whole);
    return [`${encoding} within another text, from byte ${skipped} on`, groups.toString(encoding)];
  });
}
