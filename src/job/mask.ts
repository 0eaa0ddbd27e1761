import * as core from '@actions/core';
import { oneLine } from '../text.ts';

declare const masked: unique symbol;

/** A secret that the runner has been told to mask. Only `Mask` makes one, so what takes a `Masked` cannot come first. */
export type Masked = string & { readonly [masked]: true };

/** Tells the runner to mask a secret, and remembers it for `Redact`. */
export type Mask = (secret: string) => Masked;

/** Makes text from outside printable: known secrets replaced, one line, cut to a sensible length. */
export type Redact = (text: string) => string;

export interface Masker {
  readonly mask: Mask;
  readonly redact: Redact;
}

const longestQuote = 300;

/**
 * The one place where secrets are made known to the runner.
 *
 * The runner masks a secret in what is printed afterwards; `redact` does it in text that is about to be cut,
 * because half a secret no longer matches any mask.
 *
 * @returns `mask` and `redact`, which share the secrets seen so far
 */
export function createMasker(): Masker {
  const known = new Set<string>();
  /** What to look for in text from outside; undefined until that is asked, and when another secret has come to be known. */
  let forms: readonly string[] | undefined;

  const mask: Mask = (secret) => {
    // What quotes a secret may quote a line of it, or trim it.
    for (const part of [secret, ...secret.split(/[\r\n]+/)].flatMap((text) => [text, text.trim()])) {
      // The runner refuses a blank mask, and nothing could be hidden by it.
      if (part.trim() === '' || known.has(part)) continue;
      known.add(part);
      forms = undefined;
      core.setSecret(part);
    }
    return secret as Masked;
  };

  const replaceKnown = (text: string): string => {
    // The longest first: one secret may hold another.
    forms ??= [...new Set([...known].flatMap(formsOf))].sort((a, b) => b.length - a.length);
    return forms.reduce((rest, form) => rest.replaceAll(form, '***'), text);
  };

  return {
    mask,
    redact: (text) => oneLine(replaceKnown(oneLine(replaceKnown(text))), longestQuote),
  };
}

const shortestBase64 = 8;

// The ways in which a text from outside may quote a secret, such that most of it could be read back.
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // Where a secret begins within a longer encoded text is unknown, so it has three alignments; its ends are left.
  const base64 = [0, 1, 2]
    .map((skipped) => bytes.subarray(skipped))
    .map((rest) => rest.subarray(0, rest.length - (rest.length % 3)).toString('base64'))
    .filter((form) => form.length >= shortestBase64);
  return [
    secret,
    encodeURIComponent(secret.toWellFormed()),
    JSON.stringify(secret).slice(1, -1),
    bytes.toString('base64'),
    ...base64,
    ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}
