import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { skipWaits, stopCalendar } from './support/clock.ts';
import {
  apiToken,
  apiUrl,
  email,
  exabits,
  jwtUntil,
  loginInputs,
  no,
  username,
  yes,
} from './support/exabits.ts';
import { InProcessJob, type Step } from './support/job.ts';

skipWaits();
beforeEach(() => stopCalendar('2026-11-24T12:00:00Z'));

const accessToken = jwtUntil('2026-11-24T12:29:30Z');
const login = { access_token: accessToken, refresh_token: 'refresh', username, email };

function answerLogin(status = 200, body: object = yes(login)): void {
  exabits().post('/authenticate/login').reply(status, body);
}

/** What a step shows that fails: one line. */
function expectFailure(job: InProcessJob, step: Step, message: string | RegExp): void {
  const errors = step.lines.filter((line) => line.startsWith('::error'));
  expect(errors.map((line) => line.replace('::error::', ''))).toEqual([expect.stringMatching(message)]);
  expect(step.log.split('\n').at(-1)).toBe(errors[0]?.replace('::error::', 'Error: '));
  const { outputs, env, state, summary, exitCode } = step;
  expect({ outputs, env, state, summary, exitCode }).toEqual({
    outputs: {},
    env: {},
    state: {},
    summary: '',
    exitCode: 1,
  });
  expect(job.temporaryFiles()).toEqual([]);
  expect(step.log).not.toMatch(/\bat .*\.ts:\d+/);
}

test('a whole job with a login signs in and clears up', async () => {
  answerLogin();
  const job = new InProcessJob();
  const main = await job.main(loginInputs);
  const [file = ''] = job.temporaryFiles();
  expect(readFileSync(file, 'utf8')).toBe(`Authorization: Bearer ${accessToken}\nrefresh-token: refresh\n`);
  const post = await job.post(main);

  expect(main.log).toBe(
    'Signed in to gpu-api.exascalelabs.ai as ada. The access token expires at 2026-11-24T12:29:30.000Z; for a longer job set ephemeral-api-token: true.',
  );
  expect(main.outputs).toEqual({
    'auth-method': 'login',
    token: accessToken,
    'access-token': accessToken,
    'refresh-token': 'refresh',
    'api-token': '',
    'api-token-id': '',
    'token-expires-at': '2026-11-24T12:29:30.000Z',
    'refresh-token-expires-at': '2026-11-24T14:00:00.000Z',
    username: 'ada',
    email: 'ada@example.com',
    'api-url': apiUrl,
    'api-base-url': `${apiUrl}/api/v1`,
    'headers-file': file,
  });
  expect(main.env).toEqual({
    EXABITS_API_URL: apiUrl,
    EXABITS_API_BASE_URL: `${apiUrl}/api/v1`,
    EXABITS_AUTH_SOURCE: expect.stringMatching(/^[0-9a-f]{32}\.[0-9a-f]{32}$/),
    EXABITS_HEADERS_FILE: file,
    EXABITS_ACCESS_TOKEN: accessToken,
    EXABITS_REFRESH_TOKEN: 'refresh',
    EXABITS_ACCESS_TOKEN_EXPIRES_AT: '2026-11-24T12:29:30.000Z',
  });
  expect(post.log).toBe(
    'Cleared EXABITS_API_URL, EXABITS_API_BASE_URL, EXABITS_AUTH_SOURCE, EXABITS_HEADERS_FILE, EXABITS_ACCESS_TOKEN, EXABITS_REFRESH_TOKEN, EXABITS_ACCESS_TOKEN_EXPIRES_AT, the header file.',
  );
  expect([main.exitCode, post.exitCode]).toEqual([0, 0]);
});

test('a failed try is a line of the log', async () => {
  exabits().post('/authenticate/login').reply(502, '<html>', { 'Content-Type': 'text/html' });
  answerLogin();
  expect((await new InProcessJob().main(loginInputs)).log).toMatch(
    /^Try 1 of 5 failed \(POST \/authenticate\/login: HTTP 502, content type text\/html\)\. Trying again in [\d.]+ s\.\nSigned in/,
  );
});

test('a step that fails shows one line, and exports nothing', async () => {
  answerLogin(401, no('Invalid username or password'));
  const job = new InProcessJob();
  expectFailure(
    job,
    await job.main(loginInputs),
    /^Exabits did not accept the username and password \(HTTP 401, "Inv/,
  );
});

test('the limits come from the inputs, and the debug log shows the cause of a failure', async () => {
  exabits().post('/authenticate/login').times(2).reply(500, no('oops'));
  const step = await new InProcessJob().main({
    ...loginInputs,
    'max-attempts': '2',
    'timeout-seconds': '90',
  });
  expect(step.log).toMatch(/^Try 1 of 2 failed.*\nError: After 2 tries: .*HTTP 500, "oops"/);
  expect(step.debugLog).toMatch(/^Failure: After 2 tries.*\n(?:at .*\n)+Failure: Exabits cannot answer now/);
});

describe('an API token', () => {
  const inputs = { 'api-token': apiToken };
  const balance = (status = 200, body: object | string = yes()) =>
    exabits().get('/billing/balance').matchHeader('authorization', `Bearer ${apiToken}`).reply(status, body);

  test('is checked by one call', async () => {
    balance();
    const { log, outputs } = await new InProcessJob().main(inputs);
    expect(log).toBe('Using the API token for gpu-api.exascalelabs.ai.');
    expect(outputs).toMatchObject({ 'auth-method': 'api-token', token: apiToken, 'token-expires-at': '' });
  });

  test('is not checked with verify: false, and the log says so', async () => {
    const { log } = await new InProcessJob().main({
      'api-token': jwtUntil('2026-11-24T13:00:00Z'),
      verify: 'false',
    });
    expect(log).toBe(
      'Using the API token for gpu-api.exascalelabs.ai, which expires at 2026-11-24T13:00:00.000Z. It was not checked, because verify is false.',
    );
  });

  test.each([
    [
      401,
      no('revoked'),
      /^Exabits refused the API token \(HTTP 401, "revoked"\)\. Check that it still exists/,
    ],
    [200, no('revoked'), /^Exabits refused GET \/billing\/balance \(HTTP 200, "revoked"\)/],
    [
      401,
      'who?',
      /^The credentials could not be checked\. Exabits refused the API token \(HTTP 401\)\. Check .* With verify: false they are not checked, and nothing is sent\.$/,
    ],
    [403, 'firewall', /^The credentials could not be checked\. Exabits refused/],
    [
      400,
      no('what?'),
      /^The credentials could not be checked\. Exabits refused GET .* Check the inputs of the step\. With/,
    ],
  ])('fails the step if Exabits refuses it, or does not say: HTTP %i (%#)', async (status, body, message) => {
    balance(status, body);
    const job = new InProcessJob();
    const step = await job.main(inputs);
    expectFailure(job, step, message);
  });

  test.each([403, 404])(
    'is accepted if it may not be checked, and the log says so: HTTP %i',
    async (status) => {
      balance(status, no('no'));
      const { log, exitCode } = await new InProcessJob().main(inputs);
      expect(log).toMatch(
        new RegExp(
          `^Whether gpu-api\\.exascalelabs\\.ai accepts the credentials could not be checked: Exabits refused .* \\(HTTP ${status}, "no"\\)\\.\nUsing the API token`,
        ),
      );
      expect(exitCode).toBe(0);
    },
  );
});
