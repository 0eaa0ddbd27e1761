// npm run demo:long-job: what happens to a job that outlives its access token, without and with an ephemeral API token.
import { CALL_API, demonstrate } from './demonstration.ts';

const LATE_CALL = `
${CALL_API} && exit
echo "::error::Exabits refused the call: the access token of the sign-in step has expired. Set ephemeral-api-token: true there, or sign in again before this step."
exit 1
`.trim();

await demonstrate(async ({ sandbox, account: { username, password }, job, check, say }) => {
  const credentials = { username, password, 'api-url': sandbox.url };

  await job.uses(credentials, { name: 'your-org/exabits-auth@v1' });
  check((await job.run(CALL_API)).outcome === 'success', 'the first call with the login failed');
  say('\n… 31 minutes later …\n');
  sandbox.advance(31 * 60);
  const tooLate = await job.run(LATE_CALL, { name: 'Call the API', continueOnError: true });
  check(tooLate.outcome === 'failure', 'the access token outlived its 30 minutes');
  check(
    tooLate.annotations.some(({ message }) => message.includes('ephemeral-api-token')),
    'nothing said what to do',
  );

  const ephemeral = await job.uses(
    { ...credentials, 'ephemeral-api-token': 'true' },
    { name: 'your-org/exabits-auth@v1' },
  );
  check(sandbox.orphans().length === 1, 'there is no ephemeral token');
  say('\n… 5 hours later …\n');
  sandbox.advance(5 * 60 * 60);
  const inTime = await job.run(LATE_CALL, { name: 'Call the API' });
  check(inTime.outcome === 'success', 'the ephemeral token did not last');

  await job.finish();
  const token = ephemeral.outputs['api-token'];
  check(Boolean(token) && !job.log.includes(String(token)), 'the ephemeral token is in the log');
  check(sandbox.apiTokens().length === 0, 'the ephemeral token outlived the job');
  say(`\nAfter the job, API tokens at Exabits: ${sandbox.apiTokens().length}.`);
});
