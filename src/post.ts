import { authenticate } from './authenticate.ts';
import { type Credential, toApiToken, tokenDefect } from './credentials.ts';
import { parseEndpoint } from './endpoint.ts';
import { type Deletion, deleteEphemeralToken } from './ephemeral-token.ts';
import { connect } from './exabits/connect.ts';
import { attempt } from './failure.ts';
import { readConfigured } from './inputs.ts';
import { readTokens, removeHeadersFile } from './job/headers-file.ts';
import { info, warning } from './job/log.ts';
import type { Masker } from './job/mask.ts';
import { emptyVariables } from './job/publish.ts';
import { type EphemeralToken, type Leftovers, readEphemeralToken, readLeftovers } from './job/state.ts';

/**
 * The post step: clears what this invocation left in the job, and deletes the API token that it made.
 * It never fails the job: what cannot be done is a warning, and the rest is done all the same.
 *
 * @param masker makes secrets known to the runner
 */
export async function post(masker: Masker): Promise<void> {
  const leftovers = await orWarn('read what the step left', readLeftovers);
  const ephemeral = await orWarn('read which API token the step made', readEphemeralToken);

  // Read before the file is removed.
  const tokens = leftovers?.headersFile ? readTokens(leftovers.headersFile) : [];
  if (leftovers) await orWarn('clear what the step left', () => clear(leftovers, tokens));
  if (ephemeral) {
    await orWarn('delete the API token', () => revoke(ephemeral, ownTokens(ephemeral, tokens), masker));
  }
  if (!leftovers && !ephemeral) info('Nothing to clear: the step handed nothing on.');
}

// The header file may be gone, or was never wanted. The variable may be another step's by now, and for another host.
function ownTokens({ apiUrl }: EphemeralToken, [fromFile]: readonly string[]): string[] {
  const { EXABITS_API_URL, EXABITS_API_TOKEN } = process.env;
  const fromVariable = EXABITS_API_URL === apiUrl ? EXABITS_API_TOKEN : undefined;
  const candidates = [fromFile, fromVariable].filter((token) => token !== undefined);
  return [...new Set(candidates)].filter((token) => !tokenDefect(token));
}

async function orWarn<Result>(
  what: string,
  act: () => Result | Promise<Result>,
): Promise<Result | undefined> {
  const { result, failure } = await attempt(act);
  if (failure) warning(`Could not ${what}: ${failure.message}`);
  return result;
}

async function clear(
  { variables, headersFile, cleanup }: Leftovers,
  tokens: readonly string[],
): Promise<void> {
  const ours = stillOurs(variables, tokens);
  if (!cleanup) {
    const left = [...ours, ...(headersFile ? ['the header file'] : [])];
    return info(`Left in place, because cleanup is false: ${left.join(', ') || 'nothing'}.`);
  }
  const cleared: string[] = [];
  await orWarn('empty the variables', () => {
    if (ours.length > 0) emptyVariables(ours);
    cleared.push(...ours);
  });
  await orWarn('remove the header file', () => {
    if (!headersFile) return;
    removeHeadersFile(headersFile);
    cleared.push('the header file');
  });
  info(`Cleared ${cleared.join(', ') || 'nothing'}.`);
}

// A later step may have set a variable anew; what it left is not ours to clear. Who has set a secret or the header file
// anew has set the addresses as well, though they may be the same.
function stillOurs(variables: Leftovers['variables'], tokens: readonly string[]): string[] {
  const holdsOurs = (name: string): boolean => {
    const current = process.env[name];
    if (!current) return true;
    const value = variables[name];
    return typeof value === 'string' ? current === value : tokens.length === 0 || tokens.includes(current);
  };
  const names = Object.keys(variables);
  const tellsWhose = (name: string): boolean => variables[name] === null || name === 'EXABITS_HEADERS_FILE';
  const isTakenOver = names.some((name) => tellsWhose(name) && !holdsOurs(name));
  return names.filter((name) => holdsOurs(name) && (tellsWhose(name) || !isTakenOver));
}

async function revoke(token: EphemeralToken, own: readonly string[], masker: Masker): Promise<void> {
  const settings = { ...token, endpoint: parseEndpoint(token.apiUrl) };
  const exabits = connect(settings, masker, info);
  const sweeper = connect({ ...settings, timeoutMs: settings.timeoutMs / 2 }, masker, info);
  const logInAfresh = async () =>
    (await authenticate(readConfigured(masker, new Date()).configured, exabits)).credential;

  let reason = '';
  const asItself = own.map((text) => async (): Promise<Credential> => toApiToken(masker.mask(text)));
  for (const obtain of [...asItself, logInAfresh]) {
    const { result, failure } = await attempt(async () =>
      deleteEphemeralToken(exabits, sweeper, await obtain(), token, new Date()),
    );
    if (!failure) return report(token, result);
    reason = failure.message;
  }
  warning(`The API token ${token.name} may still be valid: ${reason} ${howToDelete(token)}`);
}

function report({ name }: EphemeralToken, { own, stale, staleFailure }: Deletion): void {
  info(own > 0 ? `Deleted the API token ${name}.` : `No API token ${name} is left at Exabits.`);
  if (stale.length > 0) info(`Deleted what earlier jobs had left: ${stale.join(', ')}.`);
  if (staleFailure) warning(`Could not delete every token that was left over: ${staleFailure.message}`);
}

function howToDelete({ id, name }: EphemeralToken): string {
  return id
    ? `Delete it by hand: egpu token delete ${id} --force`
    : `Look for ${name} in the output of "egpu token list", and delete it by hand: egpu token delete ID --force`;
}
