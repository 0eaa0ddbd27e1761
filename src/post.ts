import { type Credential, originFingerprint, toApiToken } from './credentials.ts';
import { parseEndpoint } from './endpoint.ts';
import { deleteToken, type Fate, tokensSince } from './ephemeral-token.ts';
import { connect, type Exabits } from './exabits/api.ts';
import { type Attempt, attempt, Failure, regardless } from './failure.ts';
import { hasInputs, readConfigured } from './inputs/configured.ts';
import { removeHeadersFile } from './job/headers-file.ts';
import { info, tellRunner, warning } from './job/log.ts';
import { type Creation, type Exported, readCreation, readEphemeralToken, readExported } from './job/state.ts';
import { ownVariables, setVariables } from './job/variables.ts';
import type { Phase } from './run.ts';
import type { Masker } from './secrets.ts';

/** The post step. It never fails the job, and it cleans up even if it cannot print. */
export const post: Phase = {
  work: cleanUp,
  tell: (secret) => regardless(() => tellRunner(secret)),
  onFailure: (failure) => warning(failure.message),
};

/** Clears what the step exported and deletes the API token it made. A failure of one does not stop the other. */
async function cleanUp(masker: Masker): Promise<void> {
  const exported = await orWarn('read what the step exported', readExported);
  const creation = await orWarn('read which API token the step made', readCreation);

  if (exported) await orWarn('clear what the step exported', () => clear(exported));
  if (creation) await orWarn('delete the API token', () => revoke(creation, masker));
  const mayHaveTokens = creation && (creation.made || creation.unanswered.length > 0);
  if (!exported && !mayHaveTokens) info('Nothing to clear: the step exported nothing.');
}

async function orWarn<Result>(what: string, act: () => Result | Promise<Result>) {
  const { result, failure } = await attempt(act);
  if (failure) warning(`Could not ${what}: ${failure.message}`);
  return result;
}

async function clear(exported: Exported): Promise<void> {
  const { headersFile, cleanup } = exported;
  const own = ownVariables(exported);
  if (!cleanup) {
    const left = [...own, ...(headersFile ? ['the header file'] : [])];
    info(`Left in place, because cleanup is false: ${left.join(', ') || 'nothing'}.`);
    return;
  }
  if (own.length === 0 && !headersFile) info('Nothing to clear.');
  const cleared: string[] = [];
  await orWarn('empty the variables', () => {
    setVariables({}, own);
    cleared.push(...own);
  });
  await orWarn('remove the header file', async () => {
    if (headersFile && (await removeHeadersFile(headersFile))) cleared.push('the header file');
  });
  if (cleared.length > 0) info(`Cleared ${cleared.join(', ')}.`);
}

/** Does something as the job's token or, if that does not work, as the account of the inputs. */
type AsOwner = <T>(exabits: Exabits, act: (credential: Credential) => Promise<T>) => Promise<Attempt<T>>;

async function revoke(creation: Creation, masker: Masker): Promise<void> {
  const { apiUrl, timeoutMs, maxAttempts, made } = creation;
  const text = readEphemeralToken();
  const token = text === '' ? undefined : toApiToken(masker.mask(text));
  // Without its value, the job's token is like one whose creation was not answered.
  const unanswered = made && !token ? [...creation.unanswered, made.name] : creation.unanswered;
  const signIn = signInAsMaker(creation, masker);
  const asOwner: AsOwner = async (exabits, act) => {
    const own = token && (await attempt(() => act(token)));
    if (own && !own.failure) return own;
    const other = await attempt(async () => act(await signIn(exabits)));
    // The first failure is the reason.
    return own && other.failure ? own : other;
  };
  // The job's own token must not have to wait until the time is used up for others.
  const shareMs = unanswered.length > 0 ? timeoutMs / 2 : timeoutMs;
  const start = (): Exabits =>
    connect({ endpoint: parseEndpoint(apiUrl), timeoutMs: shareMs, maxAttempts }, masker, info);

  // First, because the job's token may authenticate it.
  if (unanswered.length > 0) await settle({ ...creation, unanswered }, start(), asOwner);
  if (made && token) {
    const exabits = start();
    report(made, await deleteToken(exabits, made.id, token, () => signIn(exabits)));
  }
}

/** Signs in with the inputs of the step, at most once, if they still name the account that made the token. */
function signInAsMaker({ apiUrl, maker }: Creation, masker: Masker) {
  let signedIn: Promise<{ credential: Credential }> | undefined;
  return async (exabits: Exabits): Promise<Credential> => {
    const configured = hasInputs() ? readConfigured(masker, new Date()).configured : undefined;
    if (!configured || originFingerprint(apiUrl, configured) !== maker) {
      throw new Failure(
        'The inputs of the post step are not those that made the token.',
        'Do not change the inputs of the step while the job runs.',
      );
    }
    signedIn ??= exabits.authenticate(configured);
    return (await signedIn).credential;
  };
}

/** Deletes the tokens whose creation was not answered, as far as they exist. */
async function settle(creation: Creation, exabits: Exabits, asOwner: AsOwner): Promise<void> {
  const { result, failure } = await asOwner(exabits, (as) => tokensSince(creation.startedAt, exabits, as));
  for (const name of creation.unanswered) {
    const listed = result?.filter((token) => token.name === name) ?? [];
    for (const token of listed) {
      const deletion = await asOwner(exabits, (as) => exabits.deleteApiToken(as, token.id));
      report(token, deletion.failure ? { fate: 'unknown', failure: deletion.failure } : { fate: 'deleted' });
    }
    if (listed.length > 0) continue;
    const found = failure ? failure.problem : 'It is not listed so far. A sweep of this run deletes it.';
    warning(
      `Exabits did not say whether it made the API token ${name}, and may still make it. ${found} Look for ${name} in the output of "egpu token list", and delete it by hand: egpu token delete ID --force`,
    );
  }
}

function report({ id, name }: { id: string; name: string }, result: Fate): void {
  if (result.fate === 'deleted') info(`Deleted the API token ${name}.`);
  if (result.fate === 'dead') info(`The API token ${name} does not work any more.`);
  if (!('failure' in result)) return;
  const state = result.fate === 'alive' ? 'still works' : 'may still work';
  warning(
    `The API token ${name} ${state}: ${result.failure.problem} Delete it by hand: egpu token delete ${id} --force`,
  );
}
