import { randomBytes } from 'node:crypto';
import type { TokenLabel } from './exabits/api.ts';
import { oneLine } from './text.ts';

/** Only tokens with a name of exactly this form are ever deleted by a sweep. */
const ephemeralName = /^gha-(\d{1,20})-(\d{1,10})-[0-9a-f]{8}$/;
/** Enough to recognise a workflow or job. */
const longestQuote = 50;

/**
 * Labels a token so that `post` and a sweep find it, and people see in the Exabits console where it came from:
 * `gha-<run id>-<run attempt>-<8 random hexadecimal digits>`, and a description that ends with the attempt's page.
 */
export function ephemeralTokenLabel(env: NodeJS.ProcessEnv): TokenLabel {
  const run = numberIn(env.GITHUB_RUN_ID, /^\d{1,20}$/);
  const attempt = numberIn(env.GITHUB_RUN_ATTEMPT, /^\d{1,10}$/);
  const { GITHUB_REPOSITORY = '', GITHUB_WORKFLOW = '', GITHUB_JOB = '' } = env;
  const where = `workflow ${quote(GITHUB_WORKFLOW)}, job ${quote(GITHUB_JOB)} of ${GITHUB_REPOSITORY}`;
  return {
    name: `gha-${run}-${attempt}-${randomBytes(4).toString('hex')}`,
    description: oneLine(`${where}: ${attemptUrl(env, run, attempt)}`),
  };
}

/** Reads which run a token was made for; undefined if its name is not exactly that of an ephemeral token. */
export function parseEphemeralName(name: string): { runId: string; attempt: number } | undefined {
  const [, runId, attempt] = ephemeralName.exec(name) ?? [];
  return runId ? { runId, attempt: Number(attempt) } : undefined;
}

/** The page on GitHub of one attempt of a run of this repository. */
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

// Half of a surrogate pair is not a character, and strict servers reject it.
function quote(text: string): string {
  const line = oneLine(text);
  return line.length > longestQuote ? `${line.slice(0, longestQuote - 1).toWellFormed()}\u2026` : line;
}
