import { beforeEach, describe, expect, test } from '@jest/globals';
import { failureCodes } from '../../src/failure.ts';
import { skipWaits, stopCalendar } from './support/clock.ts';
import { apiToken, exabits, jwtUntil, loginInputs, no, password, yes } from './support/exabits.ts';
import { InProcessJob, type Step } from './support/job.ts';

const clock = skipWaits();

beforeEach(() => stopCalendar('2026-11-24T12:00:00Z'));

function answer(status: number, body: unknown, headers: Record<string, string> = {}): void {
  exabits().post('/authenticate/login').reply(status, body, headers);
}

function breakWith(code: string, message = code): void {
  exabits()
    .post('/authenticate/login')
    .replyWithError(Object.assign(new Error(message), { code }));
}

const once = { ...loginInputs, 'max-attempts': '1' };

interface Case {
  /** What is wrong. */
  readonly name: string;
  readonly inputs: Record<string, string>;
  /** What Exabits does. */
  readonly exabits?: () => void;
  readonly env?: Record<string, string>;
  /** What happened, and what to do. */
  readonly words: RegExp;
}

const cases: Case[] = [
  {
    name: 'no credentials at all',
    inputs: {},
    words:
      /^No credentials: set the inputs username and password, or api-token\. .*from forks and Dependabot get none/,
  },
  {
    name: 'a username without a password',
    inputs: { username: 'ada' },
    words: /^Input "username" is set, but "password" is empty\. Set both/,
  },
  {
    name: 'a password without a username',
    inputs: { password },
    words: /^Input "password" is set, but "username" is empty\. Set both/,
  },
  {
    name: 'an API token with a line break',
    inputs: { 'api-token': 'first-half\nsecond-half' },
    words: /^Input "api-token" contains a line break\. Copy the token alone/,
  },
  {
    name: 'an API token with a space',
    inputs: { 'api-token': 'first-half second-half' },
    words: /^Input "api-token" contains a space\. Copy the token alone/,
  },
  {
    name: 'an expired API token',
    inputs: { 'api-token': jwtUntil('2026-11-23T12:00:00Z') },
    words: /^The API token expired at 2026-11-23T12:00:00\.000Z\. Create a new one/,
  },
  {
    name: 'wrong credentials',
    inputs: loginInputs,
    exabits: () => answer(401, no('Invalid username or password')),
    words:
      /^Exabits did not accept the username and password \(HTTP 401, "Invalid username or password"\)\. Check both secrets/,
  },
  {
    name: 'wrong credentials with HTTP 200',
    inputs: loginInputs,
    exabits: () => answer(200, no('Wrong password')),
    words:
      /^Exabits did not accept the username and password \(HTTP 200, "Wrong password"\)\. Check both secrets/,
  },
  {
    name: 'wrong credentials with HTTP 403',
    inputs: loginInputs,
    exabits: () => answer(403, no('Account is locked')),
    words:
      /^Exabits did not accept the username and password \(HTTP 403, "Account is locked"\)\. Check both secrets/,
  },
  {
    name: 'an unknown host',
    inputs: once,
    exabits: () => breakWith('ENOTFOUND'),
    words: /^Host gpu-api\.exascalelabs\.ai was not found \(ENOTFOUND\). Check the address/,
  },
  {
    name: 'a refused connection',
    inputs: once,
    exabits: () => breakWith('ECONNREFUSED'),
    words: /^gpu-api\.exascalelabs\.ai refused the connection\. Check the address/,
  },
  {
    name: 'a broken connection',
    inputs: once,
    exabits: () => breakWith('ECONNRESET', 'socket hang up'),
    words: /^The connection to gpu-api\.exascalelabs\.ai broke \(socket hang up\)\. Check the network/,
  },
  {
    name: 'a TLS failure',
    inputs: loginInputs,
    exabits: () => breakWith('SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain'),
    words:
      /^No secure connection to gpu-api\.exascalelabs\.ai \(SELF_SIGNED_CERT_IN_CHAIN: .*NODE_EXTRA_CA_CERTS/,
  },
  {
    name: 'http to a host that is not loopback',
    inputs: { ...loginInputs, 'api-url': 'http://gpu-api.exascalelabs.ai' },
    words: /^The input "api-url" uses http, .*gpu-api\.exascalelabs\.ai unencrypted\. Use https/,
  },
  {
    name: 'a redirect',
    inputs: loginInputs,
    exabits: () => answer(301, '', { Location: 'https://gpu-api.example/' }),
    words:
      /^POST \/authenticate\/login was redirected \(HTTP 301\) to https:\/\/gpu-api\.example\/\. .*"api-url"/,
  },
  {
    name: 'a timeout',
    inputs: loginInputs,
    exabits: () => {
      answer(503, no('warming up'));
      exabits()
        .post('/authenticate/login')
        .reply(502, () => {
          clock.skip(60_000);
          return no('still warming up');
        });
    },
    words:
      /^No usable answer from gpu-api\.exascalelabs\.ai within 60 s \(2 tries; last error: HTTP 502, "still warming up"\)\. Raise the input "timeout-seconds"/,
  },
  {
    name: 'an answer that is not JSON',
    inputs: loginInputs,
    exabits: () => answer(200, '<html>', { 'Content-Type': 'text/html' }),
    words:
      /^The answer from gpu-api\.exascalelabs\.ai to POST \/authenticate\/login is not JSON \(content type text\/html\)\. Check the address/,
  },
  {
    name: 'a malformed answer',
    inputs: loginInputs,
    exabits: () => answer(200, yes({ token: 'x' })),
    words:
      /^The answer to POST \/authenticate\/login is not what the Exabits API promises: its "access_token"/,
  },
  {
    name: 'an answer that is too large',
    inputs: loginInputs,
    exabits: () => answer(200, 'x'.repeat(1_100_000)),
    words: /^The answer to POST \/authenticate\/login is larger than 1 MiB/,
  },
  {
    name: 'a rate limit',
    inputs: once,
    exabits: () => answer(429, no('slow down')),
    words: /^Too many requests to Exabits \(HTTP 429, "slow down"\)\. Run fewer jobs/,
  },
  {
    name: 'a service that is down',
    inputs: once,
    exabits: () => answer(503, no('down')),
    words: /^Exabits cannot answer now \(HTTP 503, "down"\)\. Run the job again later/,
  },
  {
    name: 'a refused request',
    inputs: loginInputs,
    exabits: () => answer(400, no('bad request')),
    words: /^Exabits refused POST \/authenticate\/login \(HTTP 400, "bad request"\)\. Check the inputs/,
  },
  {
    name: 'refused credentials',
    inputs: { 'api-token': apiToken, verify: 'true' },
    exabits: () => void exabits().get('/billing/balance').reply(401, no('revoked')),
    words: /^Exabits refused the API token \(HTTP 401, "revoked"\)\. Check that it still exists/,
  },
  {
    name: 'an invalid input',
    inputs: { ...loginInputs, cleanup: 'perhaps' },
    words: /^Input "cleanup" must be true or false, not "perhaps"/,
  },
  {
    name: 'an invalid address',
    inputs: { ...loginInputs, 'api-url': 'nowhere' },
    words: /^The input "api-url" must be a URL that begins with https:/,
  },
  {
    name: 'missing runner files',
    inputs: { 'api-token': apiToken },
    env: { GITHUB_OUTPUT: '' },
    words: /^The runner's files for this step cannot be written \(GITHUB_OUTPUT is not set\)/,
  },
];

describe('the step fails with a distinct one-line message for', () => {
  test.each(cases)('$name', async ({ name, inputs, exabits: prepare, env, words }) => {
    prepare?.();
    const job = new InProcessJob(env);
    const step = await job.main(inputs);

    const errors = step.lines.filter((line) => line.startsWith('::error'));
    expect(errors).toHaveLength(1);
    const message = errors[0]?.replace('::error::', '') ?? '';
    expect(message).toMatch(words);
    expect(message).toMatch(/[.)]$/);
    expect(step.log.split('\n').at(-1)).toBe(`Error: ${message}`);
    expectNothingButTheError(job, step);
    const alike = cases.filter((one) => one.words.test(message)).map((one) => one.name);
    expect(alike).toEqual([name]);
  });
});

function expectNothingButTheError(job: InProcessJob, step: Step): void {
  expect(step.exitCode).toBe(1);
  expect(step.outputs).toEqual({});
  expect(step.env).toEqual({});
  expect(step.state).toEqual({});
  expect(step.summary).toBe('');
  expect(job.temporaryFiles()).toEqual([]);
  // The stack goes only to the debug log.
  expect(step.log).not.toMatch(/\bat .*\.ts:\d+/);
  expect(step.debugLog).toMatch(/^Failure: .*\nat .*\.ts:\d+/);
}

test('the debug log shows the cause of a failure', async () => {
  breakWith('ECONNRESET', 'socket hang up');
  const { debugLog } = await new InProcessJob().main(once);
  expect(debugLog).toMatch(/^Failure: .*\(1 try\)$/m);
  expect(debugLog).toMatch(/^Error: socket hang up$/m);
});

test('failure codes are unique', () => {
  expect(new Set(failureCodes).size).toBe(failureCodes.length);
});
