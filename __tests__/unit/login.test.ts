import { expect, test } from '@jest/globals';
import { skipWaits } from './support/clock.ts';
import { exabits, jwtUntil, loginInputs, no, username, yes } from './support/exabits.ts';
import { InProcessJob } from './support/job.ts';

skipWaits();

const login = { access_token: jwtUntil('2036-11-24T12:30:00Z'), refresh_token: 'refresh', username };

test('a job with a login shows its failed tries, signs in and clears up', async () => {
  exabits().post('/authenticate/login').reply(502, '<html>', { 'Content-Type': 'text/html' });
  exabits().post('/authenticate/login').reply(200, yes(login));
  const job = new InProcessJob();
  const main = await job.main(loginInputs);
  const post = await job.post(main);
  expect(main.log.replace(/in [\d.]+ s/, 'in N s').split('\n')).toEqual([
    'Try 1 of 5 failed (POST /authenticate/login: HTTP 502, content type text/html). Trying again in N s.',
    'Signed in to gpu-api.exascalelabs.ai as ada. The access token expires at 2036-11-24T12:30:00.000Z; for a longer job set ephemeral-api-token: true.',
  ]);
  expect(post.log).toBe(
    'Cleared EXABITS_API_URL, EXABITS_API_BASE_URL, EXABITS_AUTH_SOURCE, EXABITS_HEADERS_FILE, EXABITS_ACCESS_TOKEN, EXABITS_REFRESH_TOKEN, EXABITS_ACCESS_TOKEN_EXPIRES_AT, the header file.',
  );
  expect([main.exitCode, post.exitCode]).toEqual([0, 0]);
});

test('a step that fails shows one line, exports nothing, and its debug log shows the cause', async () => {
  exabits().post('/authenticate/login').times(2).reply(500, no('oops'));
  const job = new InProcessJob();
  const step = await job.main({ ...loginInputs, 'max-attempts': '2' });
  const message = 'After 2 tries: Exabits cannot answer now (HTTP 500, "oops"). Run the job again later.';
  expect(step.lines.filter((line) => line.startsWith('::error'))).toEqual([`::error::${message}`]);
  expect(step.log).toMatch(
    /^Try 1 of 2 failed \(POST \/authenticate\/login: HTTP 500, "oops"\).*\nError: .*$/,
  );
  expect(step.debugLog).toMatch(/^Failure: After 2 tries.*\n(?:at .*\n)+Failure: Exabits cannot answer now/);
  const { outputs, env, state, summary, exitCode } = step;
  expect([outputs, env, state, summary, exitCode]).toEqual([{}, {}, {}, '', 1]);
  expect(job.temporaryFiles()).toEqual([]);
});
