import { beforeEach, describe, expect, test } from '@jest/globals';
import { skipWaits, stopCalendar } from './support/clock.ts';
import {
  apiToken,
  ephemeralToken,
  exabits,
  jwtUntil,
  loginInputs,
  no,
  pairHeaders,
  tokenHeaders,
  yes,
} from './support/exabits.ts';
import { InProcessJob } from './support/job.ts';

const accessToken = jwtUntil('2026-11-24T12:30:00Z');
const login = { access_token: accessToken, refresh_token: 'refresh-token', username: 'ada' };

skipWaits();
beforeEach(() => stopCalendar('2026-11-24T12:00:00Z'));

/** The one authenticated call, with the header that Exabits expects. */
function balance(headers: Record<string, string>) {
  return exabits()
    .matchHeader('authorization', headers.authorization ?? '')
    .get('/billing/balance');
}

describe('verify: true makes one authenticated call before anything is exported', () => {
  test('with both tokens of a login', async () => {
    exabits().post('/authenticate/login').reply(200, yes(login));
    const headers = pairHeaders(accessToken, 'refresh-token');
    balance(headers)
      .matchHeader('refresh-token', 'refresh-token')
      .reply(200, yes({ balance: 1 }));
    const step = await new InProcessJob().main({ ...loginInputs, verify: 'true' });
    expect(step.exitCode).toBe(0);
    expect(step.outputs['auth-method']).toBe('login');
  });

  test('with an API token', async () => {
    balance(tokenHeaders(apiToken)).reply(200, yes({ balance: 1 }));
    const step = await new InProcessJob().main({ 'api-token': apiToken, verify: 'true' });
    expect(step.exitCode).toBe(0);
    expect(step.outputs.token).toBe(apiToken);
  });

  test('with the ephemeral token, not the login that created it', async () => {
    exabits().post('/authenticate/login').reply(200, yes(login));
    exabits()
      .post('/api-tokens')
      .reply(200, yes({ id: 'tok-1', token: ephemeralToken }));
    balance(tokenHeaders(ephemeralToken)).reply(200, yes());
    const step = await new InProcessJob().main({
      ...loginInputs,
      verify: 'true',
      'ephemeral-api-token': 'true',
    });
    expect(step.exitCode).toBe(0);
    expect(step.outputs.token).toBe(ephemeralToken);
  });
});

test('verify: false makes no call', async () => {
  const step = await new InProcessJob().main({ 'api-token': apiToken, verify: 'false' });
  expect(step.exitCode).toBe(0);
});

describe('refused credentials fail the step, and nothing is exported:', () => {
  test.each([401, 403])('an API token, with HTTP %d', async (status) => {
    balance(tokenHeaders(apiToken)).reply(status, no('token was revoked'));
    const step = await new InProcessJob().main({ 'api-token': apiToken, verify: 'true' });
    expect(step.log).toBe(
      `Error: Exabits refused the API token (HTTP ${status}, "token was revoked"). Check that it still exists in the Exabits console, that the secret holds all of it, and that it belongs to gpu-api.exascalelabs.ai.`,
    );
    expect(step.exitCode).toBe(1);
    expect(step.outputs).toEqual({});
    expect(step.env).toEqual({});
  });

  test.each([401, 403])('the tokens of a login, with HTTP %d', async (status) => {
    exabits().post('/authenticate/login').reply(200, yes(login));
    balance(tokenHeaders(accessToken)).reply(status, no('no API access'));
    const step = await new InProcessJob().main({ ...loginInputs, verify: 'true' });
    expect(step.log).toBe(
      `Error: Exabits refused the tokens of the login (HTTP ${status}, "no API access"). Check that the account may use the API, and that the runner's clock is right.`,
    );
    expect(step.exitCode).toBe(1);
    expect(step.outputs).toEqual({});
  });
});

test('any other error keeps its own message', async () => {
  balance(tokenHeaders(apiToken)).reply(404, no('no such path'));
  const step = await new InProcessJob().main({ 'api-token': apiToken, verify: 'true' });
  expect(step.log).toMatch(/^Error: Exabits refused GET \/billing\/balance \(HTTP 404, "no such path"\)/);
});

test('a temporary failure is retried', async () => {
  balance(tokenHeaders(apiToken)).reply(503);
  balance(tokenHeaders(apiToken)).reply(200, yes());
  const step = await new InProcessJob().main({ 'api-token': apiToken, verify: 'true' });
  expect(step.log).toMatch(
    /^Try 1 of 5 failed \(GET \/billing\/balance: HTTP 503\).*\nUsing the API token for gpu-api\.exascalelabs\.ai\.$/,
  );
});
