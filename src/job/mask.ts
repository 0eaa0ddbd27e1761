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
    ...percentForms(secret),
    ...jsonForms(secret),
    bytes.toString('base64'),
    ...base64,
    ...base64.map((form) => form.replaceAll('+', '-').replaceAll('/', '_')),
  ];
}

// As in an address, with or without the marks that only some writers escape, and as a form is sent
// (application/x-www-form-urlencoded); each with either case of digits.
function percentForms(secret: string): string[] {
  const inAddress = encodeURIComponent(secret.toWellFormed());
  const strict = inAddress.replace(/[!'()*]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
  const inForm = new URLSearchParams({ '': secret }).toString().slice(1);
  return [inAddress, strict, inForm].flatMap((form) => [
    form,
    form.replace(/%[0-9A-F]{2}/g, (digits) => digits.toLowerCase()),
  ]);
}

/** What writers of JSON escape besides: nothing; what HTML needs; what is not ASCII; quotes and signs, too. */
const escapedInJson = [/(?!)/g, /[<>&\u2028\u2029]/g, /[^\x20-\x7e]/g, /[^\x20-\x7e]|[<>&'+`]|\\"/g];

function jsonForms(secret: string): string[] {
  const plain = JSON.stringify(secret).slice(1, -1);
  const upperCase = (form: string): string =>
    form.replace(/\\u[0-9a-f]{4}/g, (unit) => `\\u${unit.slice(2).toUpperCase()}`);
  return escapedInJson
    .map((characters) => plain.replace(characters, (character) => unicodeEscape(character.slice(-1))))
    .flatMap((form) => [form, upperCase(form)])
    .flatMap((form) => [form, form.replaceAll('/', '\\/')]);
}

function unicodeEscape(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}
