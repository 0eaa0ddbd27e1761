import { rmSync } from 'node:fs';
import * as core from '@actions/core';
import { headersOf, type SignIn } from '../credentials.ts';
import type { Endpoint } from '../endpoint.ts';
import { fingerprint } from '../secrets.ts';
import { writeAllOrNone } from './command-files.ts';
import { headersFilePath, writeHeadersFile } from './headers-file.ts';
import { saveExported } from './state.ts';
import { apiTokenVariables, pairVariables, setVariables } from './variables.ts';

export interface Export {
  readonly endpoint: Endpoint;
  readonly exportEnvironment: boolean;
  readonly writeHeadersFile: boolean;
  readonly cleanup: boolean;
}

/**
 * Exports a credential to later steps as header file, variables and outputs: as all of them or, if it throws a Failure,
 * as none. Returns the variables of another credential that were set in the job, and are empty now.
 */
export function publish(signIn: SignIn, how: Export): string[] {
  const headersFile = how.writeHeadersFile ? headersFilePath() : undefined;
  const variables = how.exportEnvironment ? environmentOf(signIn, how.endpoint, headersFile) : {};
  const emptied = how.exportEnvironment ? othersVariables(signIn, headersFile) : [];
  // Credentials that were there before are not ours to clear.
  const own = Object.entries(variables).filter(
    ([name]) => signIn.method !== 'existing' || name === headersFileVariable,
  );

  writeAllOrNone(['GITHUB_STATE', 'GITHUB_ENV', 'GITHUB_OUTPUT'], (onFailure) => {
    saveExported({
      variables: Object.fromEntries(own.map(([name, value]) => [name, fingerprint(value)])),
      headersFile,
      cleanup: how.cleanup,
    });
    if (headersFile) {
      writeHeadersFile(headersFile, headersOf(signIn.credential));
      onFailure(() => rmSync(headersFile));
    }
    setVariables(variables, emptied);
    for (const [name, value] of Object.entries(outputsOf(signIn, how.endpoint, headersFile))) {
      core.setOutput(name, value);
    }
  });
  return emptied;
}

const headersFileVariable = 'EXABITS_HEADERS_FILE';

function environmentOf(
  { credential, source }: SignIn,
  endpoint: Endpoint,
  headersFile: string | undefined,
): Record<string, string> {
  return {
    EXABITS_API_URL: endpoint.apiUrl,
    EXABITS_API_BASE_URL: endpoint.apiBaseUrl,
    ...(source && { EXABITS_AUTH_SOURCE: source }),
    ...(headersFile && { [headersFileVariable]: headersFile }),
    ...(credential.kind === 'api-token'
      ? { EXABITS_API_TOKEN: credential.token }
      : {
          EXABITS_ACCESS_TOKEN: credential.token,
          EXABITS_REFRESH_TOKEN: credential.refreshToken,
          EXABITS_ACCESS_TOKEN_EXPIRES_AT: credential.expiresAt.toISOString(),
        }),
  };
}

// Variables that would make a later step use another credential: the official client prefers an API token.
function othersVariables({ method, credential }: SignIn, headersFile: string | undefined): string[] {
  const others = credential.kind === 'api-token' ? pairVariables : apiTokenVariables;
  const stale = headersFile || method === 'existing' ? [] : [headersFileVariable];
  return [...others, ...stale].filter((name) => process.env[name]);
}

function outputsOf(signIn: SignIn, endpoint: Endpoint, headersFile = ''): Record<string, string> {
  const { credential, account } = signIn;
  const pair = credential.kind === 'token-pair' ? credential : undefined;
  return {
    'auth-method': signIn.method,
    token: credential.token,
    'access-token': pair?.token ?? '',
    'refresh-token': pair?.refreshToken ?? '',
    'api-token': credential.kind === 'api-token' ? credential.token : '',
    'api-token-id': signIn.method === 'ephemeral-api-token' ? signIn.id : '',
    'token-expires-at': credential.expiresAt?.toISOString() ?? '',
    'refresh-token-expires-at': pair?.refreshTokenExpiresAt?.toISOString() ?? '',
    username: account?.username ?? '',
    email: account?.email ?? '',
    'api-url': endpoint.apiUrl,
    'api-base-url': endpoint.apiBaseUrl,
    'headers-file': headersFile,
  };
}
