import { authenticate } from './authenticate.ts';
import { type Credential, toApiToken } from './credentials.ts';
import { parseEndpoint } from './endpoint.ts';
import { deleteEphemeralToken } from './ephemeral-token.ts';
import { connect } from './exabits/connect.ts';
import { toFailure } from './failure.ts';
import { readConfigured } from './inputs.ts';
import { readBearerToken, removeHeadersFile } from './job/headers-file.ts';
import { info, warning } from './job/log.ts';
import type { Masker } from './job/mask.ts';
import { emptyVariables } from './job/publish.ts';
import { type EphemeralToken, type Leftovers, readEphemeralToken, readLeftovers } from './job/state.ts';

/**
 * The post step: clears what this invocation left in the job, and deletes the API token that it made.
 * It never fails the job: what cannot be done is a warning.
 *
 * @param masker makes secrets known to the runner
 */
export async function post(masker: Masker): Promise<void> {
  const leftovers = readLeftovers();
  const ephemeral = readEphemeralToken();
  // Read before the file is removed.
  const ownToken = leftovers?.headersFile ? readBearerToken(leftovers.headersFile) : undefined;

  if (leftovers) info(clear(leftovers));
  if (ephemeral) await revoke(ephemeral, ownToken ? toApiToken(masker.mask(ownToken)) : undefined, masker);
  if (!leftovers && !ephemeral) info('Nothing to clear: the step handed nothing on.');
}

function clear({ variables, headersFile, cleanup }: Leftovers): string {
  const left = [...variables, ...(headersFile ? ['the header file'] : [])];
  if (left.length === 0) return 'Nothing to clear: the step set nothing of its own.';
  if (!cleanup) return `Left in place, because cleanup is false: ${left.join(', ')}.`;

  const emptied = variables.length > 0 && attempt('empty the variables', () => emptyVariables(variables));
  const removed = headersFile && attempt('remove the header file', () => removeHeadersFile(headersFile));
  const cleared = [...(emptied ? variables : []), ...(removed ? ['the header file'] : [])];
  return `Cleared ${cleared.join(', ') || 'nothing'}.`;
}

function attempt(what: string, act: () => void): boolean {
  try {
    act();
    return true;
  } catch (thrown) {
    warning(`Could not ${what}: ${toFailure(thrown).message}`);
    return false;
  }
}

async function revoke(token: EphemeralToken, own: Credential | undefined, masker: Masker): Promise<void> {
  const settings = { ...token, endpoint: parseEndpoint(token.apiUrl) };
  const exabits = connect(settings, masker, info);
  const sweeper = connect({ ...settings, timeoutMs: settings.timeoutMs / 2 }, masker, info);
  const logInAfresh = async () =>
    (await authenticate(readConfigured(masker, new Date()).configured, exabits)).credential;

  let reason = '';
  for (const obtain of own ? [async () => own, logInAfresh] : [logInAfresh]) {
    try {
      const sweep = await deleteEphemeralToken(exabits, sweeper, await obtain(), token, new Date());
      info(`Deleted the API token ${token.name}.`);
      if (sweep.deleted.length > 0) info(`Deleted what earlier jobs had left: ${sweep.deleted.join(', ')}.`);
      if (sweep.failure)
        warning(`Could not look after tokens that earlier jobs left: ${sweep.failure.message}`);
      return;
    } catch (thrown) {
      reason = toFailure(thrown).message;
    }
  }
  warning(`The API token ${token.name} may still be valid: ${reason} ${howToDelete(token)}`);
}

function howToDelete({ id, name }: EphemeralToken): string {
  return id
    ? `Delete it by hand: egpu token delete ${id} --force`
    : `Look for ${name} in the output of "egpu token list", and delete it by hand: egpu token delete ID --force`;
}
