import { describe, expect, test } from '@jest/globals';
import { unsignedJwt } from '../../testbed/exabits/jwt.ts';
import { EXAMPLE_ACCOUNT } from '../../testbed/exabits/server.ts';
import { testWithBash } from '../support/system.ts';
import { expectSuccess, isoTime, startScenario, unixTime, warningsOf } from './support/scenario.ts';

/** A sandbox whose account has an API token, and a job. */
async function startWithApiToken(options: Parameters<typeof startScenario>[0] = {}) {
  const scenario = await startScenario(options);
  const { token } = scenario.sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'ci' });
  return { scenario, token };
}

describe('Signing in with an API token', () => {
  test('hands the token on without any request', async () => {
    const { scenario, token } = await startWithApiToken();
    const step = await scenario.uses({ 'api-token': token });

    expectSuccess(step);
    expect(scenario.calls).toEqual([]);
    scenario.expectApiTokenHandedOn(step, token, {
      'auth-method': 'api-token',
      'api-token-id': '',
      username: '',
      email: '',
    });
    expect(step.visible).toBe(
      `Using the API token for ${scenario.name}. It was not checked: set verify: true to find out here whether it works.\n`,
    );
  });

  testWithBash('lets the same curl line work as after a login', async () => {
    const { scenario, token } = await startWithApiToken();
    await scenario.uses({ 'api-token': token });
    const call = await scenario.run(
      'curl --fail --silent --show-error -H @"$EXABITS_HEADERS_FILE" "$EXABITS_API_BASE_URL/virtual-machines"',
    );
    expect(call.outcome).toBe('success');
    expect(JSON.parse(call.raw)).toMatchObject({ status: true, total: 2 });
  });

  test('wins over username and password, with a warning that says so', async () => {
    const { scenario, token } = await startWithApiToken();
    const step = await scenario.logIn({ 'api-token': token });
    expect(step.outcome).toBe('success');
    expect(step.outputs).toMatchObject({ 'auth-method': 'api-token', token });
    expect(scenario.calls).toEqual([]);
    expect(step.annotations).toEqual([
      {
        level: 'warning',
        message:
          'Both api-token and username/password are given: api-token is used, and no login happens. Remove one of them.',
      },
    ]);
  });

  test('warns also when only the username is there besides', async () => {
    const { scenario, token } = await startWithApiToken();
    const step = await scenario.uses({ 'api-token': token, username: EXAMPLE_ACCOUNT.username });
    expect(step.outputs['auth-method']).toBe('api-token');
    expect(warningsOf(step)).toEqual([expect.stringContaining('api-token is used')]);
  });

  test('puts the expiry of a token that is a JWT into access-token-expires-at', async () => {
    const scenario = await startScenario();
    const expiry = unixTime(3_600);
    const token = unsignedJwt({ exp: expiry, sub: 'ci' });
    const step = await scenario.uses({ 'api-token': token });
    expectSuccess(step);
    expect(step.outputs).toMatchObject({
      'access-token-expires-at': isoTime(expiry),
      'refresh-token-expires-at': '',
    });
    expect(step.env).not.toHaveProperty('EXABITS_ACCESS_TOKEN_EXPIRES_AT');
    expect(step.visible).toBe(
      `Using the API token for ${scenario.name}, which expires at ${isoTime(expiry)}. It was not checked: set verify: true to find out here whether it works.\n`,
    );
  });

  test('takes an opaque token, and one with white space around it', async () => {
    const scenario = await startScenario();
    scenario.expectSecret('opaque-api-token');
    const step = await scenario.uses({ 'api-token': '  opaque-api-token\r\n' });
    expectSuccess(step);
    expect(step.outputs.token).toBe('opaque-api-token');
  });

  test('empties the pair of an earlier login that the job carries', async () => {
    const { scenario, token } = await startWithApiToken();
    await scenario.logIn();
    const step = await scenario.uses({ 'api-token': token });
    expectSuccess(step);
    expect(scenario.job.env).toMatchObject({
      EXABITS_API_TOKEN: token,
      EXABITS_ACCESS_TOKEN: '',
      EXABITS_REFRESH_TOKEN: '',
      EXABITS_ACCESS_TOKEN_EXPIRES_AT: '',
    });
    expect(step.visible).toContain(
      'Emptied EXABITS_ACCESS_TOKEN, EXABITS_REFRESH_TOKEN, EXABITS_ACCESS_TOKEN_EXPIRES_AT, which the job carried before: later steps use what this step handed on.\n',
    );
  });

  test('says nothing of emptied variables when there were none', async () => {
    const { scenario, token } = await startWithApiToken();
    const step = await scenario.uses({ 'api-token': token });
    expect(step.visible).not.toContain('Emptied');
  });

  test('empties the header file of an earlier step that this one does not replace', async () => {
    const { scenario, token } = await startWithApiToken();
    await scenario.logIn();
    const step = await scenario.uses({ 'api-token': token, 'write-headers-file': 'false' });
    expectSuccess(step);
    expect(scenario.job.env.EXABITS_HEADERS_FILE).toBe('');
    expect(step.visible).toContain('EXABITS_HEADERS_FILE, which the job carried before');
  });
});
