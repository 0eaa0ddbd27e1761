import { authenticate } from './authenticate.ts';
import { carriedCredential } from './carried.ts';
import { accountOf, expiryOf, type SignIn } from './credentials.ts';
import { createEphemeralToken } from './ephemeral-token.ts';
import type { Exabits } from './exabits/api.ts';
import { connect } from './exabits/connect.ts';
import { attempt } from './failure.ts';
import { sourceOf } from './fingerprint.ts';
import { type Inputs, readInputs } from './inputs.ts';
import { clientFileKey } from './job/client-file.ts';
import { info, warning } from './job/log.ts';
import type { Masker } from './job/mask.ts';
import { publish } from './job/publish.ts';
import { writeSummary } from './job/summary.ts';
import { failingPhase, type Phase } from './run.ts';

/** The step. */
export const main: Phase = failingPhase(story);

/**
 * Reads the inputs, signs in, and hands the credential to later steps.
 *
 * @param masker masks the secrets
 * @throws Failure, without having exported anything
 */
async function story(masker: Masker): Promise<void> {
  const inputs = readInputs(masker, new Date());
  for (const line of inputs.warnings) warning(line);
  const exabits = connect(inputs, masker, info);

  const signIn = await obtain(inputs, exabits, masker);
  const { emptied } = publish(signIn, inputs);

  info(describe(signIn, inputs));
  if (emptied.length > 0) {
    info(
      `Emptied ${emptied.join(', ')}, which were set before: later steps use the credentials of this step.`,
    );
  }
  warnOfClientFile(signIn);
  if (inputs.jobSummary) await summarise(signIn, inputs);
}

async function obtain(inputs: Inputs, exabits: Exabits, masker: Masker): Promise<SignIn> {
  const carried = await useCarried(inputs, exabits, masker);
  // A token pair may expire during the job, but the user asked for a token that lasts.
  if (carried && !(inputs.ephemeralApiToken && carried.credential.kind === 'token-pair')) return carried;
  const authenticated = carried ?? (await authenticate(inputs.configured, inputs.endpoint, exabits));
  const signIn = inputs.ephemeralApiToken
    ? await makeEphemeral(authenticated, inputs, exabits)
    : authenticated;
  if (inputs.verify) await exabits.verify(signIn.credential);
  return signIn;
}

async function useCarried(
  inputs: Inputs,
  exabits: Exabits,
  { mask }: Masker,
): Promise<Extract<SignIn, { method: 'existing' }> | undefined> {
  const { configured, endpoint, useExistingCredentials, verify } = inputs;
  if (!useExistingCredentials) return undefined;
  const carried = carriedCredential(endpoint, mask, new Date());
  if (!carried) return undefined;

  const { credential, source, mayBeFrom } = carried;
  if (configured.kind !== 'none' && !mayBeFrom(sourceOf(endpoint.apiUrl, configured))) {
    info(
      'The credentials already set in this job do not match the inputs of this step, so the step signs in again.',
    );
    return undefined;
  }
  const { failure } = await attempt(() => (verify ? exabits.verify(credential) : undefined));
  if (failure) {
    info(
      `The credentials already set in this job do not work, so the step signs in again: ${failure.message}`,
    );
    return undefined;
  }
  if (!source) {
    info(
      'The credentials already set in this job were not set by this action, so their account is unknown. They are used, and kept when the job ends.',
    );
  }
  return { method: 'existing', credential, source };
}

async function makeEphemeral(authenticated: SignIn, inputs: Inputs, exabits: Exabits): Promise<SignIn> {
  const { timeoutMs, maxAttempts, staleTokenHours } = inputs;
  const { apiUrl } = inputs.endpoint;
  const { credential } = authenticated;
  const itself = sourceOf(apiUrl, credential);
  const source = authenticated.source ?? itself;
  const settings = { apiUrl, timeoutMs, maxAttempts, staleTokenHours, owners: [source, itself] };
  const created = await createEphemeralToken(exabits, credential, settings);
  return { method: 'ephemeral-api-token', ...created, source, account: accountOf(authenticated) };
}

function warnOfClientFile({ credential }: SignIn): void {
  const found = credential.kind === 'token-pair' ? clientFileKey() : undefined;
  if (!found) return;
  warning(
    `${found.path} has ${found.key}, which egpu prefers to the tokens of a login: in later steps egpu acts as that account, not as this one. Remove the key ("egpu config set" writes that file), or set ephemeral-api-token: true, which egpu prefers to the file.`,
  );
}

function describe(signIn: SignIn, { endpoint, verify }: Inputs): string {
  const expiry = expiryOf(signIn.credential)?.toISOString();
  switch (signIn.method) {
    case 'login':
      return `Signed in to ${endpoint.name} as ${signIn.account.username}. The access token expires at ${expiry}; for a longer job set ephemeral-api-token: true.`;
    case 'ephemeral-api-token':
      return `Signed in to ${endpoint.name} with the API token ${signIn.name}, made for this job. The post step deletes it.`;
    case 'api-token':
      return `Using the API token for ${endpoint.name}${expiry ? `, which expires at ${expiry}` : ''}.${verify ? '' : ' It was not checked: set verify: true to find out here whether it works.'}`;
    case 'existing':
      return `Using the credentials for ${endpoint.name} already set in this job${expiry ? `, until ${expiry}` : ''}.`;
  }
}

async function summarise(signIn: SignIn, { endpoint }: Inputs): Promise<void> {
  const { failure } = await attempt(() => writeSummary(signIn, endpoint));
  if (failure) warning(`Could not write the job summary: ${failure.message}`);
}
