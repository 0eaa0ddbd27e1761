import { md5 } from '../exabits/md5.ts';

/** Shorter texts may occur in any log by chance. */
const SHORTEST_FORM = 6;

/**
 * The forms in which a text could contain a secret.
 *
 * @returns the forms, with base64 also as part of something longer, at each of its three alignments
 */
export function secretForms(secret: string): string[] {
  const hash = md5(secret);
  const uri = encodeURIComponent(secret.toWellFormed());
  return [
    ...[secret, JSON.stringify(secret).slice(1, -1), hash, hash.toUpperCase()],
    ...[uri, uri.replaceAll(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase())],
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

// The base64 of a longer text that contains the secret depends on how many bytes come before it. Only groups with
// nothing but the secret count.
function groupsFrom(bytes: Buffer, skipped: number): Buffer {
  const whole = bytes.length - skipped - ((bytes.length - skipped) % 3);
  return bytes.subarray(skipped, skipped + whole);
}
