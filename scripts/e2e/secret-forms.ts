import { createHash } from 'node:crypto';

/**
 * The forms in which a secret could stand in a log.
 *
 * @returns names of forms and their texts; base64 also as part of something longer, at each of its three alignments
 */
export function secretForms(secret: string): ReadonlyMap<string, string> {
  const bytes = Buffer.from(secret);
  const md5 = createHash('md5').update(bytes).digest('hex');
  const aligned = [0, 1, 2].map((offset) => {
    const padded = Buffer.concat([Buffer.alloc(offset), bytes]);
    const wholeBytes = padded.length - (padded.length % 3);
    return padded
      .subarray(0, wholeBytes)
      .toString('base64')
      .slice(offset === 0 ? 0 : 4);
  });
  const encodedUri = encodeURIComponent(secret);
  return new Map([
    ['plain', secret],
    ['JSON', JSON.stringify(secret).slice(1, -1)],
    ['MD5', md5],
    ['MD5 in upper case', md5.toUpperCase()],
    ['MD5 in base64', Buffer.from(md5).toString('base64')],
    ['base64', bytes.toString('base64')],
    ['base64url', bytes.toString('base64url')],
    ['base64 within another text', aligned[0] ?? ''],
    ['base64 within another text, one byte on', aligned[1] ?? ''],
    ['base64 within another text, two bytes on', aligned[2] ?? ''],
    ['URI-escaped', encodedUri],
    ['URI-escaped in lower case', encodedUri.replaceAll(/%[0-9A-F]{2}/g, (hex) => hex.toLowerCase())],
    ['form-encoded', new URLSearchParams([['', secret]]).toString().slice(1)],
  ]);
}

/** A token of the sandbox, whichever: the start of every JWT, plain and in base64. */
export const TOKEN_SHAPES: ReadonlyMap<string, RegExp> = new Map([
  ['a JWT', /eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/],
  ['a JWT in base64', /ZXlK[\w+/-]{24,}/],
  ['a password hash in a request', /"password":\s*"[0-9a-f]{32}"/],
]);
