import { createHash } from 'node:crypto';
import * as core from '@actions/core';
import { type ApiToken, toApiToken, tokenDefect } from './credentials.ts';
import { defaultApiUrl, type Endpoint, parseEndpoint } from './endpoint.ts';
import { Failure } from './failure.ts';
import type { Mask, Masked, Masker, Redact } from './job/mask.ts';

/** What to authenticate with, as the user configured it. */
export type Configured =
  | { readonly kind: 'password'; readonly username: string; readonly passwordMd5: Masked }
  | ApiToken
  | { readonly kind: 'none' };

/** The validated inputs for the connection to Exabits. */
export interface ConnectionInputs {
  readonly configured: Configured;
  readonly endpoint: Endpoint;
  /** For all requests of a phase together, in milliseconds. */
  readonly timeoutMs: number;
  /** The most tries of one request. */
  readonly maxAttempts: number;
  /** Warnings about inputs that are valid, but probably a mistake. */
  readonly warnings: readonly string[];
}

/** All validated inputs of the step. */
export interface Inputs extends ConnectionInputs {
  readonly exportEnvironment: boolean;
  readonly writeHeadersFile: boolean;
  readonly cleanup: boolean;
  readonly ephemeralApiToken: boolean;
  /** The age from which tokens left by earlier jobs are deleted, in hours; 0 for never. */
  readonly staleTokenHours: number;
  readonly verify: boolean;
  readonly useExistingCredentials: boolean;
  readonly jobSummary: boolean;
}

/**
 * Reads and validates every input of the step. Secrets are masked before anything else is validated.
 *
 * @param masker masks the secrets
 * @param now the current time, to find an API token that has expired
 * @returns the inputs
 * @throws Failure that names the input and what is allowed
 */
export function readInputs(masker: Masker, now: Date): Inputs {
  const connection = readConnectionInputs(masker, now, 60);
  const { booleanInput } = inputReaders(masker.redact);

  const cleanup = booleanInput('cleanup', true);
  const ephemeralApiToken = booleanInput('ephemeral-api-token', false);
  if (ephemeralApiToken && !cleanup) {
    throw new Failure(
      'invalid-input',
      'Inputs "ephemeral-api-token: true" and "cleanup: false" exclude each other: the token would never expire and never be deleted. Remove one of them.',
    );
  }
  return {
    ...connection,
    exportEnvironment: booleanInput('export-environment', true),
    writeHeadersFile: booleanInput('write-headers-file', true),
    cleanup,
    ephemeralApiToken,
    staleTokenHours: readStaleTokenHours(masker.redact),
    verify: booleanInput('verify', false),
    useExistingCredentials: booleanInput('use-existing-credentials', false),
    jobSummary: booleanInput('job-summary', false),
  };
}

/**
 * Reads and validates the inputs that both actions have. Secrets are masked before anything else is validated.
 *
 * @param masker masks the secrets
 * @param now the current time, to find an API token that has expired
 * @param timeoutSeconds the default of `timeout-seconds`
 * @throws Failure that names the input and what is allowed
 */
export function readConnectionInputs(masker: Masker, now: Date, timeoutSeconds: number): ConnectionInputs {
  const { configured, warnings } = readConfigured(masker, now);
  const { wholeNumberInput } = inputReaders(masker.redact);
  return {
    configured,
    endpoint: readEndpoint(),
    timeoutMs: 1000 * wholeNumberInput('timeout-seconds', { byDefault: timeoutSeconds, min: 1, max: 3600 }),
    maxAttempts: wholeNumberInput('max-attempts', { byDefault: 5, min: 1, max: 100 }),
    warnings,
  };
}

/** Reads the age from which tokens left by earlier jobs are deleted, in hours; 0 for never. */
export function readStaleTokenHours(redact: Redact): number {
  return inputReaders(redact).wholeNumberInput('stale-token-hours', { byDefault: 168, min: 0, max: 87_600 });
}

/**
 * Reads and validates the inputs that hold the credentials, and masks the secrets.
 *
 * @param masker masks the secrets
 * @param now the current time, to find an API token that has expired
 * @returns what to authenticate with, and warnings about it
 * @throws Failure that names the input and what is wrong with it
 */
export function readConfigured(
  { mask, redact }: Masker,
  now: Date,
): { configured: Configured; warnings: readonly string[] } {
  // Spaces may be part of a password, but a line break at its end comes from how the secret was stored.
  const password = mask(core.getInput('password', { trimWhitespace: false }).replace(/[\r\n]+$/, ''));
  const apiToken = mask(core.getInput('api-token'));
  const username = core.getInput('username');
  const format = inputReaders(redact).choiceInput('password-format', ['plain', 'md5']);

  if (apiToken !== '') {
    const both =
      'Both api-token and username/password are given: api-token is used, and no login happens. Remove one of them.';
    return { configured: givenApiToken(apiToken, now), warnings: username || password ? [both] : [] };
  }
  return { configured: givenLogin(username, password, format, mask), warnings: [] };
}

function readEndpoint(): Endpoint {
  const input = core.getInput('api-url');
  if (input) return parseEndpoint(input, 'input "api-url"');
  const variable = process.env.EXABITS_API_URL?.trim();
  if (variable) return parseEndpoint(variable, 'variable EXABITS_API_URL');
  return parseEndpoint(defaultApiUrl);
}

/** The failure of a step that has nothing to authenticate with. */
export function noCredentials(): Failure {
  return new Failure(
    'no-credentials',
    'No credentials: set the inputs username and password, or api-token. If they come from secrets, check that the secrets exist here: workflows from forks and Dependabot get none.',
  );
}

function givenLogin(username: string, password: string, format: 'plain' | 'md5', mask: Mask): Configured {
  if (username === '' && password === '') return { kind: 'none' };
  const advice =
    "Set both; if it comes from a secret, check the secret's name, and that this workflow may read it.";
  if (password === '') {
    throw new Failure(
      'username-without-password',
      `Input "username" is set, but "password" is empty. ${advice}`,
    );
  }
  if (username === '') {
    throw new Failure(
      'password-without-username',
      `Input "password" is set, but "username" is empty. ${advice}`,
    );
  }
  const passwordMd5 = mask(format === 'md5' ? givenMd5(password) : md5(password));
  // The API may accept the hash in either case, so the upper-case form is a secret too.
  mask(passwordMd5.toUpperCase());
  return { kind: 'password', username, passwordMd5 };
}

function givenApiToken(token: Masked, now: Date): ApiToken {
  const defect = tokenDefect(token);
  if (defect) {
    throw new Failure(
      'malformed-api-token',
      `Input "api-token" ${defect}. Copy the token alone, without "Bearer", and store it again.`,
    );
  }
  const apiToken = toApiToken(token);
  if (apiToken.expiresAt && apiToken.expiresAt <= now) {
    throw new Failure(
      'expired-api-token',
      `The API token expired at ${apiToken.expiresAt.toISOString()}. Create a new one in the Exabits console and store it as the secret.`,
    );
  }
  return apiToken;
}

function givenMd5(text: string): string {
  const hash = text.trim().toLowerCase();
  if (/^[0-9a-f]{32}$/.test(hash)) return hash;
  throw new Failure(
    'invalid-input',
    'Input "password" must be an MD5 hash (32 hexadecimal digits), because "password-format" is md5. For the password itself use password-format: plain.',
  );
}

// The API takes the MD5 of the password in UTF-8, Node's default. The hash works like the password, so it is masked
// too.
function md5(password: string): string {
  return createHash('md5').update(password).digest('hex');
}

/**
 * Readers for inputs of a type. Each throws a Failure that names the input and what is allowed.
 *
 * @param redact applied to a rejected input before it is quoted, because it could be a misplaced secret
 */
export function inputReaders(redact: Redact) {
  const notAllowed = (name: string, allowed: string): Failure =>
    new Failure('invalid-input', `Input "${name}" must be ${allowed}, not "${redact(core.getInput(name))}".`);

  return {
    booleanInput(name: string, byDefault: boolean): boolean {
      const text = core.getInput(name).toLowerCase();
      if (text === '') return byDefault;
      if (text === 'true') return true;
      if (text === 'false') return false;
      throw notAllowed(name, 'true or false');
    },

    wholeNumberInput(name: string, range: { byDefault: number; min: number; max: number }): number {
      const text = core.getInput(name);
      if (text === '') return range.byDefault;
      const number = /^\d+$/.test(text) ? Number(text) : Number.NaN;
      if (number >= range.min && number <= range.max) return number;
      throw notAllowed(name, `a whole number from ${range.min} to ${range.max}`);
    },

    choiceInput<Choice extends string>(name: string, choices: readonly [Choice, ...Choice[]]): Choice {
      const text = core.getInput(name).toLowerCase();
      if (text === '') return choices[0];
      const choice = choices.find((one) => one === text);
      if (choice) return choice;
      throw notAllowed(name, choices.join(' or '));
    },
  };
}
