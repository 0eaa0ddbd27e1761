import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiToken, Credential } from './credentials.ts';
import type { Exabits, TokenLabel } from './exabits/api.ts';
import { attempt, Failure, type FailureCode, NotCreated } from './failure.ts';
import { type Fingerprint, sourceOf } from './fingerprint.ts';
import { type EphemeralToken, saveEphemeralToken } from './job/state.ts';
import { oneLine } from './text.ts';

/** Enough for the longest names on GitHub. */
const longestDescription = 500;
/** Waits between lookups of a token that may not exist yet, in milliseconds, each capped to a share of the timeout. */
const lateCreationMs = [1_000, 2_000, 0];
const lateCreationShare = 1 / 30;

/**
 * Labels a token so that `post` can find it, and people can see in the Exabits console where it came from.
 *
 * @param env the runner's variables
 * @returns the name `gha-<run id>-<run attempt>-<8 random hexadecimal digits>`, and a description that links to the
 *   job's run
 */
export function ephemeralTokenLabel(env: NodeJS.ProcessEnv): TokenLabel {
  const run = numberIn(env.GITHUB_RUN_ID, /^\d{1,20}$/);
  const attempt = numberIn(env.GITHUB_RUN_ATTEMPT, /^\d{1,10}$/);
  const { GITHUB_REPOSITORY = '', GITHUB_WORKFLOW = '', GITHUB_JOB = '' } = env;
  const where = `workflow ${oneLine(GITHUB_WORKFLOW, 50)}, job ${oneLine(GITHUB_JOB, 50)} of ${GITHUB_REPOSITORY}`;
  return {
    name: `gha-${run}-${attempt}-${randomBytes(4).toString('hex')}`,
    description: oneLine(`${where}: ${attemptUrl(env, run, attempt)}`, longestDescription),
  };
}

/**
 * The page on GitHub of one attempt of a run. A token's description ends with this address.
 *
 * @param env the runner's variables, which name the server and the repository
 */
export function attemptUrl(
  { GITHUB_SERVER_URL = '', GITHUB_REPOSITORY = '' }: NodeJS.ProcessEnv,
  runId: string,
  attempt: string | number,
): string {
  return `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${runId}/attempts/${attempt}`;
}

// `parseEphemeralName` must recognise every name, even if a runner numbers its runs differently.
function numberIn(text: string | undefined, digits: RegExp): string {
  return text?.match(digits)?.[0] ?? '0';
}

/**
 * Creates the job's token. Its name is saved first, so that `post` can find the token even if `main` is killed
 * while creating it.
 *
 * @param exabits the API
 * @param credential what to create it with
 * @param settings what `post` will need to delete it
 * @returns the token, its id and name
 * @throws Failure; `post` then deletes any token that was created nevertheless
 */
export async function createEphemeralToken(
  exabits: Exabits,
  credential: Credential,
  settings: Omit<EphemeralToken, 'name' | 'id' | 'mayHaveNamesakes'>,
): Promise<{ id: string; name: string; credential: ApiToken }> {
  const label = ephemeralTokenLabel(process.env);
  const planned = { ...settings, name: label.name, id: undefined, mayHaveNamesakes: true };
  saveEphemeralToken(planned);
  const { result, failure } = await attempt(() => exabits.createApiToken(credential, label));
  // What Exabits said matters more than a state that cannot be written.
  if (failure instanceof NotCreated) await attempt(() => saveEphemeralToken(undefined));
  if (failure) throw failure;
  const { id, mayHaveNamesakes, credential: token } = result;
  const owners: Fingerprint[] = [...settings.owners, sourceOf(settings.apiUrl, token)];
  saveEphemeralToken({ ...planned, id, mayHaveNamesakes, owners });
  return { id, name: label.name, credential: token };
}

/**
 * Deletes this job's token, and any of the same name left by a creation whose answer was lost.
 *
 * @param exabits the API
 * @param credential what to delete with; must belong to the account that created the token
 * @param token the token of this job
 * @returns how many tokens had its name or id
 * @throws TokensLeft if some may still exist, after trying to delete each one
 */
export async function deleteEphemeralToken(
  exabits: Exabits,
  credential: Credential,
  token: EphemeralToken,
): Promise<number> {
  const looked = await attempt(() => lookFor(token, exabits, credential));
  // The job's own token comes last, because it may authenticate the other deletions.
  const namesakes = (looked.result ?? []).filter((id) => id !== token.id);
  const ids = token.id ? [...namesakes, token.id] : namesakes;

  const failures = looked.failure ? [looked.failure] : [];
  const left: string[] = [];
  for (const id of ids) {
    const { failure } = await attempt(() => exabits.deleteApiToken(credential, id));
    if (!failure) continue;
    failures.push(failure);
    left.push(id);
  }
  const [first] = failures;
  if (first) throw new TokensLeft(first.code, failures, left);
  return ids.length;
}

/** Some tokens of a job could not be deleted or looked up. */
export class TokensLeft extends Failure {
  /** The tokens that are known to be left. */
  readonly ids: readonly string[];

  constructor(code: FailureCode, failures: readonly Failure[], ids: readonly string[]) {
    super(code, failures.map(({ message }) => message).join(' '));
    this.ids = ids;
  }
}

// Exabits may carry out a request a little after `main` was killed while sending it.
async function lookFor(
  { id, name, mayHaveNamesakes, timeoutMs }: EphemeralToken,
  exabits: Exabits,
  credential: Credential,
): Promise<string[]> {
  if (!mayHaveNamesakes) return [];
  for (const waitMs of id ? [0] : lateCreationMs) {
    const found = await exabits.findApiTokens(credential, name);
    if (found.length > 0) return found.map((token) => token.id);
    await sleep(Math.min(waitMs, timeoutMs * lateCreationShare));
  }
  return [];
}
