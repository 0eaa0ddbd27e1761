import { createHash } from 'node:crypto';
import * as core from '@actions/core';
import { type ApiToken, type Password, toApiToken, tokenDefect } from '../credentials.ts';
import { Failure } from '../failure.ts';
import type { Mask, Masked, Masker } from '../secrets.ts';
import { inputReaders } from './readers.ts';

/** Reads, masks and validates the inputs that hold the credentials. Throws a Failure that names the input at fault. */
export function readConfigured({ mask, redact }: Masker, now: Date) {
  // Spaces may be part of a password, but a byte order mark or a line break at its end comes from how it was stored.
  const given = core.getInput('password', { trimWhitespace: false });
  const password = mask(given.replace(/^\ufeff|[\r\n]+$/g, ''));
  const apiToken = mask(core.getInput('api-token'));
  const username = core.getInput('username');
  const format = inputReaders(redact).choiceInput('password-format', ['plain', 'md5'], 'plain');
  const configured = apiToken ? readApiToken(apiToken, now) : readPassword(username, password, format, mask);
  const both =
    'Both api-token and username/password are given: api-token is used, and no login happens. Remove one of them.';
  return { configured, warnings: apiToken && (username || password) ? [both] : [] };
}

/**
 * Whether this process got the inputs of the step: the runner sets all that have a default. Some shells drop variables
 * with a hyphen (actions/toolkit#219), and the post step in a nested composite action gets none (actions/runner#3514).
 */
export function hasInputs(): boolean {
  return process.env['INPUT_PASSWORD-FORMAT'] !== undefined;
}

function readPassword(
  username: string,
  password: string,
  format: 'plain' | 'md5',
  mask: Mask,
): Password | undefined {
  if (username === '' && password === '') return undefined;
  const advice =
    "Set both; if it comes from a secret, check the secret's name, and that this workflow may read it.";
  if (password === '') throw new Failure('Input "username" is set, but "password" is empty.', advice);
  if (username === '') throw new Failure('Input "password" is set, but "username" is empty.', advice);
  const isHash = /^\s*[0-9a-f]{32}\s*$/i.test(password);
  if (format === 'md5' && !isHash) {
    throw new Failure(
      'Input "password" is not an MD5 hash (32 hexadecimal digits), but "password-format" is md5.',
      'Store the digits alone, without the "-" of md5sum; for the password itself use password-format: plain.',
    );
  }
  const md5 = mask(format === 'md5' ? password.trim().toLowerCase() : md5Of(password));
  // The API may accept the hash in either case, so the upper-case form is a secret too.
  mask(md5.toUpperCase());
  return { kind: 'password', username, md5, looksHashed: format === 'plain' && isHash };
}

function readApiToken(token: Masked, now: Date): ApiToken {
  const defect = tokenDefect(token);
  if (defect) {
    throw new Failure(
      `Input "api-token" ${defect}.`,
      'Copy the token alone, without "Bearer" or quotation marks, and store it again.',
    );
  }
  const apiToken = toApiToken(token);
  if (apiToken.expiresAt && apiToken.expiresAt <= now) {
    throw new Failure(
      `The API token expired at ${apiToken.expiresAt.toISOString()}.`,
      'Create a new one in the Exabits console and store it as the secret.',
    );
  }
  return apiToken;
}

// The API takes the MD5 of the password in UTF-8, Node's default. It works like the password, so it is masked too.
function md5Of(password: string): string {
  try {
    return createHash('md5').update(password).digest('hex');
  } catch (cause) {
    throw new Failure(
      'Node cannot compute the MD5 that Exabits expects, probably because this runner is in FIPS mode.',
      'Store the MD5 of the password as the secret, and set password-format: md5.',
      { cause },
    );
  }
}
