import { uptime } from 'node:os';
import { type ApiToken, type Credential, type Origin, originFingerprint } from './credentials.ts';
import { ephemeralTokenLabel } from './ephemeral-name.ts';
import type { Created } from './exabits/answers.ts';
import type { Exabits } from './exabits/api.ts';
import { isAnswered, RequestFailure } from './exabits/request-failure.ts';
import { attempt, type Failure, regardless } from './failure.ts';
import { type Creation, saveCreation } from './job/state.ts';

/**
 * Creates the job's token, with a credential that was made from `origin`, or throws a Failure. The name of each try is
 * saved before it is sent, so that `post` finds the token even if `main` fails or is killed.
 */
export async function createEphemeralToken(
  exabits: Exabits,
  credential: Credential,
  origin: Origin,
  settings: Pick<Creation, 'apiUrl' | 'timeoutMs' | 'maxAttempts'>,
): Promise<Created & { name: string }> {
  const maker = originFingerprint(settings.apiUrl, origin);
  const begun = { ...settings, maker, startedAt: uptime(), made: undefined };
  let unanswered: readonly string[] = [];
  const forgetIfNothingWasMade = (failed: Failure | undefined): void => {
    const isCertain = failed instanceof RequestFailure && failed.seen.changedNothing;
    if (isCertain) unanswered = unanswered.slice(0, -1);
  };

  const { result, failure } = await attempt(() =>
    exabits.createApiToken(credential, (failed) => {
      forgetIfNothingWasMade(failed);
      const label = ephemeralTokenLabel(process.env);
      unanswered = [...unanswered, label.name];
      saveCreation({ ...begun, unanswered });
      return label;
    }),
  );
  if (failure) {
    forgetIfNothingWasMade(failure);
    // What Exabits said matters more than a state that cannot be written.
    regardless(() => saveCreation({ ...begun, unanswered }));
    throw failure;
  }
  const name = String(unanswered.at(-1));
  const made = { id: result.id, name };
  saveCreation({ ...begun, unanswered: unanswered.slice(0, -1), made }, result.credential);
  return { ...result, name };
}

/** What became of an API token: Exabits confirmed its deletion, refuses it, still accepts it, or did not say. */
export type Fate =
  | { readonly fate: 'deleted' | 'dead' }
  | { readonly fate: 'alive' | 'unknown'; readonly failure: Failure };

/**
 * Deletes a token whose value is known, as itself or, if it may not, as the account of `signIn`. A wrong route or a
 * proxy may answer 404 or 401, too, so the token is tried then.
 */
export async function deleteToken(
  exabits: Exabits,
  id: string,
  token: ApiToken,
  signIn: () => Promise<Credential>,
): Promise<Fate> {
  const { failure } = await attempt(() => exabits.deleteApiToken(token, id));
  if (!failure) return { fate: 'deleted' };
  const check = await attempt(() => exabits.check(token));
  if (isAnswered(check.failure, 401)) return { fate: 'dead' };
  // The first failure is the reason.
  const left: Fate = { fate: check.failure ? 'unknown' : 'alive', failure };
  // A token that may not read the balance may work all the same.
  if (check.failure && !isAnswered(check.failure, 403, 404)) return left;
  const again = await attempt(async () => exabits.deleteApiToken(await signIn(), id));
  return again.failure ? left : { fate: 'deleted' };
}

/** How wrong clocks may go, in seconds. */
const margin = 5 * 60;

/**
 * Lists the account's tokens as far back as a step: those that it asked for cannot be older. All of them, if the
 * machine was started again meanwhile.
 *
 * @param startedAt the uptime at its start, in seconds
 */
export async function tokensSince(startedAt: number, exabits: Exabits, credential: Credential) {
  const age = uptime() - startedAt;
  const { tokens } = await exabits.listApiTokens(credential, (found, date) => {
    const oldestMs = Number(found.at(-1)?.createdAt);
    return age >= 0 && Number(date) - oldestMs > (age + margin) * 1000;
  });
  return tokens;
}
