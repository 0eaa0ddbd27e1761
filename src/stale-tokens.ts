import type { Credential } from './credentials.ts';
import { attemptUrl } from './ephemeral-token.ts';
import type { Exabits, ListedToken, TokenList } from './exabits/api.ts';
import { attempt, type Failure } from './failure.ts';

/** Only tokens with a name of exactly this form are ever deleted. */
const ephemeralName = /^gha-(\d{1,20})-(\d{1,10})-[0-9a-f]{8}$/;
const hourMs = 60 * 60 * 1000;
const mostDeletions = 10;

/**
 * Reads from a token's name which run it was created for.
 *
 * @param name the token's name
 * @returns the run's id and its attempt, or undefined if the name is not exactly that of an ephemeral token
 */
export function parseEphemeralName(name: string): { runId: string; attempt: number } | undefined {
  const [, runId, attempt] = ephemeralName.exec(name) ?? [];
  return runId ? { runId, attempt: Number(attempt) } : undefined;
}

/**
 * Finds the ephemeral tokens in a list that are older than any job can be. Ages are measured by Exabits' clock,
 * because the runner's may be hours ahead.
 *
 * @param list the list, or a page of it; without its date, no token counts as stale
 * @param hours the age from which a token is stale; 0 for never
 */
export function staleTokens({ tokens, date }: TokenList, hours: number): ListedToken[] {
  if (hours === 0 || !date) return [];
  const bornBefore = date.getTime() - hours * hourMs;
  return tokens.filter(
    ({ name, createdAt }) => parseEphemeralName(name) && createdAt && createdAt.getTime() < bornBefore,
  );
}

/** A workflow run that has ended. */
export interface EndedRun {
  readonly id: string;
  /** The attempt that has ended. A later one may be running. */
  readonly attempt: number;
}

/**
 * Finds the tokens in a list that no job needs any more: those of a run that has ended, and those that are stale.
 *
 * @param list the list
 * @param run the run, if one is known to have ended
 * @param hours the age from which a token is stale; 0 for never
 * @param env the runner's variables; if a token has a description, it must name this server and repository to count as
 *   one of the run
 */
export function leftOverTokens(
  list: TokenList,
  run: EndedRun | undefined,
  hours: number,
  env: NodeJS.ProcessEnv,
): ListedToken[] {
  const stale = staleTokens(list, hours);
  return list.tokens.filter((token) => stale.includes(token) || (run && isOfRun(token, run, env)));
}

// Run ids are not unique across servers: each one numbers its runs from 1.
function isOfRun({ name, description }: ListedToken, run: EndedRun, env: NodeJS.ProcessEnv): boolean {
  const made = parseEphemeralName(name);
  if (!made || made.runId !== run.id || made.attempt > run.attempt) return false;
  return description === '' || description.endsWith(`: ${attemptUrl(env, made.runId, made.attempt)}`);
}

/** The result of a sweep. */
export interface Sweep {
  /** Names of the deleted tokens. */
  readonly deleted: readonly string[];
  /** Why it ended early. */
  readonly failure: Failure | undefined;
}

/**
 * Deletes some of the tokens that dead runners left behind. It runs in another job's post step, so it looks at one
 * page, deletes a few, and stops at the first failure.
 *
 * @param exabits the API, with a short timeout and a single try per request
 * @param credential what to delete with
 * @param ownName the name of the job's own token, which is skipped
 * @param hours the age from which a token is stale; 0 for never
 */
export async function sweepStaleTokens(
  exabits: Exabits,
  credential: Credential,
  ownName: string,
  hours: number,
): Promise<Sweep> {
  const deleted: string[] = [];
  const { failure } = await attempt(async () => {
    if (hours === 0) return;
    const stale = staleTokens(await exabits.listOldestApiTokens(credential), hours);
    for (const { id, name } of stale.filter(({ name }) => name !== ownName).slice(0, mostDeletions)) {
      await exabits.deleteApiToken(credential, id);
      deleted.push(name);
    }
  });
  return { deleted, failure };
}
