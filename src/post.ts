import { authenticate } from './authenticate.ts';
import { carriedCredential } from './carried.ts';
import { type Credential, toApiToken } from './credentials.ts';
import { parseEndpoint } from './endpoint.ts';
import { deleteEphemeralToken, TokensLeft } from './ephemeral-token.ts';
import type { Exabits } from './exabits/api.ts';
import { connect } from './exabits/connect.ts';
import { attempt, Failure } from './failure.ts';
import { type Fingerprint, fingerprint, sourceOf } from './fingerprint.ts';
import { readConfigured } from './inputs.ts';
import { emptyVariables, ownVariables } from './job/clear.ts';
import { readBearerToken, removeHeadersFile } from './job/headers-file.ts';
import { info, regardless, warning } from './job/log.ts';
import { type Masker, tellRunner } from './job/mask.ts';
import { type EphemeralToken, type Leftovers, readEphemeralToken, readLeftovers } from './job/state.ts';
import type { Phase } from './run.ts';
import { type Sweep, sweepStaleTokens } from './stale-tokens.ts';

/** The post step. It never fails the job, and it cleans up even if it cannot print. */
export const post: Phase = {
  story,
  tell: (secret) => regardless(() => tellRunner(secret)),
  onFailure: (failure) => warning(failure.message),
};

/**
 * Clears what this invocation left in the job, and deletes the API token that it created.
 * Anything that fails becomes a warning and does not stop the rest.
 *
 * @param masker masks the secrets
 */
async function story(masker: Masker): Promise<void> {
  const leftovers = await orWarn('read what the step left', readLeftovers);
  const ephemeral = await orWarn('read which API token the step made', readEphemeralToken);

  // Must be read before the file is removed.
  const bearer = leftovers?.headersFile ? readBearerToken(leftovers.headersFile) : '';
  if (leftovers) await orWarn('clear what the step left', () => clear(leftovers));
  if (ephemeral) await orWarn('delete the API token', () => revoke(ephemeral, bearer, masker));
  if (!leftovers && !ephemeral) info('Nothing to clear: the step exported nothing.');
}

async function orWarn<Result>(
  what: string,
  act: () => Result | Promise<Result>,
): Promise<Result | undefined> {
  const { result, failure } = await attempt(act);
  if (failure) warning(`Could not ${what}: ${failure.message}`);
  return result;
}

async function clear(leftovers: Leftovers): Promise<void> {
  const { headersFile, cleanup } = leftovers;
  const own = ownVariables(leftovers);
  if (!cleanup) {
    const left = [...own, ...(headersFile ? ['the header file'] : [])];
    return info(`Left in place, because cleanup is false: ${left.join(', ') || 'nothing'}.`);
  }
  const cleared: string[] = [];
  await orWarn('empty the variables', () => {
    if (own.length > 0) emptyVariables(own);
    cleared.push(...own);
  });
  await orWarn('remove the header file', async () => {
    if (!headersFile) return;
    await removeHeadersFile(headersFile);
    cleared.push('the header file');
  });
  info(`Cleared ${cleared.join(', ') || 'nothing'}.`);
}

async function revoke(token: EphemeralToken, bearer: string, masker: Masker): Promise<void> {
  const settings = { ...token, endpoint: parseEndpoint(token.apiUrl) };
  const exabits = connect(settings, masker, info);
  // The sweep gets little time, so that most of it is left for the job's own token.
  const sweeper = connect({ ...settings, timeoutMs: token.timeoutMs / 4, maxAttempts: 1 }, masker, info);

  let reason = '';
  let left = token.id ? [token.id] : [];
  for (const obtain of ownersAtHand(token, bearer, exabits, masker)) {
    const { result, failure } = await attempt(async () => {
      const credential = await obtain();
      const sweep = await sweepStaleTokens(sweeper, credential, token.name, token.staleTokenHours);
      return { sweep, own: await deleteEphemeralToken(exabits, credential, token) };
    });
    if (!failure) return report(token.name, result);
    reason = failure.message;
    if (failure instanceof TokensLeft) left = [...failure.ids];
  }
  warning(`The API token ${token.name} may still be valid: ${reason} ${howToDelete(token.name, left)}`);
}

// The available credentials of the account that created the token. Another account cannot tell a token that it does not
// own from a deleted one, and its own tokens are none of this job's business.
function ownersAtHand(
  { apiUrl, owners }: EphemeralToken,
  bearer: string,
  exabits: Exabits,
  { mask, redact }: Masker,
): (() => Promise<Credential>)[] {
  const endpoint = parseEndpoint(apiUrl);
  const isOwner = (source: Fingerprint): boolean => owners.includes(source);
  // Masked only if it is ours: something else may have overwritten the file.
  const itself = isOwner(fingerprint(apiUrl, 'api-token', bearer)) ? toApiToken(mask(bearer)) : undefined;
  const carried = carriedCredential(endpoint, mask, new Date())?.credential;
  const atHand = new Map(
    [itself, carried]
      .filter((credential) => credential !== undefined)
      .map((credential) => [sourceOf(apiUrl, credential), credential]),
  );
  const authenticateAfresh = async (): Promise<Credential> => {
    const { configured } = readConfigured({ mask, redact }, new Date());
    if (configured.kind !== 'none' && !isOwner(sourceOf(apiUrl, configured))) {
      throw new Failure('no-credentials', 'The inputs of the step now name a different account.');
    }
    return (await authenticate(configured, endpoint, exabits)).credential;
  };
  const asItIs = [...atHand].flatMap(([source, credential]) =>
    isOwner(source) ? [() => Promise.resolve(credential)] : [],
  );
  return [...asItIs, authenticateAfresh];
}

function report(name: string, { own, sweep }: { own: number; sweep: Sweep }): void {
  info(own > 0 ? `Deleted the API token ${name}.` : `No API token ${name} is left at Exabits.`);
  if (sweep.deleted.length > 0) info(`Deleted tokens left by earlier jobs: ${sweep.deleted.join(', ')}.`);
  if (sweep.failure) warning(`Could not delete all tokens left by dead runners: ${sweep.failure.message}`);
}

function howToDelete(name: string, ids: readonly string[]): string {
  return ids.length > 0
    ? `Delete it by hand: ${ids.map((id) => `egpu token delete ${id} --force`).join('; ')}`
    : `Look for ${name} in the output of "egpu token list", and delete it by hand: egpu token delete ID --force`;
}
