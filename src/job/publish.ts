import { rmSync } from 'node:fs';
import * as core from '@actions/core';
import { accountOf, bearerTokenOf, expiryOf, headersOf, type SignIn } from '../credentials.ts';
import type { Endpoint } from '../endpoint.ts';
import { fingerprint, sourceOf } from '../fingerprint.ts';
import { writeAllOrNone } from './command-files.ts';
import { headersFilePath, headersText, readSmallFile, writeHeadersFile } from './headers-file.ts';
import { saveLeftovers } from './state.ts';
import { addressVariables, apiTokenVariables, pairVariables } from './variables.ts';

/** How to hand a credential to later steps. */
export interface Handover {
  readonly endpoint: Endpoint;
  readonly exportEnvironment: boolean;
  readonly writeHeadersFile: boolean;
  readonly cleanup: boolean;
}

/** The result of `publish`. */
export interface Published {
  /** Variables of another credential that were set in the job, and are empty now. */
  readonly emptied: readonly string[];
}

/**
 * Hands a credential to later steps as header file, variables and outputs: as all of them or, if it throws, as none.
 *
 * @param signIn the credential, and how the step got it
 * @param handover how to hand it on
 * @returns which variables are empty now
 * @throws Failure `job-files` if the runner's files cannot be written
 */
export function publish(signIn: SignIn, handover: Handover): Published {
  const { credential } = signIn;
  const carriedHeadersFile = findHeadersFile(signIn);
  const ownHeadersFile = handover.writeHeadersFile && !carriedHeadersFile ? headersFilePath() : undefined;
  const headersFile = carriedHeadersFile ?? ownHeadersFile;

  const variables = handover.exportEnvironment ? environmentOf(signIn, handover.endpoint, headersFile) : {};
  const emptied = handover.exportEnvironment ? carriedVariables(signIn, headersFile) : [];
  // Values that were already set are not ours to clear. An address counts as set in any spelling.
  const own = Object.entries(variables).filter(
    ([name, value]) => signIn.method !== 'existing' || !carries(name, value),
  );
  const unset = [...pairVariables, ...apiTokenVariables].filter(
    (name) => !(name in variables) && (emptied.includes(name) || !process.env[name]),
  );

  writeAllOrNone(['GITHUB_STATE', 'GITHUB_ENV', 'GITHUB_OUTPUT'], (onFailure) => {
    saveLeftovers({
      variables: Object.fromEntries(own.map(([name, value]) => [name, fingerprint(value)])),
      unset,
      headersFile: ownHeadersFile,
      cleanup: handover.cleanup,
    });
    if (ownHeadersFile) {
      writeHeadersFile(ownHeadersFile, headersOf(credential));
      onFailure(() => rmSync(ownHeadersFile));
    }
    // Credentials that another program set may exist in this step only, so later steps get all of them.
    const news = signIn.source ? own : Object.entries(variables);
    for (const [name, value] of news) core.exportVariable(name, value);
    for (const name of emptied) core.exportVariable(name, '');
    for (const [name, value] of Object.entries(outputsOf(signIn, handover.endpoint, headersFile))) {
      core.setOutput(name, value);
    }
  });
  return { emptied };
}

function carries(name: string, value: string): boolean {
  const carried = process.env[name];
  return addressVariables.includes(name) ? Boolean(carried) : carried === value;
}

// The header file of an earlier step, if this step would write the same.
function findHeadersFile({ method, credential }: SignIn): string | undefined {
  const carried = method === 'existing' ? process.env.EXABITS_HEADERS_FILE : undefined;
  return carried && readSmallFile(carried) === headersText(headersOf(credential)) ? carried : undefined;
}

function environmentOf(
  { credential, source }: SignIn,
  endpoint: Endpoint,
  headersFile: string | undefined,
): Record<string, string> {
  return {
    EXABITS_API_URL: endpoint.apiUrl,
    EXABITS_API_BASE_URL: endpoint.apiBaseUrl,
    ...(source
      ? { EXABITS_AUTH_SOURCE: source, EXABITS_AUTH_FINGERPRINT: sourceOf(endpoint.apiUrl, credential) }
      : {}),
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

// Variables that would make a later step use another credential: the official client prefers an API token.
function carriedVariables({ credential }: SignIn, headersFile: string | undefined): string[] {
  const others = credential.kind === 'api-token' ? pairVariables : apiTokenVariables;
  return [...others, ...(headersFile ? [] : ['EXABITS_HEADERS_FILE'])].filter((name) => process.env[name]);
}

function outputsOf(signIn: SignIn, endpoint: Endpoint, headersFile = ''): Record<string, string> {
  const { credential } = signIn;
  const account = accountOf(signIn);
  const pair = credential.kind === 'token-pair' ? credential : undefined;
  return {
    'auth-method': signIn.method,
    token: bearerTokenOf(credential),
    'access-token': pair?.accessToken ?? '',
    'refresh-token': pair?.refreshToken ?? '',
    'api-token': credential.kind === 'api-token' ? credential.token : '',
    'api-token-id': signIn.method === 'ephemeral-api-token' ? signIn.id : '',
    'access-token-expires-at': expiryOf(credential)?.toISOString() ?? '',
    'refresh-token-expires-at': pair?.refreshTokenExpiresAt?.toISOString() ?? '',
    username: account?.username ?? '',
    email: account?.email ?? '',
    'api-url': endpoint.apiUrl,
    'api-base-url': endpoint.apiBaseUrl,
    'headers-file': headersFile,
  };
}
