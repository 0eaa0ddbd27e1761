import { createHash } from 'node:crypto';
import { oneLine } from './text.ts';

declare const masked: unique symbol;

/** A secret that the runner has been told to mask. Only `Mask` returns one, so code that takes one runs afterwards. */
export type Masked = string & { readonly [masked]: true };

/** Tells the runner to mask a secret, and remembers it for `Redact`. */
export type Mask = (secret: string) => Masked;

/** Makes text from outside printable: one line, without known secrets, and whole or not at all. */
export type Redact = (text: string) => string;

export interface Masker {
  readonly mask: Mask;
  readonly redact: Redact;
}

const longestText = 1_000;

/**
 * Makes the two functions that hide secrets; `tell` tells the runner to mask one, and may throw. The runner masks a
 * secret only where it sees all of it, so `redact` never cuts a text.
 */
export function createMasker(tell: (secret: string) => void): Masker {
  const known = new Set<string>();
  return {
    mask(secret) {
      // Other programs may quote only one line of a secret, or trim it.
      for (const part of [secret, ...secret.split(/[\r\n]/)].flatMap((text) => [text, text.trim()])) {
        // The runner rejects a blank mask, which would hide nothing anyway.
        if (part.trim() === '' || known.has(part)) continue;
        known.add(part);
        tell(part);
      }
      return secret as Masked;
    },
    redact(text) {
      if (text.length > longestText) return `a message of ${text.length.toLocaleString('en')} characters`;
      // Longest first, because one secret may contain another.
      const secrets = [...known].sort((a, b) => b.length - a.length);
      return oneLine(secrets.reduce((rest, secret) => rest.replaceAll(secret, '***'), text));
    },
  };
}

/** 128 bits of a SHA-256, in hexadecimal: enough to recognise a value, but not to recover a token. */
export type Fingerprint = string;

/** The fingerprint of one or more texts; their order and boundaries matter. */
export function fingerprint(...texts: readonly string[]): Fingerprint {
  return createHash('sha256').update(JSON.stringify(texts)).digest('hex').slice(0, 32);
}
