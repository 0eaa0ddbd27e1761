import { md5 } from '../exabits/md5.ts';

/** Shorter texts may occur in any log by chance. */
const SHORTEST_FORM = 6;

/**
 * The forms in which the runner masks a value.
 *
 * Source: https://github.com/actions/runner/blob/main/src/Sdk/DTLogging/Logging/ValueEncoders.cs
 */
export function maskedForms(value: string): string[] {
  const bytes = Buffer.from(value);
  const json = JSON.stringify(value).slice(1, -1);
  // The base64 of a value depends on how many bytes come before it.
  const alignments = [0, 1, 2].filter((shift) => shift < bytes.length).map((shift) => bytes.subarray(shift));
  return [
    ...[value, value.replaceAll('"', '\\"'), value.replaceAll("'", "''")],
    ...alignments.map((part) => part.toString('base64')),
    // All but the unreserved characters of RFC 3986.
    encodeURIComponent(value.toWellFormed()).replace(/[!'()*]/g, (char) => `%${hex(char, 2).toUpperCase()}`),
    json.replace(/[\u0085\u2028\u2029]/g, (char) => `\\u${hex(char, 4)}`),
    value.replace(/[<>"'&]/g, (char) => XML_ENTITIES[char] ?? char),
    ...(/^".{7,}"$/s.test(value) ? [value.slice(1, -1)] : []),
  ];
}

const XML_ENTITIES: Readonly<Record<string, string>> = {
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
  '&': '&amp;',
};

function hex(char: string, digits: number): string {
  return char.charCodeAt(0).toString(16).padStart(digits, '0');
}

/** The forms in which a text could contain a secret: those that the runner masks, and others. */
export function secretForms(secret: string): string[] {
  const hash = md5(secret);
  const uri = encodeURIComponent(secret.toWellFormed());
  return [
    ...maskedForms(secret),
    ...[hash, hash.toUpperCase(), JSON.stringify(secret).slice(1, -1)],
    ...[uri, uri.replaceAll(/%[0-9A-F]{2}/g, (byte) => byte.toLowerCase())],
    new URLSearchParams([['', secret]]).toString().slice(1),
    ...(['base64', 'base64url'] as const).flatMap((encoding) => [
      Buffer.from(secret).toString(encoding),
      Buffer.from(hash).toString(encoding),
      ...[0, 1, 2].map((skipped) => groupsFrom(Buffer.from(secret), skipped).toString(encoding)),
    ]),
  ];
}

/** The secrets that a text contains in any form: whole, without the surrounding white space, or one of their lines. */
export function secretsIn(text: string, secrets: Iterable<string>): string[] {
  return [...secrets].filter((secret) =>
    [secret, ...secret.split(/[\r\n]+/)]
      .flatMap((part) => [...secretForms(part), ...secretForms(part.trim())])
      .some((form) => form.length >= SHORTEST_FORM && text.includes(form)),
  );
}

// The base64 of a longer text has these groups of three bytes, which hold nothing but the secret.
function groupsFrom(bytes: Buffer, skipped: number): Buffer {
  const whole = bytes.length - skipped - ((bytes.length - skipped) % 3);
  return bytes.subarray(skipped, skipped + whole);
}
