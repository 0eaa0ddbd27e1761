import * as core from '@actions/core';
import { Failure, reasonOf } from '../failure.ts';
import { oneLine } from '../text.ts';

declare const masked: unique symbol;

/**
 * A secret that the runner has been told to mask. Only `Mask` returns one, so code that takes a `Masked` runs
 * afterwards.
 */
export type Masked = string & { readonly [masked]: true };

/** Tells the runner to mask a secret, and remembers it for `Redact`. */
export type Mask = (secret: string) => Masked;

/** Makes text from outside printable: replaces known secrets, and cuts it to one line of sensible length. */
export type Redact = (text: string) => string;

export interface Masker {
  readonly mask: Mask;
  readonly redact: Redact;
}

const longestQuote = 300;
/** What is looked at of a text. So much cannot shrink to less than what is quoted, but for a server that means it. */
const longestText = 64 * 1024;

/**
 * Makes the two functions that hide secrets. Nothing else in the action tells the runner about a secret.
 *
 * The runner masks a secret in everything printed afterwards. `redact` is for text that is about to be cut, because
 * half a secret no longer matches any mask.
 *
 * @param tell tells the runner to mask a secret
 * @returns `mask` and `redact`, which share the secrets seen so far; `mask` throws what `tell` throws
 */
export function createMasker(tell: (secret: string) => void = core.setSecret): Masker {
  const known = new Set<string>();
  /** What to look for in text from outside. Computed when first needed, and again after each new secret. */
  let forms: readonly string[] | undefined;

  const mask: Mask = (secret) => {
    // Other programs may quote only one line of a secret, or trim it.
    for (const part of [secret, ...secret.split(/[\r\n]/)].flatMap((text) => [text, text.trim()])) {
      // The runner rejects a blank mask, which would hide nothing anyway.
      if (part.trim() === '' || known.has(part)) continue;
      known.add(part);
      forms = undefined;
      tell(part);
    }
    return secret as Masked;
  };

  const replaceForms = (text: string): string => {
    // Longest first, because one secret may contain another.
    forms ??= [...new Set([...known].flatMap(formsOf))].sort((a, b) => b.length - a.length);
    return forms.reduce((rest, form) => rest.replaceAll(form, '***'), text);
  };

  // If a secret only shows in a decoded reading of the text, that reading is printed instead.
  const replaceKnown = (text: string): string =>
    (escapes.test(text) ? nestedReadings : []).reduce((rest, read) => {
      const readable = read(rest);
      const replaced = replaceForms(readable);
      return replaced === readable ? rest : replaced;
    }, replaceForms(text));

  return {
    mask,
    redact: (text) => oneLine(replaceKnown(oneLine(replaceKnown(text.slice(0, longestText)))), longestQuote),
  };
}

/**
 * Tells the runner to mask a secret.
 *
 * @throws Failure `job-files` if the runner cannot be told
 */
export function tellRunner(secret: string): void {
  try {
    core.setSecret(secret);
  } catch (thrown) {
    throw new Failure(
      'job-files',
      `The runner cannot be told to mask a secret (${reasonOf(thrown)}), so nothing was exported. Check the free space where the runner writes its log.`,
    );
  }
}

const shortestBase64 = 8;

// The forms of a secret in text from outside from which most of it could be recovered.
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // A secret may start anywhere in a longer encoded text, so there are three alignments. Up to two bytes at each end
  // remain.
  const base64 = [0, 1, 2]
    .map((skipped) => bytes.subarray(skipped))
    .map((rest) => rest.subarray(0, rest.length - (rest.length % 3)).toString('base64'))
    .filter((form) => form.length >= shortestBase64);
  return [
    secret,
    // An encoder replaces half a surrogate pair.
    secret.toWellFormed(),
    bytes.toString('base64'),
    ...base64,
    ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}

const namedEntities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const shortEscapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

// Undo the escapes of URLs (and of bytes in a web server's log, such as \x2f), forms, JSON and HTML. Encoders differ in which
// characters they escape and how they write the digits, but the decoded text is always the same.
const inAddress = (text: string): string =>
  text.replace(/(?:(?:%|\\x)[0-9a-f]{2})+/gi, (run) =>
    Buffer.from(run.replace(/%|\\x/gi, ''), 'hex').toString(),
  );
const inForm = (text: string): string => inAddress(text.replaceAll('+', ' '));
const inJson = (text: string): string =>
  text.replace(/\\(?:u([0-9a-f]{4})|(.))/gis, (_, unit, character) =>
    unit ? String.fromCharCode(Number.parseInt(unit, 16)) : (shortEscapes[character] ?? character),
  );
const inHtml = (text: string): string =>
  text.replace(/&(?:#(\d{1,6})|#x([0-9a-f]{1,5})|(lt|gt|amp|quot|apos));/gi, (_, decimal, digits, name) =>
    name ? String(namedEntities[name.toLowerCase()]) : String.fromCodePoint(Number(decimal ?? `0x${digits}`)),
  );

// Forms come first: a secret that ends in a space is also known without it.
const escapes = /[%+\\&]/;
const readings = [inForm, inAddress, inJson, inHtml];
/** Once and twice: a message in JSON may quote a URL, or other JSON. */
const nestedReadings = [
  ...readings,
  ...readings.flatMap((outer) => readings.map((inner) => (text: string) => inner(outer(text)))),
];
