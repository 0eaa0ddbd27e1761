import { randomBytes } from 'node:crypto';
import type { ApiToken, Credential } from './credentials.ts';
import type { Exabits, ListedToken, TokenLabel } from './exabits/api.ts';
import { type Failure, toFailure } from './failure.ts';
import { type EphemeralToken, saveEphemeralToken } from './job/state.ts';
import { oneLine } from './text.ts';

/** Only names of exactly this form are ever deleted. */
const ownName = /^gha-\d+-\d+-[0-9a-f]{8}$/;

const longestDescription = 250;
const mostDeletions = 50;
const hourMs = 60 * 60 * 1000;

/**
 * Labels a token so that `post` finds it, and whoever finds it in the Exabits console knows where it is from.
 *
 * @param env the runner's variables
 * @returns the name `gha-<run id>-<run attempt>-<8 random hexadecimal digits>`, and where the job is
 */
export function ephemeralTokenLabel(env: NodeJS.ProcessEnv): TokenLabel {
  const run = number(env.GITHUB_RUN_ID);
  const attempt = number(env.GITHUB_RUN_ATTEMPT);
  const { GITHUB_SERVER_URL: server = '', GITHUB_REPOSITORY: repository = '' } = env;
  const url = `${server}/${repository}/actions/runs/${run}/attempts/${attempt}`;
  const description = `${url} (repository ${repository}, workflow ${env.GITHUB_WORKFLOW}, job ${env.GITHUB_JOB})`;
  return {
    name: `gha-${run}-${attempt}-${randomBytes(4).toString('hex')}`,
    description: oneLine(description, longestDescription),
  };
}

// A runner that numbers runs in another way must not make names that `ownName` does not know.
function number(text: string | undefined): string {
  return text && /^\d{1,20}$/.test(text) ? text : '0';
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

/** What came of looking for tokens that earlier jobs left. */
export interface Sweep {
  /** Names of the tokens that were deleted. */
  readonly deleted: readonly string[];
  /** Why the rest was left. */
  readonly failure: Failure | undefined;
}

/**
 * Deletes the token of this job, and before it those that earlier jobs left because their runner died.
 * The own token comes last: it may be what the deletions are authenticated with.
 *
 * @param exabits the API
 * @param sweeper the API with less time, so that looking after others leaves some for the own token
 * @param credential what to delete with
 * @param token the token of this job
 * @param now the current time, from which the age of a token is counted
 * @returns what came of the sweep, whose failure is not this one's
 * @throws Failure when it is not certain that the own token is gone
 */
export async function deleteEphemeralToken(
  exabits: Exabits,
  sweeper: Exabits,
  credential: Credential,
  { id, name, staleTokenHours }: EphemeralToken,
  now: Date,
): Promise<Sweep> {
  const bornBefore = now.getTime() - staleTokenHours * hourMs;
  const isStale = (one: ListedToken) =>
    one.name !== name && ownName.test(one.name) && one.createdAt.getTime() < bornBefore;
  const sweep = staleTokenHours > 0 ? await deleteAll(sweeper, credential, isStale) : nothingSwept;

  if (id) {
    await exabits.deleteApiToken(credential, id);
  } else {
    const { failure } = await deleteAll(exabits, credential, (one) => one.name === name);
    if (failure) throw failure;
  }
  return sweep;
}

const nothingSwept: Sweep = { deleted: [], failure: undefined };

async function deleteAll(
  exabits: Exabits,
  credential: Credential,
  isMeant: (token: ListedToken) => boolean,
): Promise<Sweep> {
  const deleted: string[] = [];
  try {
    const meant = (await exabits.listApiTokens(credential)).filter(isMeant);
    for (const { id, name } of meant.slice(0, mostDeletions)) {
      await exabits.deleteApiToken(credential, id);
      deleted.push(name);
    }
    return { deleted, failure: undefined };
  } catch (thrown) {
    return { deleted, failure: toFailure(thrown) };
  }
}
