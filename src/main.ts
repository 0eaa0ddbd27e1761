import type { SignIn } from './credentials.ts';
import type { Exabits } from './exabits/api.ts';
import { type Configured, type Inputs, readInputs } from './inputs.ts';
import { info, warning } from './job/log.ts';
import type { Masker } from './job/mask.ts';
import { publish } from './job/publish.ts';

/**
 * The step: reads the inputs, signs in, and hands the credential to the later steps.
 *
 * @param masker makes secrets known to the runner
 * @throws Failure, and then nothing has been handed on
 */
export async function main(masker: Masker): Promise<void> {
  const inputs = readInputs(masker, new Date());
  for (const line of inputs.warnings) warning(line);

  const signIn = await authenticate(inputs.configured, () => connect(inputs, masker));
  const { emptied } = publish(signIn, inputs);

  info(describe(signIn, inputs));
  if (emptied.length > 0) {
    info(
      `Emptied ${emptied.join(', ')}, which the job carried before, so that later steps use what this one obtained.`,
    );
  }
}

async function authenticate(configured: Configured, connected: () => Promise<Exabits>): Promise<SignIn> {
  if (configured.kind === 'api-token') return { method: 'api-token', credential: configured };
  const exabits = await connected();
  return { method: 'login', ...(await exabits.login(configured.username, configured.passwordMd5)) };
}

// Loaded when first needed: HTTP is most of what the action loads, and an API token alone needs none.
async function connect(inputs: Inputs, masker: Masker): Promise<Exabits> {
  const { connectToExabits } = await import(/* webpackMode: "eager" */ './exabits/connect.ts');
  return connectToExabits({ ...inputs, ...masker, onRetry: info });
}

function describe(signIn: SignIn, { endpoint }: Inputs): string {
  const { host } = new URL(endpoint.apiUrl);
  if (signIn.method === 'api-token') return `Using the API token for ${host}.`;
  const expiry = signIn.credential.accessTokenExpiresAt.toISOString();
  return `Signed in to ${host} as ${signIn.username}. The access token expires at ${expiry}.`;
}
