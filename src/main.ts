import { authenticate } from './authenticate.ts';
import { carriedCredential } from './carried.ts';
import { accountOf, expiryOf, type SignIn } from './credentials.ts';
import { createEphemeralToken } from './ephemeral-token.ts';
import type { Exabits } from './exabits/api.ts';
import { connect } from './exabits/connect.ts';
import { attempt } from './failure.ts';
import { type Inputs, readInputs } from './inputs.ts';
import { info, warning } from './job/log.ts';
import type { Masker } from './job/mask.ts';
import { publish } from './job/publish.ts';
import { writeSummary } from './job/summary.ts';

/**
 * The step: reads the inputs, signs in, and hands the credential to the later steps.
 *
 * @param masker makes secrets known to the runner
 * @throws Failure, and then nothing has been handed on
 */
export async function main(masker: Masker): Promise<void> {
  const inputs = readInputs(masker, new Date());
  for (const line of inputs.warnings) warning(line);
  const exabits = connect(inputs, masker, info);

  const signIn = await obtain(inputs, exabits, masker);
  const { emptied } = publish(signIn, inputs);

  info(describe(signIn, inputs));
  if (emptied.length > 0) {
    info(
      `Emptied ${emptied.join(', ')}, which the job carried before: later steps use what this step handed on.`,
    );
  }
  if (inputs.jobSummary) await summarise(signIn, inputs);
}

async function obtain(inputs: Inputs, exabits: Exabits, masker: Masker): Promise<SignIn> {
  const carried = await useCarried(inputs, exabits, masker);
  // The tokens of a login end within the job, and what was asked for is a token for all of it.
  if (carried && !(inputs.ephemeralApiToken && carried.credential.kind === 'token-pair')) return carried;
  const authenticated = carried ?? (await authenticate(inputs.configured, exabits));
  const signIn = inputs.ephemeralApiToken ? await exchange(authenticated, inputs, exabits) : authenticated;
  if (inputs.verify) await exabits.verify(signIn.credential);
  return signIn;
}

async function useCarried(inputs: Inputs, exabits: Exabits, { mask }: Masker): Promise<SignIn | undefined> {
  if (!inputs.useExistingCredentials) return undefined;
  const credential = carriedCredential(inputs.endpoint, mask, new Date());
  if (!credential) return undefined;
  const { failure } = await attempt(() => (inputs.verify ? exabits.verify(credential) : undefined));
  if (!failure) return { method: 'existing', credential };
  info(`The credentials that the job carries do not work, so the step signs in afresh: ${failure.message}`);
  return undefined;
}

async function exchange(authenticated: SignIn, inputs: Inputs, exabits: Exabits): Promise<SignIn> {
  const { endpoint, timeoutMs, maxAttempts, staleTokenHours } = inputs;
  const settings = { apiUrl: endpoint.apiUrl, timeoutMs, maxAttempts, staleTokenHours };
  const created = await createEphemeralToken(exabits, authenticated.credential, settings);
  return { method: 'ephemeral-api-token', ...created, account: accountOf(authenticated) };
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
      return `Using the credentials for ${endpoint.name} that the job carries already${expiry ? `, until ${expiry}` : ''}.`;
  }
}

async function summarise(signIn: SignIn, { endpoint }: Inputs): Promise<void> {
  const { failure } = await attempt(() => writeSummary(signIn, endpoint));
  if (failure) warning(`Could not write the job summary: ${failure.message}`);
}
