import { md5 } from './exabits.ts';

/**
 * The forms in which a secret could stand in a text, and be read back from it.
 *
 * @returns names of forms and their texts. Of a longer text in base64 that has the secret in it, only the groups count
 *   that hold nothing but the secret; which these are depends on how many bytes stand before it
 */
export function secretForms(secret: string): ReadonlyMap<string, string> {
  const bytes = Buffer.from(secret);
  const hash = md5(secret);
  const encodedUri = encodeURIComponent(secret.toWellFormed());
  const forms: [name: string, form: string][] = [
    ['plain', secret],
    ['JSON', JSON.stringify(secret).slice(1, -1)],
    ['MD5', hash],
    ['MD5 in upper case', hash.toUpperCase()],
    ['MD5 in base64', Buffer.from(hash).toString('base64')],
    ['base64', bytes.toString('base64')],
    ['base64url', bytes.toString('base64url')],
    ['URI-escaped', encodedUri],
    ['URI-escaped in lower case', encodedUri.replaceAll(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase())],
    ['form-encoded', new URLSearchParams([['', secret]]).toString().slice(1)],
  ];
  for (const skipped of [0, 1, 2]) {
    const groups = bytes.subarray(skipped, bytes.length - ((bytes.length - skipped) % 3));
    const where = `within another text, without its first ${skipped} bytes`;
    forms.push([`base64 ${where}`, groups.toString('base64')]);
    forms.push([`base64url ${where}`, groups.toString('base64url')]);
  }
  return new Map(forms.filter(([, form]) => form !== ''));
}

/** Shorter texts than this are in any log by chance. */
const shortestForm = 6;

/** A secret of at least this length is given away by half of it. */
const longSecret = 20;

/**
 * Finds secrets in a text.
 *
 * @param text where to look
 * @param secrets what to look for: in every form, line by line, and half of it where it is long
 * @returns those that the text gives away
 */
export function secretsIn(text: string, secrets: Iterable<string>): string[] {
  return [...secrets].filter((secret) => telltales(secret).some((form) => text.includes(form)));
}

const knownTelltales = new Map<string, readonly string[]>();

function telltales(secret: string): readonly string[] {
  const known = knownTelltales.get(secret);
  if (known) return known;
  const values = [secret, secret.trim(), ...secret.split(/[\r\n]+/).map((line) => line.trim())];
  const forms = values.flatMap((value) => [...secretForms(value).values(), ...halvesOf(value)]);
  const found = [...new Set(forms)].filter((form) => form.length >= shortestForm);
  knownTelltales.set(secret, found);
  return found;
}

// A text that is cut somewhere may end in the middle of a secret.
function halvesOf(value: string): string[] {
  if (value.length < longSecret) return [];
  const middle = Math.floor(value.length / 2);
  return [value.slice(0, middle), value.slice(middle)];
}

/** A token of the sandbox, whichever: the start of every JWT, plain and in base64. */
export const TOKEN_SHAPES: ReadonlyMap<string, RegExp> = new Map([
  ['a JWT', /eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/],
  ['a JWT in base64', /ZXlK[\w+/-]{24,}/],
  ['a password hash in a request', /"password":\s*"[0-9a-f]{32}"/],
]);
