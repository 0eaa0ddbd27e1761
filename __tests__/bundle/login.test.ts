import { readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { unsignedJwt } from '../../testbed/exabits/jwt.ts';
import { AWKWARD_ACCOUNT, EXAMPLE_ACCOUNT, md5 } from '../../testbed/exabits/server.ts';
import { ownerOnly, testWithBash } from '../support/system.ts';
import { expectSuccess, isoTime, type Scenario, startScenario, unixTime } from './support/scenario.ts';

const { version } = JSON.parse(readFileSync(join(import.meta.dirname, '../../package.json'), 'utf8'));

const CALL =
  'curl --fail --silent --show-error -H @"$EXABITS_HEADERS_FILE" "$EXABITS_API_BASE_URL/virtual-machines"';

describe('Signing in with username and password', () => {
  test('hands both tokens on as outputs, as variables and in the header file', async () => {
    const scenario = await startScenario();
    const { sandbox, job } = scenario;
    const step = await scenario.logIn();

    expectSuccess(step);
    const { 'access-token': accessToken, 'refresh-token': refreshToken, ...rest } = step.outputs;
    const headersFile = rest['headers-file'] ?? '';
    const expiry = rest['access-token-expires-at'] ?? '';
    expect(rest).toEqual({
      'auth-method': 'login',
      token: accessToken,
      'api-token': '',
      'api-token-id': '',
      'access-token-expires-at': expect.any(String),
      'refresh-token-expires-at': expect.any(String),
      username: EXAMPLE_ACCOUNT.username,
      email: EXAMPLE_ACCOUNT.email,
      'api-url': sandbox.url,
      'api-base-url': `${sandbox.url}/api/v1`,
      'headers-file': expect.any(String),
    });
    expect(step.env).toEqual({
      EXABITS_API_URL: sandbox.url,
      EXABITS_API_BASE_URL: `${sandbox.url}/api/v1`,
      EXABITS_AUTH_SOURCE: expect.stringMatching(/^[0-9a-f]{32}$/),
      EXABITS_AUTH_FINGERPRINT: expect.stringMatching(/^[0-9a-f]{32}$/),
      EXABITS_HEADERS_FILE: headersFile,
      EXABITS_ACCESS_TOKEN: accessToken,
      EXABITS_REFRESH_TOKEN: refreshToken,
      EXABITS_ACCESS_TOKEN_EXPIRES_AT: expiry,
    });
    expect(readFileSync(headersFile, 'utf8')).toBe(
      `Authorization: Bearer ${accessToken}\nrefresh-token: ${refreshToken}\n`,
    );
    expect(statSync(headersFile).mode & 0o777).toBe(ownerOnly);
    expect(dirname(headersFile)).toBe(job.runnerTemp);
    expect(step.visible).toBe(
      `Signed in to ${scenario.name} as ${EXAMPLE_ACCOUNT.username}. The access token expires at ${expiry}; for a longer job set ephemeral-api-token: true.\n`,
    );
  });

  test('makes one request, which carries the MD5 of the password and says who is calling', async () => {
    const scenario = await startScenario();
    expectSuccess(await scenario.logIn());

    expect(scenario.sandbox.requests).toHaveLength(1);
    const { method, path, headers, body } = scenario.sandbox.requests[0] ?? {};
    expect({ method, path }).toEqual({ method: 'POST', path: '/api/v1/authenticate/login' });
    expect(JSON.parse(body ?? '')).toEqual({
      username: EXAMPLE_ACCOUNT.username,
      password: md5(EXAMPLE_ACCOUNT.password),
    });
    expect(headers).toMatchObject({
      'user-agent': `exabits-auth/${version}`,
      'content-type': 'application/json',
      accept: 'application/json',
    });
    expect(headers).not.toHaveProperty('authorization');
    expect(headers).not.toHaveProperty('refresh-token');
  });

  testWithBash('lets a later step call the API with curl and the header file', async () => {
    const scenario = await startScenario();
    await scenario.logIn();
    const call = await scenario.run(CALL);
    expect(call.outcome).toBe('success');
    expect(JSON.parse(call.raw)).toMatchObject({ status: true, total: 2 });
  });

  testWithBash('gives every other tool both tokens of the pair through the environment', async () => {
    const scenario = await startScenario();
    await scenario.logIn();
    const call = await scenario.run(
      'curl --fail --silent -H "Authorization: Bearer $EXABITS_ACCESS_TOKEN" -H "refresh-token: $EXABITS_REFRESH_TOKEN" "$EXABITS_API_URL/api/v1/regions"',
    );
    expect(call.outcome).toBe('success');
    expect(call.raw).toContain('us-east-demo');
  });

  testWithBash('works with a password and a username full of special characters', async () => {
    const scenario = await startScenario();
    const { username, password, email } = AWKWARD_ACCOUNT;
    const step = await scenario.uses({ username, password });
    expectSuccess(step);
    expect(step.outputs).toMatchObject({ username, email });
    expect((await scenario.run(CALL)).outcome).toBe('success');
  });

  test('takes the line break off a password that was stored with one', async () => {
    const scenario = await startScenario();
    expectSuccess(await scenario.logIn({ password: `${EXAMPLE_ACCOUNT.password}\n` }));
  });

  test.each(['md5', 'MD5'])(
    'takes an upper-case hash with password-format %s and sends it in lower case',
    async (format) => {
      const scenario = await startScenario();
      const hash = md5(EXAMPLE_ACCOUNT.password);
      const step = await scenario.logIn({ password: hash.toUpperCase(), 'password-format': format });
      expectSuccess(step);
      expect(JSON.parse(scenario.sandbox.requests[0]?.body ?? '')).toMatchObject({ password: hash });
    },
  );
});

describe('The lifetime of the tokens', () => {
  test('is read from the access token when that is a JWT', async () => {
    const scenario = await startScenario({ sandbox: { accessTokenSeconds: 600 } });
    const before = unixTime(0);
    const { outputs, env } = await scenario.logIn();
    const expiry = Date.parse(outputs['access-token-expires-at'] ?? '') / 1000;
    expect(expiry).toBeGreaterThanOrEqual(before + 600);
    expect(expiry).toBeLessThanOrEqual(unixTime(600));
    expect(env.EXABITS_ACCESS_TOKEN_EXPIRES_AT).toBe(outputs['access-token-expires-at']);
  });

  test('is 30 minutes and 2 hours from the answer for tokens that do not say', async () => {
    const scenario = await startScenario();
    answerLogin(scenario, { access_token: 'opaque-access-token', refresh_token: 'opaque-refresh-token' });
    const before = Date.now();
    const { outputs } = await scenario.logIn();
    const after = Date.now();
    for (const [output, minutes] of [
      ['access-token-expires-at', 30],
      ['refresh-token-expires-at', 120],
    ] as const) {
      const text = outputs[output] ?? '';
      expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(Date.parse(text)).toBeGreaterThanOrEqual(before + minutes * 60_000);
      expect(Date.parse(text)).toBeLessThanOrEqual(after + minutes * 60_000);
    }
  });

  test('is read from a refresh token that is a JWT, too', async () => {
    const scenario = await startScenario();
    const [access, refresh] = [unixTime(1_000), unixTime(9_000)];
    answerLogin(scenario, {
      access_token: unsignedJwt({ exp: access, for: 'access' }),
      refresh_token: unsignedJwt({ exp: refresh, for: 'refresh' }),
    });
    const { outputs } = await scenario.logIn();
    expect(outputs).toMatchObject({
      'access-token-expires-at': isoTime(access),
      'refresh-token-expires-at': isoTime(refresh),
    });
  });

  test('is that of the documentation when the claim in the JWT makes no sense', async () => {
    const scenario = await startScenario();
    answerLogin(scenario, {
      access_token: unsignedJwt({ exp: 'tomorrow', for: 'access' }),
      refresh_token: unsignedJwt({ exp: 1e300, for: 'refresh' }),
    });
    const { outputs } = await scenario.logIn();
    expect(Date.parse(outputs['access-token-expires-at'] ?? '') - Date.now()).toBeGreaterThan(25 * 60_000);
    expect(Date.parse(outputs['refresh-token-expires-at'] ?? '') - Date.now()).toBeGreaterThan(115 * 60_000);
  });
});

describe('The account in the outputs', () => {
  test('is the one that Exabits names, not the one that was typed', async () => {
    const scenario = await startScenario();
    answerLogin(scenario, { username: 'Demo-User', email: 'someone@exabits.example' });
    expect((await scenario.logIn()).outputs).toMatchObject({
      username: 'Demo-User',
      email: 'someone@exabits.example',
    });
  });

  test('cannot bring a line break or a workflow command into outputs and log', async () => {
    const scenario = await startScenario();
    answerLogin(scenario, { username: 'demo\n::error::injected\u001b[31m', email: 'a\r\n::warning::b' });
    const step = await scenario.logIn();
    expectSuccess(step);
    expect(step.outputs).toMatchObject({ username: 'demo ::error::injected [31m', email: 'a ::warning::b' });
    expect(step.visible.trimEnd().split('\n')).toHaveLength(1);
  });
});

describe('The address of the API', () => {
  test.each([
    ['the host alone', ''],
    ['the host with a slash', '/'],
    ['the host with the version path', '/api/v1'],
    ['the host with the version path and a slash', '/api/v1/'],
  ])('can be %s', async (_spelling, suffix) => {
    const scenario = await startScenario();
    const step = await scenario.logIn({ 'api-url': scenario.sandbox.url + suffix });
    expectSuccess(step);
    expect(step.outputs).toMatchObject({
      'api-url': scenario.sandbox.url,
      'api-base-url': `${scenario.sandbox.url}/api/v1`,
    });
  });

  test('is taken from the variable EXABITS_API_URL when the input is empty', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn(
      { 'api-url': '' },
      { env: { EXABITS_API_URL: `${scenario.sandbox.url}/api/v1/` } },
    );
    expectSuccess(step);
    expect(step.outputs['api-url']).toBe(scenario.sandbox.url);
  });

  test('is the one in the input when the variable says something else', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn({}, { env: { EXABITS_API_URL: 'https://exabits.invalid' } });
    expectSuccess(step);
    expect(step.env.EXABITS_API_URL).toBe(scenario.sandbox.url);
  });

  test('may be http for localhost', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn({ 'api-url': `http://localhost:${scenario.sandbox.port}` });
    expectSuccess(step);
  });
});

describe('What is handed on', () => {
  test('is the outputs and the header file alone with export-environment: false', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn({ 'export-environment': 'false' });
    expectSuccess(step);
    expect(step.env).toEqual({});
    expect(step.outputs['access-token']).toMatch(/^ey/);
    expect(readFileSync(step.outputs['headers-file'] ?? '', 'utf8')).toContain(step.outputs.token);
  });

  test('has no header file with write-headers-file: false', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn({ 'write-headers-file': 'false' });
    expectSuccess(step);
    expect(step.outputs['headers-file']).toBe('');
    expect(step.env).not.toHaveProperty('EXABITS_HEADERS_FILE');
    expect(step.env.EXABITS_ACCESS_TOKEN).toBe(step.outputs['access-token']);
    expect(scenario.temporaryFiles()).toEqual([]);
  });

  test('empties API tokens that the job carried, because the official client would prefer them', async () => {
    const carried = {
      EXABITS_API_TOKEN: 'carried-api-token',
      EXABITS_API_TOKEN_ENCRYPTED: 'carried-encrypted',
    };
    const scenario = await startScenario({ job: { env: carried, secrets: Object.values(carried) } });
    for (const token of Object.values(carried)) scenario.expectSecret(token);
    const step = await scenario.logIn();
    expectSuccess(step);
    expect(step.env).toMatchObject({ EXABITS_API_TOKEN: '', EXABITS_API_TOKEN_ENCRYPTED: '' });
    expect(scenario.job.env).toMatchObject({
      EXABITS_API_TOKEN: '',
      EXABITS_API_TOKEN_ENCRYPTED: '',
      EXABITS_ACCESS_TOKEN: step.outputs['access-token'],
    });
    expect(step.visible).toContain(
      'Emptied EXABITS_API_TOKEN, EXABITS_API_TOKEN_ENCRYPTED, which the job carried before: later steps use what this step handed on.\n',
    );
  });

  test('leaves variables of the job alone with export-environment: false', async () => {
    const carried = 'carried-api-token';
    const scenario = await startScenario({
      job: { env: { EXABITS_API_TOKEN: carried }, secrets: [carried] },
    });
    const step = await scenario.logIn({ 'export-environment': 'false' });
    expectSuccess(step);
    expect(scenario.job.env).toEqual({ EXABITS_API_TOKEN: carried });
  });
});

/** Makes the sandbox answer the next login with other fields than its own. */
function answerLogin(scenario: Scenario, fields: Readonly<Record<string, string>>): void {
  const data = {
    username: EXAMPLE_ACCOUNT.username,
    email: EXAMPLE_ACCOUNT.email,
    access_token: 'opaque-access-token',
    refresh_token: 'opaque-refresh-token',
    ...fields,
  };
  scenario.expectSecret(data.access_token);
  scenario.expectSecret(data.refresh_token);
  scenario.sandbox.faults.add({
    effect: 'body',
    body: JSON.stringify({ status: true, message: 'Login successful!', data }),
  });
}
