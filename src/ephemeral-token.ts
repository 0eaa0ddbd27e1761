import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ApiToken, Credential } from './credentials.ts';
import type { Exabits, ListedToken, TokenLabel } from './exabits/api.ts';
import { attempt, type Failure } from './failure.ts';
import { type EphemeralToken, saveEphemeralToken } from './job/state.ts';
import { oneLine } from './text.ts';

/** Only names of exactly this form are ever deleted. */
const ephemeralName = /^gha-\d{1,20}-\d{1,10}-[0-9a-f]{8}$/;

/** More than the longest names on GitHub need. */
const longestDescription = 500;
const mostStaleTokens = 50;
/** How long to wait between looks for a token that may not exist yet, in milliseconds, but no more than a share of the time. */
const lateCreationMs = [1_000, 2_000];
const lateCreationShare = 1 / 30;
const hourMs = 60 * 60 * 1000;

/**
 * Labels a token so that `post` finds it, and whoever finds it in the Exabits console knows where it is from.
 *
 * @param env the runner's variables
 * @returns the name `gha-<run id>-<run attempt>-<8 random hexadecimal digits>`, and where the job is
 */
export function ephemeralTokenLabel(env: NodeJS.ProcessEnv): TokenLabel {
  const run = digits(env.GITHUB_RUN_ID, 20);
  const attempt = digits(env.GITHUB_RUN_ATTEMPT, 10);
  const { GITHUB_SERVER_URL = '', GITHUB_REPOSITORY = '', GITHUB_WORKFLOW = '', GITHUB_JOB = '' } = env;
  const where = `workflow ${oneLine(GITHUB_WORKFLOW, 50)}, job ${oneLine(GITHUB_JOB, 50)} of ${GITHUB_REPOSITORY}`;
  const url = `${GITHUB_SERVER_URL}/${GITHUB_REPOSITORY}/actions/runs/${run}/attempts/${attempt}`;
  return {
    name: `gha-${run}-${attempt}-${randomBytes(4).toString('hex')}`,
    description: oneLine(`${where}: ${url}`, longestDescription),
  };
}

// A runner that numbers runs in another way must not make names that `ephemeralName` does not know.
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
  settings: Omit<EphemeralToken, 'name' | 'id'>,
): Promise<{ id: string; name: string; credential: ApiToken }> {
  const label = ephemeralTokenLabel(process.env);
  saveEphemeralToken({ ...settings, name: label.name, id: undefined });
  const created = await exabits.createApiToken(credential, label);
  saveEphemeralToken({ ...settings, name: label.name, id: created.id });
  return { ...created, name: label.name };
}

/** What came of deleting. */
export interface Deletion {
  /** How many tokens had the name of this job's, or its id. */
  readonly own: number;
  /** Names of those that earlier jobs had left. */
  readonly stale: readonly string[];
  /** Why no more of those were deleted. */
  readonly staleFailure: Failure | undefined;
}

/**
 * Deletes the token of this job, and those that earlier jobs left because their runner died.
 *
 * @param exabits the API
 * @param sweeper the API with less time, so that looking after others leaves some for the own token
 * @param credential what to delete with
 * @param token the token of this job
 * @param now the current time, from which the age of a token is counted
 * @returns what was deleted
 * @throws Failure when it is not certain that the own token is gone
 */
export async function deleteEphemeralToken(
  exabits: Exabits,
  sweeper: Exabits,
  credential: Credential,
  token: EphemeralToken,
  now: Date,
): Promise<Deletion> {
  // The list is needed even where the id is known: a creation that timed out may have been carried out afterwards.
  const listed = await attempt(() =>
    token.id ? sweeper.listApiTokens(credential) : lookFor(token, exabits, credential),
  );
  if (listed.failure && !token.id) throw listed.failure;
  const tokens = listed.result ?? [];

  const stale: string[] = [];
  let staleFailure = listed.failure;
  for (const { id, name } of tokens
    .filter(isStale(token, earliest(token, tokens, now)))
    .slice(0, mostStaleTokens)) {
    const { failure } = await attempt(() => sweeper.deleteApiToken(credential, id));
    if (!failure) stale.push(name);
    staleFailure ??= failure;
    if (failure?.code === 'timed-out') break;
  }

  // The own token comes last: it may be what the other deletions are authenticated with.
  const namesakes = tokens
    .filter(({ id, name }) => name === token.name && id !== token.id)
    .map(({ id }) => id);
  const own = token.id ? [...namesakes, token.id] : namesakes;
  for (const id of own) await exabits.deleteApiToken(credential, id);

  return { own: own.length, stale, staleFailure };
}

// A request that was under way when `main` was killed may be carried out a little later.
async function lookFor(
  { name, timeoutMs }: EphemeralToken,
  exabits: Exabits,
  credential: Credential,
): Promise<ListedToken[]> {
  for (const waitMs of lateCreationMs) {
    const tokens = await exabits.listApiTokens(credential);
    if (tokens.some((token) => token.name === name)) return tokens;
    await sleep(Math.min(waitMs, timeoutMs * lateCreationShare));
  }
  return exabits.listApiTokens(credential);
}

// Ages are counted from the birth of the own token where the list tells it: the runner's clock may be ahead.
function earliest({ name }: EphemeralToken, tokens: readonly ListedToken[], now: Date): Date {
  const born = tokens.find((token) => token.name === name)?.createdAt;
  return born && born < now ? born : now;
}

function isStale(
  { name: ownName, staleTokenHours }: EphemeralToken,
  now: Date,
): (token: ListedToken) => boolean {
  if (staleTokenHours === 0) return () => false;
  const bornBefore = now.getTime() - staleTokenHours * hourMs;
  return ({ name, createdAt }) =>
    name !== ownName &&
    ephemeralName.test(name) &&
    createdAt !== undefined &&
    createdAt.getTime() < bornBefore;
}
