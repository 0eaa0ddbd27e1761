import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiToken, Credential } from './credentials.ts';
import type { Exabits, TokenLabel } from './exabits/api.ts';
import { attempt, Failure, type FailureCode } from './failure.ts';
import { type Fingerprint, sourceOf } from './fingerprint.ts';
import { type EphemeralToken, saveEphemeralToken } from './job/state.ts';
import { oneLine } from './text.ts';

/** More than the longest names on GitHub need. */
const longestDescription = 500;
/** How long to wait between looks for a token that may not exist yet, in milliseconds, but no more than a share of the time. */
const lateCreationMs = [1_000, 2_000, 0];
const lateCreationShare = 1 / 30;

/**
 * Labels a token so that `post` finds it, and whoever finds it in the Exabits console knows where it is from.
 *
 * @param env the runner's variables
 * @returns the name `gha-<run id>-<run attempt>-<8 random hexadecimal digits>`, and where the job is
 */
export function ephemeralTokenLabel(env: NodeJS.ProcessEnv): TokenLabel {
  const run = digits(env.GITHUB_RUN_ID, 20);
  const attempt = digits(env.GITHUB_RUN_ATTEMPT, 10);
  const { GITHUB_REPOSITORY = '', GITHUB_WORKFLOW = '', GITHUB_JOB = '' } = env;
  const where = `workflow ${oneLine(GITHUB_WORKFLOW, 50)}, job ${oneLine(GITHUB_JOB, 50)} of ${GITHUB_REPOSITORY}`;
  return {
    name: `gha-${run}-${attempt}-${randomBytes(4).toString('hex')}`,
    description: oneLine(`${where}: ${attemptUrl(env, run, attempt)}`, longestDescription),
  };
}

/**
 * Where GitHub shows one attempt of a run: what the description of a token ends with.
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

// A runner that numbers runs in another way must not make names that `parseEphemeralName` does not know.
function digits(text = '', most: number): string {
  return /^\d+$/.test(text) && text.length <= most ? text : '0';
}

/**
 * Creates the token of a job. Its name is in the state before it exists, so that no instant remains
 * at which `main` could die and leave a token that `post` does not find.
 *
 * @param exabits the API
 * @param credential what to create it with
 * @param settings what `post` will need to delete it
 * @returns the token, its id and name
 * @throws Failure; then `post` deletes what may have been created
 */
export async function createEphemeralToken(
  exabits: Exabits,
  credential: Credential,
  settings: Omit<EphemeralToken, 'name' | 'id' | 'mayHaveNamesakes'>,
): Promise<{ id: string; name: string; credential: ApiToken }> {
  const label = ephemeralTokenLabel(process.env);
  const planned = { ...settings, name: label.name, id: undefined, mayHaveNamesakes: true };
  saveEphemeralToken(planned);
  const { id, mayHaveNamesakes, credential: token } = await exabits.createApiToken(credential, label);
  const owners: Fingerprint[] = [...settings.owners, sourceOf(settings.apiUrl, token)];
  saveEphemeralToken({ ...planned, id, mayHaveNamesakes, owners });
  return { id, name: label.name, credential: token };
}

/**
 * Deletes the token of this job, and whatever a lost creation has left under its name.
 *
 * @param exabits the API
 * @param credential what to delete with, of the account that made the token
 * @param token the token of this job
 * @returns how many tokens had its name, or its id
 * @throws TokensLeft when it is not certain that all of them are gone; each has been tried then
 */
export async function deleteEphemeralToken(
  exabits: Exabits,
  credential: Credential,
  token: EphemeralToken,
): Promise<number> {
  const looked = await attempt(() => lookFor(token, exabits, credential));
  // The own token comes last: it may be what the other deletions are authenticated with.
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

/** Tokens of a job that could not be deleted, or not be looked for. */
export class TokensLeft extends Failure {
  /** Of those that are known to be left. */
  readonly ids: readonly string[];

  constructor(code: FailureCode, failures: readonly Failure[], ids: readonly string[]) {
    super(code, failures.map(({ message }) => message).join(' '), { cause: failures });
    this.ids = ids;
  }
}

// A request that was under way when `main` was killed may be carried out a little later.
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
