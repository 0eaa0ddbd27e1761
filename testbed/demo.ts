// npm run demo: a whole job against the sandbox, from the sign-in to the clean-up, with the log as GitHub shows it.
// npm run demo -- long-job: a job that outlives its access token, without and with an ephemeral API token.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { EXAMPLE_ACCOUNT, startSandbox } from './exabits/server.ts';
import { Job } from './runner/job.ts';

const CALL = 'curl --fail-with-body -sS -H @"$EXABITS_HEADERS_FILE" "$EXABITS_API_BASE_URL/billing/balance"';

const say = (line: string): void => void process.stdout.write(`${line}\n`);
const { username, password } = EXAMPLE_ACCOUNT;
const sandbox = await startSandbox({ asDefaultHost: true });
const { store } = sandbox;
const { token } = store.createApiToken(EXAMPLE_ACCOUNT, { name: 'stored' });
const actionDir = join(import.meta.dirname, '..');
const job = new Job({ actionDir, secrets: [username, password, token], print: say });
// Not as the job's own variables, because the log would show them.
const online = { onPrepare: (env: object) => void Object.assign(env, sandbox.defaultHost?.environment) };

const signIn = (inputs: Record<string, string>) =>
  job.uses(inputs, { name: 'your-org/exabits-auth@v1', ...online });
const call = () => job.run(CALL, online);

try {
  await (process.argv[2] === 'long-job' ? longJob() : wholeJob());
} finally {
  job.dispose();
  await sandbox.close();
}

async function wholeJob(): Promise<void> {
  const { env, outputs } = await signIn({ 'api-token': token, 'ephemeral-api-token': 'true' });
  assert.match((await call()).raw, /"status":true/);
  const headersFile = outputs['headers-file'] ?? '';
  assert(existsSync(headersFile), 'there is no header file');

  const posts = await job.finish(online);
  assert.deepEqual(
    posts.map(({ outcome }) => outcome),
    ['success'],
  );
  const emptied = Object.keys(env).filter((name) => job.env[name] === '');
  assert.deepEqual(emptied, Object.keys(env));
  assert(!existsSync(headersFile), 'the header file is left');
  assert.deepEqual(store.orphans(), [], 'the ephemeral token is left');
  for (const secret of store.issued) assert(!job.log.includes(secret), 'the log has a secret');
  say(
    `\nAfter the job: ${emptied.join(', ')} are empty.\nThe header file and the token of the job are gone.`,
  );
}

async function longJob(): Promise<void> {
  await signIn({ username, password });
  assert.equal((await call()).outcome, 'success');
  say('\n… 31 minutes later …\n');
  store.advance(31 * 60);
  assert.equal((await call()).outcome, 'failure', 'the access token outlived its 30 minutes');

  say('\n… again, with a token that lasts as long as the job …\n');
  await signIn({ username, password, 'ephemeral-api-token': 'true' });
  assert.equal(store.orphans().length, 1);
  say('\n… 5 hours later …\n');
  store.advance(5 * 60 * 60);
  assert.equal((await call()).outcome, 'success', 'the ephemeral token did not last');

  await job.finish(online);
  assert.deepEqual(store.orphans(), [], 'the ephemeral token outlived the job');
  say(`\nAfter the job, API tokens at Exabits: ${store.apiTokens().length}.`);
}
