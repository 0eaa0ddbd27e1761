import { authenticate } from './authenticate.ts';
import type { Credential } from './credentials.ts';
import type { Exabits, ListedToken } from './exabits/api.ts';
import { connect } from './exabits/connect.ts';
import { attempt, Failure } from './failure.ts';
import { info, warning } from './job/log.ts';
import type { Masker } from './job/mask.ts';
import { setOutputs } from './job/outputs.ts';
import { failingPhase, type Phase } from './run.ts';
import { leftOverTokens } from './stale-tokens.ts';
import { readSweepInputs } from './sweep-inputs.ts';

/** The action that deletes the tokens left behind by dead runners. */
export const sweep: Phase = failingPhase(story);

/**
 * Signs in, looks through all API tokens of the account, and deletes those that no job needs any more.
 *
 * @param masker masks the secrets
 * @throws Failure, also if some could not be deleted, after trying each one
 */
async function story(masker: Masker): Promise<void> {
  const inputs = readSweepInputs(masker, new Date());
  for (const line of inputs.warnings) warning(line);
  const exabits = connect(inputs, masker, info);

  const { credential } = await authenticate(inputs.configured, inputs.endpoint, exabits);
  const list = await exabits.listApiTokens(credential);
  const leftOver = leftOverTokens(list, inputs.run, inputs.staleTokenHours, process.env);
  const kept = inputs.dryRun ? [] : await deleteAll(exabits, credential, leftOver);

  const names = leftOver.filter((token) => !kept.includes(token)).map(({ name }) => name);
  if (inputs.dryRun) for (const name of names) info(`Would delete ${name}.`);
  const did = inputs.dryRun ? 'Would delete' : 'Deleted';
  info(`${did} ${names.length} of ${list.tokens.length} API tokens at ${inputs.endpoint.name}.`);
  setOutputs({ deleted: inputs.dryRun ? 0 : names.length, 'deleted-names': names });
  if (kept.length > 0) throw notDeleted(kept, masker);
}

/** Deletes tokens, and returns those that could not be deleted. */
async function deleteAll(
  exabits: Exabits,
  credential: Credential,
  tokens: readonly ListedToken[],
): Promise<ListedToken[]> {
  const kept: ListedToken[] = [];
  for (const token of tokens) {
    const { failure } = await attempt(() => exabits.deleteApiToken(credential, token.id));
    if (failure) kept.push(token);
    info(failure ? `Could not delete ${token.name}: ${failure.message}` : `Deleted ${token.name}.`);
  }
  return kept;
}

function notDeleted(tokens: readonly ListedToken[], { redact }: Masker): Failure {
  const all = tokens.map(({ name, id }) => `${name} (id ${redact(id)})`).join(', ');
  return new Failure(
    'not-deleted',
    `Some API tokens could not be deleted: ${all}. The log says why for each. Run the sweep again, or delete them by hand: egpu token delete ID --force`,
  );
}
