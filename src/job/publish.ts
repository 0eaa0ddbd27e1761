import { statSync, truncateSync } from 'node:fs';
import * as core from '@actions/core';
import { bearerTokenOf, type Credential, expiryOf, headersOf, type SignIn } from '../credentials.ts';
import type { Endpoint } from '../endpoint.ts';
import { Failure } from '../failure.ts';
import { headersFilePath, removeHeadersFile, writeHeadersFile } from './headers-file.ts';
import { saveLeftovers } from './state.ts';

/** How the user wants a credential handed on. */
export interface Handover {
  readonly endpoint: Endpoint;
  readonly exportEnvironment: boolean;
  readonly writeHeadersFile: boolean;
  readonly cleanup: boolean;
}

/** What the job got. */
export interface Published {
  /** Variables of another credential that the job carried, and that are empty now. */
  readonly emptied: readonly string[];
}

const pairVariables = ['EXABITS_ACCESS_TOKEN', 'EXABITS_REFRESH_TOKEN', 'EXABITS_ACCESS_TOKEN_EXPIRES_AT'];
const apiTokenVariables = ['EXABITS_API_TOKEN', 'EXABITS_API_TOKEN_ENCRYPTED'];

/**
 * Hands a credential to the later steps: header file, variables and outputs. All of it or, where this throws, nothing.
 *
 * @param signIn what was obtained
 * @param handover how to hand it on
 * @returns what the job got
 * @throws Failure `job-files` when the runner's files cannot be written
 */
export function publish(signIn: SignIn, handover: Handover): Published {
  const headersFile = handover.writeHeadersFile ? headersFilePath() : undefined;
  const variables = handover.exportEnvironment
    ? environmentOf(signIn.credential, handover.endpoint, headersFile)
    : {};
  const emptied = handover.exportEnvironment ? carriedVariables(signIn.credential, headersFile) : [];
  const outputs = outputsOf(signIn, handover.endpoint, headersFile);

  allOrNothing(headersFile, () => {
    saveLeftovers({ variables: Object.keys(variables), headersFile, cleanup: handover.cleanup });
    if (headersFile) writeHeadersFile(headersFile, headersOf(signIn.credential));
    for (const [name, value] of Object.entries(variables)) core.exportVariable(name, value);
    for (const name of emptied) core.exportVariable(name, '');
    for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value);
  });
  return { emptied };
}

/** Sets variables to nothing for the later steps: the runner knows no way to take one back. */
export function emptyVariables(names: readonly string[]): void {
  requireFile('GITHUB_ENV');
  for (const name of names) core.exportVariable(name, '');
}

function environmentOf(
  credential: Credential,
  endpoint: Endpoint,
  headersFile: string | undefined,
): Record<string, string> {
  return {
    EXABITS_API_URL: endpoint.apiUrl,
    EXABITS_API_BASE_URL: endpoint.apiBaseUrl,
    ...(headersFile ? { EXABITS_HEADERS_FILE: headersFile } : {}),
    ...(credential.kind === 'api-token'
      ? { EXABITS_API_TOKEN: credential.token }
      : {
          EXABITS_ACCESS_TOKEN: credential.accessToken,
          EXABITS_REFRESH_TOKEN: credential.refreshToken,
          EXABITS_ACCESS_TOKEN_EXPIRES_AT: credential.accessTokenExpiresAt.toISOString(),
        }),
  };
}

// What would make a later step use another credential than this one: the official client prefers an API token.
function carriedVariables(credential: Credential, headersFile: string | undefined): string[] {
  const others = credential.kind === 'api-token' ? pairVariables : apiTokenVariables;
  return [...others, ...(headersFile ? [] : ['EXABITS_HEADERS_FILE'])].filter((name) => process.env[name]);
}

function outputsOf(
  signIn: SignIn,
  endpoint: Endpoint,
  headersFile: string | undefined,
): Record<string, string> {
  const { credential } = signIn;
  const pair = credential.kind === 'token-pair' ? credential : undefined;
  return {
    'auth-method': signIn.method,
    token: bearerTokenOf(credential),
    'access-token': pair?.accessToken ?? '',
    'refresh-token': pair?.refreshToken ?? '',
    'api-token': credential.kind === 'api-token' ? credential.token : '',
    'access-token-expires-at': expiryOf(credential)?.toISOString() ?? '',
    'refresh-token-expires-at': pair?.refreshTokenExpiresAt.toISOString() ?? '',
    username: signIn.method === 'login' ? signIn.username : '',
    email: signIn.method === 'login' ? signIn.email : '',
    'api-url': endpoint.apiUrl,
    'api-base-url': endpoint.apiBaseUrl,
    'headers-file': headersFile ?? '',
  };
}

function allOrNothing(headersFile: string | undefined, write: () => void): void {
  const before = ['GITHUB_STATE', 'GITHUB_ENV', 'GITHUB_OUTPUT'].map(requireFile);
  try {
    write();
  } catch (thrown) {
    if (headersFile) removeHeadersFile(headersFile);
    for (const { path, size } of before) truncateSync(path, size);
    throw unwritable(thrown);
  }
}

function requireFile(variable: string): { path: string; size: number } {
  const path = process.env[variable];
  // Without the file the toolkit would print the values instead.
  if (!path) throw unwritable(new Error(`${variable} is not set`));
  try {
    return { path, size: statSync(path).size };
  } catch (thrown) {
    throw unwritable(thrown);
  }
}

function unwritable(thrown: unknown): Failure {
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  return new Failure(
    'job-files',
    `The runner's files for this step cannot be written (${reason}). Nothing was handed on. Check that this is a GitHub Actions job, and the free space and permissions of the runner's folders.`,
    { cause: thrown },
  );
}
