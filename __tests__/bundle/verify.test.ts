import { describe, expect, test } from '@jest/globals';
import { EXAMPLE_ACCOUNT } from '../../testbed/exabits/server.ts';
import { expectSuccess, startScenario } from './support/scenario.ts';

const BALANCE = 'GET /billing/balance';
const LOGIN = 'POST /authenticate/login';

describe('With verify the step', () => {
  test.each([
    ['a login', {}, [LOGIN, BALANCE]],
    ['a token for this job', { 'ephemeral-api-token': 'true' }, [LOGIN, 'POST /api-tokens', BALANCE]],
  ])('makes one authenticated call after %s', async (_what, inputs, calls) => {
    const scenario = await startScenario();
    const step = await scenario.logIn({ verify: 'true', ...inputs });
    expectSuccess(step);
    expect(scenario.calls).toEqual(calls);
    expect(scenario.sandbox.requests.at(-1)?.headers.authorization).toBe(`Bearer ${step.outputs.token}`);
  });

  test('makes one authenticated call with an API token', async () => {
    const scenario = await startScenario();
    const { token } = scenario.sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'ci' });
    expectSuccess(await scenario.uses({ 'api-token': token, verify: 'true' }));
    expect(scenario.calls).toEqual([BALANCE]);
    expect(scenario.sandbox.requests[0]?.headers).not.toHaveProperty('refresh-token');
  });

  test('finds an API token that was revoked, and hands nothing on', async () => {
    const scenario = await startScenario();
    const step = await scenario.uses({ 'api-token': 'revoked-api-token', verify: 'true' });
    expect(scenario.expectFailure(step)).toMatch(
      /^Exabits refused the API token \(HTTP 401, ".+"\)\. Check that it still exists in the Exabits console, that the secret holds all of it, and that it belongs to 127\.0\.0\.1:\d+ \(input "api-url"\)\.$/,
    );
    expect(scenario.calls).toEqual([BALANCE]);
    expectSuccess(await scenario.post());
  });

  test.each([401, 403])('says which tokens were refused after a login: HTTP %d', async (status) => {
    const scenario = await startScenario();
    scenario.sandbox.faults.add({ effect: 'status', status, match: { path: '/api/v1/billing' }, times: 9 });
    const step = await scenario.logIn({ verify: 'true' });
    expect(scenario.expectFailure(step)).toMatch(
      new RegExp(
        `^Exabits refused the tokens of the login \\(HTTP ${status}, "Sandbox fault ${status}"\\)\\. Check that the account may use the API`,
      ),
    );
    expect(scenario.calls).toEqual([LOGIN, BALANCE]);
  });

  test('says which token was refused with an API token: HTTP 403', async () => {
    const scenario = await startScenario();
    scenario.sandbox.faults.add({ effect: 'status', status: 403, match: { path: '/api/v1/billing' } });
    const step = await scenario.uses({ 'api-token': 'some-api-token', verify: 'true' });
    expect(scenario.expectFailure(step)).toMatch(/^Exabits refused the API token \(HTTP 403/);
  });

  test('tries again when Exabits is busy', async () => {
    const scenario = await startScenario();
    scenario.sandbox.faults.add({ effect: 'status', status: 503, match: { path: '/api/v1/billing' } });
    expectSuccess(await scenario.logIn({ verify: 'true' }));
    expect(scenario.calls).toEqual([LOGIN, BALANCE, BALANCE]);
  });

  test('fails with the words for that when Exabits stays busy', async () => {
    const scenario = await startScenario();
    scenario.sandbox.faults.add({
      effect: 'status',
      status: 503,
      match: { path: '/api/v1/billing' },
      times: 9,
    });
    const step = await scenario.logIn({ verify: 'true', 'max-attempts': '2' });
    expect(scenario.expectFailure(step)).toMatch(/^Exabits cannot answer now \(HTTP 503.*\(2 tries\)$/);
  });
});

test('Without verify an API token that was revoked is handed on unseen', async () => {
  const scenario = await startScenario();
  expectSuccess(await scenario.uses({ 'api-token': 'revoked-api-token' }));
  expect(scenario.calls).toEqual([]);
});
