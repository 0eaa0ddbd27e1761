import { type Configured, type Credential, type SignIn, sourceOf } from './credentials.ts';
import { createEphemeralToken } from './ephemeral-token.ts';
import type { Exabits } from './exabits/api.ts';
import { isAnswered } from './exabits/request-failure.ts';
import { attempt, Failure } from './failure.ts';
import { type Existing, findExisting } from './inputs/existing.ts';
import { type Inputs, requireConfigured } from './inputs/inputs.ts';
import { info } from './job/log.ts';
import type { Mask } from './secrets.ts';

/**
 * Gets the credential of the step: the one already set in the job or that of the inputs, or a token made with either.
 * Exabits has accepted it, unless `verify` is false.
 */
export async function signIn(inputs: Inputs, exabits: Exabits, mask: Mask): Promise<SignIn> {
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
  const existing = found && 'credential' in found ? await ifAccepted(found, inputs, exabits) : found;
  if (existing && 'credential' in existing) {
    if (!existing.source) info('The credentials in use were not set by this action.');
    return existing;
  }
  const problem = existing
    ? `The credentials already set in this job ${existing.reason}`
    : 'No earlier step of this job has set credentials';
  if (!inputs.configured) {
    throw new Failure(
      `${problem}, and this step has none of its own.`,
      'Sign in before it, or set username and password, or api-token.',
    );
  }
  if (existing) info(`${problem}, so the step uses its inputs.`);
  return undefined;
}

async function ifAccepted(existing: Existing, inputs: Inputs, exabits: Exabits) {
  const refusal = await check(existing.credential, inputs, exabits);
  return refusal ? { reason: `were not accepted by Exabits (${refusal.seen.saw})` } : existing;
}

async function signInWith(configured: Configured, inputs: Inputs, exabits: Exabits): Promise<SignIn> {
  const signedIn = await exabits.authenticate(configured);
  const source = sourceOf(signedIn.credential, inputs.endpoint.apiUrl, configured);
  // A login is proof that Exabits accepts what it has just made.
  if (signedIn.account) return { method: 'login', source, ...signedIn };
  const refusal = await check(signedIn.credential, inputs, exabits);
  if (refusal) throw refusal;
  return { method: 'api-token', source, ...signedIn };
}

async function makeEphemeral(inputs: Inputs, exabits: Exabits, existing?: Existing): Promise<SignIn> {
  const { configured, timeoutMs, maxAttempts } = inputs;
  const { apiUrl } = inputs.endpoint;
  const signedIn = existing ?? (await exabits.authenticate(requireConfigured(inputs)));
  const origin = configured ?? signedIn.credential;
  const settings = { apiUrl, timeoutMs, maxAttempts };
  const made = await createEphemeralToken(exabits, signedIn.credential, origin, settings);
  const account = 'account' in signedIn ? signedIn.account : undefined;
  const source = sourceOf(made.credential, apiUrl, origin);
  return { method: 'ephemeral-api-token', source, account, ...made };
}

/** Asks Exabits about a credential, unless `verify` is false. Returns its refusal; throws if it cannot say. */
async function check(credential: Credential, { verify, endpoint }: Inputs, exabits: Exabits) {
  if (!verify) return undefined;
  const { failure } = await attempt(() => exabits.check(credential));
  if (!failure) return undefined;
  if (isAnswered(failure, 200, 401)) return failure;
  // An account may use other calls but not this one, and a host may not have it.
  if (isAnswered(failure, 403, 404)) {
    info(
      `Whether ${endpoint.name} accepts the credentials could not be checked (${failure.seen.saw}). They are used.`,
    );
    return undefined;
  }
  throw new Failure(
    `The credentials could not be checked. ${failure.problem}`,
    `${failure.advice} With verify: false they are not checked, and nothing is sent.`,
    { cause: failure },
  );
}
