import { md5 } from '../../sandbox/server.ts';

/** Shorter texts than this are in any log by chance. */
const SHORTEST_FORM = 6;

/** A secret of at least this length is given away by half of it. */
const LONG_SECRET = 20;

/**
 * What a secret may look like in a text: as it is, each of its lines, its MD5, and its encoded forms. Half of a
 * base64 text gives a secret away as well, so of that only the groups count that hold nothing but the secret.
 */
export function formsOf(secret: string): readonly string[] {
  const known = formsBySecret.get(secret);
  if (known !== undefined) return known;
  const forms = computeForms(secret);
  formsBySecret.set(secret, forms);
  return forms;
}

const formsBySecret = new Map<string, readonly string[]>();

function computeForms(secret: string): string[] {
  const values = [secret, secret.trim(), ...secret.split(/[\r\n]+/).map((line) => line.trim())];
  const forms = values.flatMap((value) => [
    value,
    ...halvesOf(value),
    md5(value),
    md5(value).toUpperCase(),
    ...base64Forms(value),
    encodeURIComponent(value),
    JSON.stringify(value).slice(1, -1),
  ]);
  return [...new Set(forms)].filter((form) => form.length >= SHORTEST_FORM);
}

/** The secrets, as the start of each, that a text holds in any form. */
export function secretsIn(text: string, secrets: Iterable<string>): string[] {
  return [...secrets].filter((secret) => formsOf(secret).some((form) => text.includes(form)));
}

// A text that is cut somewhere may end in the middle of a secret.
function halvesOf(value: string): string[] {
  if (value.length < LONG_SECRET) return [];
  const middle = Math.floor(value.length / 2);
  return [value.slice(0, middle), value.slice(middle)];
}

// The base64 of a longer text that has the secret in it depends on how many bytes stand before the secret.
function base64Forms(value: string): string[] {
  const bytes = Buffer.from(value, 'utf8');
  return [0, 1, 2].flatMap((shift) => {
    const groups = bytes.subarray(shift, shift + 3 * Math.floor((bytes.length - shift) / 3));
    return [groups.toString('base64'), groups.toString('base64url')];
  });
}
