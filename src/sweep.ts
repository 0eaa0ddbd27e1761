import * as core from '@actions/core';
import type { Credential } from './credentials.ts';
import { attemptUrl, parseEphemeralName } from './ephemeral-name.ts';
import { connect, type Exabits } from './exabits/api.ts';
import { RequestFailure } from './exabits/request-failure.ts';
import type { ListedToken, TokenList } from './exabits/token-list.ts';
import { attempt, Failure } from './failure.ts';
import { requireConfigured } from './inputs/inputs.ts';
import { readSweepInputs, type SweepInputs } from './inputs/sweep-inputs.ts';
import { writeAllOrNone } from './job/command-files.ts';
import { info, warning } from './job/log.ts';
import { failingPhase, type Phase } from './run.ts';
import type { Masker } from './secrets.ts';

const hourMs = 60 * 60 * 1000;
/** How often the sweep deletes before tokens that are left make it fail. */
const mostRounds = 3;

/** The action that deletes the tokens left behind by dead runners. */
export const sweep: Phase = failingPhase(sweepTokens);

/** Deletes the API tokens of the account that no job needs any more. Throws a Failure if some are left, or may be. */
async function sweepTokens(masker: Masker): Promise<void> {
  const inputs = readSweepInputs(masker, new Date());
  for (const line of inputs.warnings) warning(line);
  const exabits = connect(inputs, masker, info);
  const { credential } = await exabits.authenticate(requireConfigured(inputs));

  const deleted = new Map<string, ListedToken>();
  const { result, failure } = await attempt(() => deleteLeftOver(inputs, exabits, credential, deleted));
  const { leftOver = [], renamed = [], ageless = [], count = 0 } = result ?? {};
  const done = inputs.dryRun ? leftOver : [...deleted.values()];
  writeAllOrNone(['GITHUB_OUTPUT'], () => {
    core.setOutput('deleted', deleted.size);
    core.setOutput('deleted-names', namesOf(done));
  });
  if (failure) throw failure;

  const did = inputs.dryRun ? 'Would delete' : 'Deleted';
  const none = leftOver.length > 0 ? 'Deleted nothing' : 'Nothing to delete';
  const what = done.length > 0 ? `${did} ${done.length}: ${namesOf(done).join(', ')}` : none;
  info(`${what}. API tokens at ${inputs.endpoint.name}: ${count}.`);
  for (const { name } of renamed) {
    info(`Kept ${name}: it has the id of the run, but its description does not end with the run's address.`);
  }
  if (leftOver.length > 0 && !inputs.dryRun) throw notDeleted(leftOver);
  if (ageless.length > 0) throw ofUnknownAge(ageless);
}

/** The tokens of a list that a sweep has something to say about. */
interface Judgement {
  /** No job needs these any more. */
  readonly leftOver: readonly ListedToken[];
  /** Named like those of the ended run, but described otherwise, such as by another repository's jobs. */
  readonly renamed: readonly ListedToken[];
  /** Named like ours, but nothing says how old they are, or that their run has ended. */
  readonly ageless: readonly ListedToken[];
}

/**
 * Reads the list and deletes what is left over, again and again: other jobs change the list meanwhile, and an answer
 * such as 404 proves nothing about a token that is still listed. `deleted` gets the tokens whose deletion Exabits
 * confirmed. Returns what the last list holds, and how many tokens the first one had.
 */
async function deleteLeftOver(
  inputs: SweepInputs,
  exabits: Exabits,
  credential: Credential,
  deleted: Map<string, ListedToken>,
): Promise<Judgement & { count: number }> {
  let count: number | undefined;
  for (let round = 0; ; round += 1) {
    const list = await exabits.listApiTokens(credential);
    count ??= list.tokens.length;
    const judgement = judge(list, inputs);
    // A list may be older than a deletion.
    const leftOver = judgement.leftOver.filter(({ id }) => !deleted.has(id));
    if (leftOver.length === 0 || inputs.dryRun || round === mostRounds) {
      return { ...judgement, leftOver, count };
    }
    for (const token of leftOver) {
      const { failure } = await attempt(() => exabits.deleteApiToken(credential, token.id));
      if (!failure) deleted.set(token.id, token);
      info(failure ? `Could not delete ${token.name}: ${failure.problem}` : `Deleted ${token.name}.`);
      if (failure instanceof RequestFailure && failure.seen.endsAll) {
        return { ...judgement, leftOver: leftOver.filter(({ id }) => !deleted.has(id)), count };
      }
    }
  }
}

// Ages are measured by Exabits' clock, because the runner's may be hours ahead.
function judge({ tokens, date }: TokenList, { run, staleTokenHours }: SweepInputs): Judgement {
  const groups = Map.groupBy(tokens, ({ name, description, createdAt }) => {
    const made = parseEphemeralName(name);
    if (!made) return 'other';
    const isOfRun = made.runId === run?.id && made.attempt <= run.attempt;
    // Run ids are not unique across servers: each one numbers its runs from 1.
    const page = attemptUrl(process.env, made.runId, made.attempt);
    if (isOfRun && (description === '' || description.endsWith(`: ${page}`))) return 'leftOver';
    const ageMs = Number(date) - Number(createdAt);
    if (staleTokenHours > 0 && ageMs > staleTokenHours * hourMs) return 'leftOver';
    if (staleTokenHours > 0 && Number.isNaN(ageMs)) return 'ageless';
    return isOfRun ? 'renamed' : 'other';
  });
  const { leftOver = [], renamed = [], ageless = [] } = Object.fromEntries(groups);
  return { leftOver, renamed, ageless };
}

function namesOf(tokens: readonly ListedToken[]): string[] {
  return tokens.map(({ name }) => name);
}

function notDeleted(tokens: readonly ListedToken[]): Failure {
  const all = tokens.map(({ name, id }) => `${name} (id ${id})`).join(', ');
  return new Failure(
    `Some API tokens could not be deleted: ${all}. The log says why for each.`,
    'Run the sweep again, or delete them by hand: egpu token delete ID --force',
  );
}

function ofUnknownAge(tokens: readonly ListedToken[]): Failure {
  return new Failure(
    `Exabits does not say how old some API tokens are: ${namesOf(tokens).join(', ')}. They were kept, because a job may still use them.`,
    'If their jobs have ended, delete them by hand: egpu token delete ID --force. With stale-token-hours: 0, no age matters.',
  );
}
