import type { SignIn } from './credentials.ts';
import { connect } from './exabits/api.ts';
import { reasonOf } from './failure.ts';
import { type Inputs, readInputs } from './inputs/inputs.ts';
import { clientFileKey } from './job/client-file.ts';
import { info, warning } from './job/log.ts';
import { publish } from './job/publish.ts';
import { writeSummary } from './job/summary.ts';
import { failingPhase, type Phase } from './run.ts';
import type { Masker } from './secrets.ts';
import { signIn } from './sign-in.ts';

/** The step: reads the inputs, signs in, and exports the credential to later steps; or fails and exports nothing. */
export const main: Phase = failingPhase(async (masker: Masker) => {
  const inputs = readInputs(masker, new Date());
  for (const line of inputs.warnings) warning(line);
  const exabits = connect(inputs, masker, info);

  const signedIn = await signIn(inputs, exabits, masker.mask);
  // What could fail comes before the export.
  const description = describe(signedIn, inputs);
  const preferred = signedIn.credential.kind === 'token-pair' ? clientFileKey() : undefined;
  const emptied = publish(signedIn, inputs);

  info(description);
  const names = emptied.join(', ');
  if (names) info(`Emptied what was set before (${names}): later steps use the credentials of this step.`);
  if (preferred) {
    warning(
      `${preferred.path} has ${preferred.key}, which egpu prefers to the tokens of a login: in later steps egpu acts as that account, not as this one. Remove the key ("egpu config set" writes that file), or set ephemeral-api-token: true, which egpu prefers to the file.`,
    );
  }
  if (inputs.jobSummary) summarise(signedIn, inputs);
});

function describe(signedIn: SignIn, { endpoint: { name: host }, verify }: Inputs): string {
  const expiry = signedIn.credential.expiresAt?.toISOString();
  switch (signedIn.method) {
    case 'login':
      return `Signed in to ${host} as ${signedIn.account.username}. The access token expires at ${expiry}; for a longer job set ephemeral-api-token: true.`;
    case 'ephemeral-api-token':
      return `Signed in to ${host} with the API token ${signedIn.name}, made for this job. The post step deletes it.`;
    case 'api-token':
      return `Using the API token for ${host}${expiry ? `, which expires at ${expiry}` : ''}.${verify ? '' : ' It was not checked, because verify is false.'}`;
    case 'existing':
      return `Using the credentials for ${host} already set in this job${expiry ? `, until ${expiry}` : ''}. This step does not clear them.`;
  }
}

function summarise(signedIn: SignIn, { endpoint }: Inputs): void {
  try {
    writeSummary(signedIn, endpoint);
  } catch (thrown) {
    warning(`Could not write the job summary: ${reasonOf(thrown)}.`);
  }
}
