import * as core from '@actions/core';
import { Failure, reasonOf } from '../failure.ts';
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
/** What is looked at of a text. So much cannot shrink to less than what is quoted, but for a server that means it. */
const longestText = 64 * 1024;

/**
 * The one place where secrets are made known to the runner.
 *
 * The runner masks a secret in what is printed afterwards; `redact` does it in text that is about to be cut,
 * because half a secret no longer matches any mask.
 *
 * @param tell tells the runner to mask a secret
 * @returns `mask` and `redact`, which share the secrets seen so far; `mask` throws what `tell` throws
 */
export function createMasker(tell: (secret: string) => void = core.setSecret): Masker {
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
      tell(part);
    }
    return secret as Masked;
  };

  const replaceForms = (text: string): string => {
    // The longest first: one secret may hold another.
    forms ??= [...new Set([...known].flatMap(formsOf))].sort((a, b) => b.length - a.length);
    return forms.reduce((rest, form) => rest.replaceAll(form, '***'), text);
  };

  // Where a secret shows only in a reading of the text, that reading is what is printed of it.
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
 * @throws Failure `job-files` where the runner does not get to know it
 */
export function tellRunner(secret: string): void {
  try {
    core.setSecret(secret);
  } catch (thrown) {
    throw new Failure(
      'job-files',
      `The runner cannot be told to mask a secret (${reasonOf(thrown)}), so nothing was handed on. Check the free space where the runner writes its log.`,
      { cause: thrown },
    );
  }
}

const shortestBase64 = 8;

// How a text from outside may hold a secret, such that most of it could be read back.
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  // Where a secret begins within a longer encoded text is unknown, so it has three alignments; its ends are left.
  const base64 = [0, 1, 2]
    .map((skipped) => bytes.subarray(skipped))
    .map((rest) => rest.subarray(0, rest.length - (rest.length % 3)).toString('base64'))
    .filter((form) => form.length >= shortestBase64);
  return [
    secret,
    // What an encoder makes of half a surrogate pair.
    secret.toWellFormed(),
    bytes.toString('base64'),
    ...base64,
    ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}

const namedEntities: Readonly<Record<string, string>> = { lt: '<', gt: '>', amp: '&', quot: '"', apos: "'" };
const shortEscapes: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

// What undoes the escapes of an address (and of bytes in a log, such as \x2f), a form, JSON and HTML. Writers differ in which characters they escape and how
// they write the digits; what they meant does not depend on it.
const inAddress = (text: string): string =>
  text.replace(/(?:(?:%|\\x)[0-9a-f]{2})+/gi, (run) =>
    Buffer.from(run.replace(/%|\\x/gi, ''), 'hex').toString(),
  );
const inForm = (text: string): string => inAddress(text.replaceAll('+', ' '));
const inJson = (text: string): string =>
  text.replace(/\\(?:u([0-9a-f]{4})|([\s\S]))/gi, (_, unit, character) =>
    unit ? String.fromCharCode(Number.parseInt(unit, 16)) : (shortEscapes[character] ?? character),
  );
const inHtml = (text: string): string =>
  text.replace(/&(?:#(\d{1,6})|#x([0-9a-f]{1,5})|(lt|gt|amp|quot|apos));/gi, (_, decimal, digits, name) =>
    name ? String(namedEntities[name.toLowerCase()]) : String.fromCodePoint(Number(decimal ?? `0x${digits}`)),
  );

// The form first: a secret that ends in a space is known without it, too.
const escapes = /[%+\\&]/;
const readings = [inForm, inAddress, inJson, inHtml];
/** Once, and twice: a message in JSON may quote an address, or other JSON. */
const nestedReadings = [
  ...readings,
  ...readings.flatMap((outer) => readings.map((inner) => (text: string) => inner(outer(text)))),
];
