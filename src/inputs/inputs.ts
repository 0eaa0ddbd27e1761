import * as core from '@actions/core';
import type { Configured } from '../credentials.ts';
import { defaultApiUrl, type Endpoint, parseEndpoint } from '../endpoint.ts';
import { Failure } from '../failure.ts';
import type { Masker } from '../secrets.ts';
import { hasInputs, readConfigured } from './configured.ts';
import { inputReaders } from './readers.ts';

/** The validated inputs of the step. */
export type Inputs = ReturnType<typeof readInputs>;

/** The validated inputs that both actions have. */
export type ConnectionInputs = ReturnType<typeof readConnectionInputs>;

/** Reads and validates every input of the step, secrets first. Throws a Failure that names the input at fault. */
export function readInputs(masker: Masker, now: Date) {
  const { booleanInput } = inputReaders(masker.redact);
  const inputs = {
    ...readConnectionInputs(masker, now, 60),
    exportEnvironment: booleanInput('export-environment', true),
    writeHeadersFile: booleanInput('write-headers-file', true),
    cleanup: booleanInput('cleanup', true),
    ephemeralApiToken: booleanInput('ephemeral-api-token', false),
    verify: booleanInput('verify', true),
    useExistingCredentials: booleanInput('use-existing-credentials', false),
    jobSummary: booleanInput('job-summary', false),
  };
  if (!inputs.ephemeralApiToken || inputs.cleanup) return inputs;
  throw new Failure(
    'Inputs "ephemeral-api-token: true" and "cleanup: false" exclude each other: the token would never expire and never be deleted.',
    'Remove one of them.',
  );
}

/** Reads and validates the inputs that both actions have; `timeoutSeconds` is the default of `timeout-seconds`. */
export function readConnectionInputs(masker: Masker, now: Date, timeoutSeconds: number) {
  const configured = readConfigured(masker, now);
  if (!hasInputs()) {
    throw new Failure(
      'The inputs whose name has a hyphen are missing from the environment. Some shells drop such variables, for example if Node is started through a script for sh.',
      "Start Node directly, as GitHub's runner does, or let the script use bash.",
    );
  }
  const { wholeNumberInput } = inputReaders(masker.redact);
  return {
    ...configured,
    ...readEndpoint(),
    timeoutMs: 1000 * wholeNumberInput('timeout-seconds', { byDefault: timeoutSeconds, min: 1, max: 3600 }),
    maxAttempts: wholeNumberInput('max-attempts', { byDefault: 5, min: 1, max: 100 }),
  };
}

function readEndpoint(): { endpoint: Endpoint; isEndpointGiven: boolean } {
  const input = core.getInput('api-url');
  if (input) return { endpoint: parseEndpoint(input, 'input "api-url"'), isEndpointGiven: true };
  const variable = process.env.EXABITS_API_URL?.trim() || defaultApiUrl;
  return { endpoint: parseEndpoint(variable, 'variable EXABITS_API_URL'), isEndpointGiven: false };
}

/**
 * The step's own credentials. Throws a Failure if there are none, or if only a variable names a host other than the
 * default: any earlier step can set a variable.
 */
export function requireConfigured({ configured, endpoint, isEndpointGiven }: ConnectionInputs): Configured {
  if (!configured) {
    throw new Failure(
      'No credentials.',
      'Set the inputs username and password, or api-token. If they come from secrets, check the names, and that the secrets exist here: workflows from forks and Dependabot get none.',
    );
  }
  if (isEndpointGiven || endpoint.apiUrl === defaultApiUrl) return configured;
  const expression = (context: string): string => `\${{ ${context}.EXABITS_API_URL }}`;
  throw new Failure(
    `The variable EXABITS_API_URL names ${endpoint.apiUrl}, but the input "api-url" is empty, which means ${defaultApiUrl}. The step's own credentials were not sent.`,
    `If you mean the host of the variable, set api-url: ${expression('env')}, or ${expression('vars')} if it is a variable of the repository. If you mean the other, set api-url to it.`,
  );
}
