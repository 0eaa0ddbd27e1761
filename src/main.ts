import { type Configured, expiryOf, type SignIn, sourceOf } from './credentials.ts';
import { createEphemeralToken } from './ephemeral-token.ts';
import { connect, type Exabits } from './exabits/api.ts';
import { isAnswered, type RequestFailure } from './exabits/request-failure.ts';
import { attempt, Failure, reasonOf } from './failure.ts';
import { type Existing, findExisting, type NotUsable } from './inputs/existing.ts';
import { type Inputs, readInputs, requireConfigured } from './inputs/inputs.ts';
import { clientFileKey } from './job/client-file.ts';
import { info, warning } from './job/log.ts';
import { publish } from './job/publish.ts';
import { writeSummary } from './job/summary.ts';
import { failingPhase, type Phase } from './run.ts';
import type { Mask, Masker } from './secrets.ts';

/** The step. */
export const main: Phase = failingPhase(story);

/**
 * Reads the inputs, signs in, and exports the credential to later steps.
 *
 * @param masker masks the secrets
 * @throws Failure, without having exported anything
 */
async function story(masker: Masker): Promise<void> {
  const inputs = readInputs(masker, new Date());
  for (const line of inputs.warnings) warning(line);
  const exabits = connect(inputs, masker, info);

  const signIn = await obtain(inputs, exabits, masker.mask);
  // What could fail comes before the export.
  const description = describe(signIn, inputs);
  const preferred = signIn.credential.kind === 'token-pair' ? clientFileKey() : undefined;
  const emptied = publish(signIn, inputs);

  info(description);
  if (emptied.length > 0) {
    info(
      `Emptied what was set before (${emptied.join(', ')}): later steps use the credentials of this step.`,
    );
  }
  if (preferred) {
    warning(
      `${preferred.path} has ${preferred.key}, which egpu prefers to the tokens of a login: in later steps egpu acts as that account, not as this one. Remove the key ("egpu config set" writes that file), or set ephemeral-api-token: true, which egpu prefers to the file.`,
    );
  }
  if (inputs.jobSummary) summarise(signIn, inputs);
}

async function obtain(inputs: Inputs, exabits: Exabits, mask: Mask): Promise<SignIn> {
  const existing = inputs.useExistingCredentials ? await reuse(inputs, exabits, mask) : undefined;
  // A token pair may expire during the job, but the user asked for a token that lasts.
  if (existing && !(inputs.ephemeralApiToken && existing.credential.kind === 'token-pair')) {
    return { method: 'existing', ...existing };
  }
  return inputs.ephemeralApiToken
    ? makeEphemeral(inputs, exabits, existing)
    : signInWith(requireConfigured(inputs), inputs, exabits);
}

async function reuse(inputs: Inputs, exabits: Exabits, mask: Mask): Promise<Existing | undefined> {
  const found = findExisting(inputs, mask, new Date());
  const existing = found && 'credential' in found ? await accepted(found, inputs, exabits) : found;
  if (!existing) return undefined;
  if ('reason' in existing) {
    const problem = `The credentials already set in this job ${existing.reason}`;
    if (!inputs.configured) {
      throw new Failure(
        `${problem}, and this step has none of its own.`,
        'Set username and password, or api-token, so that the step can sign in itself.',
      );
    }
    info(`${problem}, so the step signs in with its inputs.`);
    return undefined;
  }
  if (!existing.source) info('Something other than this action set the credentials that are used.');
  return existing;
}

async function accepted(existing: Existing, inputs: Inputs, exabits: Exabits): Promise<Existing | NotUsable> {
  const refusal = await check(existing, inputs, exabits);
  return refusal ? { reason: `were not accepted by Exabits (${refusal.seen.saw})` } : existing;
}

async function signInWith(configured: Configured, inputs: Inputs, exabits: Exabits): Promise<SignIn> {
  const signedIn = await exabits.authenticate(configured);
  const source = sourceOf(signedIn.credential, inputs.endpoint.apiUrl, configured);
  if (signedIn.account) return { method: 'login', source, ...signedIn };
  // A login is proof that Exabits accepts what it has just made.
  const refusal = await check(signedIn, inputs, exabits);
  if (refusal) throw refusal;
  return { method: 'api-token', source, credential: signedIn.credential };
}

async function makeEphemeral(
  inputs: Inputs,
  exabits: Exabits,
  existing: Existing | undefined,
): Promise<SignIn> {
  const { apiUrl } = inputs.endpoint;
  const signedIn = existing ?? (await exabits.authenticate(requireConfigured(inputs)));
  const origin = inputs.configured ?? signedIn.credential;
  const settings = { apiUrl, timeoutMs: inputs.timeoutMs, maxAttempts: inputs.maxAttempts };
  const made = await createEphemeralToken(exabits, signedIn.credential, origin, settings);
  const account = 'account' in signedIn ? signedIn.account : undefined;
  const source = sourceOf(made.credential, apiUrl, origin);
  return { method: 'ephemeral-api-token', source, account, ...made };
}

/**
 * Asks Exabits whether it accepts a credential, unless the user does not want that.
 *
 * @returns the failure if Exabits refuses it
 * @throws Failure if Exabits could not be asked
 */
async function check(
  { credential }: Pick<Existing, 'credential'>,
  { verify, endpoint }: Inputs,
  exabits: Exabits,
): Promise<RequestFailure | undefined> {
  if (!verify) return undefined;
  const { failure } = await attempt(() => exabits.check(credential));
  if (!failure) return undefined;
  if (isAnswered(failure, 200, 401)) return failure;
  // An account may use other calls but not this one, and a host may not have it.
  if (isAnswered(failure, 403, 404)) {
    info(`Whether ${endpoint.name} accepts the credentials could not be checked: ${failure.problem}`);
    return undefined;
  }
  throw new Failure(
    `The credentials could not be checked. ${failure.problem}`,
    `${failure.advice} With verify: false they are not checked, and nothing is sent.`,
    { cause: failure },
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
      return `Using the API token for ${endpoint.name}${expiry ? `, which expires at ${expiry}` : ''}.${verify ? '' : ' It was not checked, because verify is false.'}`;
    case 'existing':
      return `Using the credentials for ${endpoint.name} already set in this job${expiry ? `, until ${expiry}` : ''}. They are kept when it ends.`;
  }
}

function summarise(signIn: SignIn, { endpoint }: Inputs): void {
  try {
    writeSummary(signIn, endpoint);
  } catch (thrown) {
    warning(`Could not write the job summary: ${reasonOf(thrown)}.`);
  }
}
