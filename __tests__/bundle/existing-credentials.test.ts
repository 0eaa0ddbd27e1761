import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { unsignedJwt } from '../../testbed/exabits/jwt.ts';
import { EXAMPLE_ACCOUNT, startSandbox } from '../../testbed/exabits/server.ts';
import type { StepOptions } from '../../testbed/runner/job.ts';
import { atEnd, expectSuccess, isoTime, startScenario, unixTime, warningsOf } from './support/scenario.ts';

const EXISTING = { 'use-existing-credentials': 'true' };
const LOGIN = 'POST /authenticate/login';

/** A job whose environment carries this, and whose runner knows nothing of it. */
function carrying(env: Readonly<Record<string, string>>): StepOptions {
  return { onPrepare: (prepared) => void Object.assign(prepared, env) };
}

describe('With use-existing-credentials a second sign-in in the job', () => {
  test('hands on the pair of the first without a request', async () => {
    const scenario = await startScenario();
    const first = await scenario.logIn();
    const second = await scenario.logIn(EXISTING);
    expectSuccess(second);
    expect(scenario.calls).toEqual([LOGIN]);
    const expiry = first.outputs['access-token-expires-at'];
    expect(second.outputs).toEqual({
      ...first.outputs,
      'auth-method': 'existing',
      'refresh-token-expires-at': '',
      username: '',
      email: '',
    });
    expect(second.visible).toBe(
      `Using the credentials for ${scenario.name} that the job carries already, until ${expiry}.\n`,
    );
    expect(scenario.job.env).toEqual(first.env);
  });

  test('hands on the API token of the first without a request', async () => {
    const scenario = await startScenario();
    const first = await scenario.uses({ 'api-token': 'some-api-token' });
    const second = await scenario.uses(EXISTING);
    expectSuccess(second);
    expect(second.outputs).toEqual({ ...first.outputs, 'auth-method': 'existing' });
    expect(second.visible).toBe(`Using the credentials for ${scenario.name} that the job carries already.\n`);
    expect(scenario.job.env).toEqual(first.env);
    expect(scenario.calls).toEqual([]);
  });

  test('needs no credentials of its own', async () => {
    const scenario = await startScenario();
    const first = await scenario.logIn();
    const second = await scenario.uses(EXISTING);
    expectSuccess(second);
    expect(second.outputs.token).toBe(first.outputs.token);
  });

  test('has a post step that clears nothing that it did not set', async () => {
    const scenario = await startScenario();
    const first = await scenario.logIn();
    await scenario.logIn(EXISTING);
    const between: unknown[] = [];
    const [second] = await scenario.finish({
      onPrepare: () => {
        between.push([
          scenario.job.env.EXABITS_ACCESS_TOKEN,
          existsSync(first.outputs['headers-file'] ?? ''),
        ]);
      },
    });
    expect(second?.visible).toBe('Cleared nothing.\n');
    expect(between).toEqual([
      [first.outputs.token, true],
      [first.outputs.token, true],
    ]);
    expect(scenario.temporaryFiles()).toEqual([]);
    expect(Object.values(scenario.job.env).filter((value) => value !== '')).toEqual([]);
  });

  test('makes no token of its own when the job carries one, and leaves that to the first', async () => {
    const scenario = await startScenario();
    const ephemeral = { 'ephemeral-api-token': 'true' };
    const first = await scenario.logIn(ephemeral);
    const second = await scenario.logIn({ ...ephemeral, ...EXISTING });
    expectSuccess(second);
    expect(second.outputs).toMatchObject({
      'auth-method': 'existing',
      'api-token': first.outputs['api-token'],
      'api-token-id': '',
    });
    const counts: number[] = [];
    for (const post of await scenario.finish({
      onPrepare: () => void counts.push(scenario.sandbox.orphans().length),
    })) {
      expectSuccess(post);
    }
    expect(counts).toEqual([1, 1]);
    expect(scenario.sandbox.orphans()).toEqual([]);
  });

  test('makes a token of its own with the login that the job carries, and no second login', async () => {
    const scenario = await startScenario();
    await scenario.logIn();
    const step = await scenario.uses({ 'ephemeral-api-token': 'true', ...EXISTING });
    expectSuccess(step);
    expect(scenario.calls).toEqual([LOGIN, 'POST /api-tokens']);
    expect(step.outputs['auth-method']).toBe('ephemeral-api-token');
    expect(step.env).toMatchObject({
      EXABITS_API_TOKEN: step.outputs.token,
      EXABITS_ACCESS_TOKEN: '',
      EXABITS_REFRESH_TOKEN: '',
    });
    for (const post of await scenario.finish()) expectSuccess(post);
    expect(scenario.sandbox.orphans()).toEqual([]);
    expect(scenario.temporaryFiles()).toEqual([]);
  });
});

describe('Existing credentials are used only if they are good', () => {
  test('an API token that has expired is not: the step signs in', async () => {
    const scenario = await startScenario();
    const token = unsignedJwt({ exp: unixTime(-10) });
    scenario.expectSecret(token);
    const step = await scenario.logIn(
      EXISTING,
      carrying({ EXABITS_API_TOKEN: token, EXABITS_API_URL: scenario.sandbox.url }),
    );
    expectSuccess(step);
    expect(step.outputs['auth-method']).toBe('login');
    expect(scenario.calls).toEqual([LOGIN]);
    expect(step.env.EXABITS_API_TOKEN).toBe('');
  });

  test('an API token that is about to expire still is', async () => {
    const scenario = await startScenario();
    const expiry = unixTime(60);
    const token = unsignedJwt({ exp: expiry });
    scenario.expectSecret(token);
    const step = await scenario.logIn(
      EXISTING,
      carrying({ EXABITS_API_TOKEN: token, EXABITS_API_URL: scenario.sandbox.url }),
    );
    expectSuccess(step);
    expect(step.outputs).toMatchObject({
      'auth-method': 'existing',
      token,
      'access-token-expires-at': isoTime(expiry),
    });
  });

  test.each([
    ['six minutes', 360, 'existing'],
    ['four minutes', 240, 'login'],
    ['no time at all', -240, 'login'],
  ])('a pair whose access token lives for another %s', async (_how, seconds, method) => {
    const scenario = await startScenario();
    const pair = {
      EXABITS_API_URL: scenario.sandbox.url,
      EXABITS_ACCESS_TOKEN: unsignedJwt({ exp: unixTime(seconds) }),
      EXABITS_REFRESH_TOKEN: 'carried-refresh-token',
    };
    scenario.expectSecret(pair.EXABITS_ACCESS_TOKEN);
    scenario.expectSecret(pair.EXABITS_REFRESH_TOKEN);
    const step = await scenario.logIn(EXISTING, carrying(pair));
    expectSuccess(step);
    expect(step.outputs['auth-method']).toBe(method);
    expect(scenario.calls).toEqual(method === 'login' ? [LOGIN] : []);
  });

  test.each([
    ['lives long enough by its variable', () => isoTime(unixTime(600)), 'existing'],
    ['does not live long enough by its variable', () => isoTime(unixTime(200)), 'login'],
    ['has a variable that is no time', () => 'soon', 'login'],
    ['has no variable', () => '', 'login'],
  ])('a pair whose opaque access token %s', async (_how, expiry, method) => {
    const scenario = await startScenario();
    const pair = {
      EXABITS_API_URL: scenario.sandbox.url,
      EXABITS_ACCESS_TOKEN: 'carried-access-token',
      EXABITS_REFRESH_TOKEN: 'carried-refresh-token',
      EXABITS_ACCESS_TOKEN_EXPIRES_AT: expiry(),
    };
    const step = await scenario.logIn(EXISTING, carrying(pair));
    expectSuccess(step);
    expect(step.outputs['auth-method']).toBe(method);
  });

  test.each([
    [
      'an access token without a refresh token',
      { EXABITS_ACCESS_TOKEN: unsignedJwt({ exp: unixTime(900) }) },
    ],
    ['a refresh token alone', { EXABITS_REFRESH_TOKEN: 'carried-refresh-token' }],
    ['an API token with a space inside', { EXABITS_API_TOKEN: 'carried token' }],
    ['nothing', {}],
  ])('the job carries %s: the step signs in', async (_what, env) => {
    const scenario = await startScenario();
    const step = await scenario.logIn(EXISTING, carrying({ ...env, EXABITS_API_URL: scenario.sandbox.url }));
    expectSuccess(step);
    expect(step.outputs['auth-method']).toBe('login');
  });

  test('those of another deployment are not', async () => {
    const scenario = await startScenario();
    const reseller = await startSandbox();
    atEnd(() => reseller.close());
    await scenario.logIn({ 'api-url': reseller.url });
    const step = await scenario.logIn(EXISTING);
    expectSuccess(step);
    expect(step.outputs).toMatchObject({ 'auth-method': 'login', 'api-url': scenario.sandbox.url });
  });

  test.each([
    ['no address, which means the default host', ''],
    ['an address that is none', 'exabits'],
  ])('those of a job that carries %s are not used for another host', async (_what, url) => {
    const scenario = await startScenario();
    const step = await scenario.logIn(
      EXISTING,
      carrying({ EXABITS_API_TOKEN: 'carried-api-token', EXABITS_API_URL: url }),
    );
    expectSuccess(step);
    expect(step.outputs['auth-method']).toBe('login');
  });

  test('the spelling of the address makes no difference', async () => {
    const scenario = await startScenario();
    const { url } = scenario.sandbox;
    const step = await scenario.logIn(
      { ...EXISTING, 'api-url': `${url}/` },
      carrying({ EXABITS_API_TOKEN: 'carried-api-token', EXABITS_API_URL: `${url}/api/v1/` }),
    );
    expectSuccess(step);
    expect(step.outputs).toMatchObject({ 'auth-method': 'existing', 'api-url': url });
  });

  test('without the input they are never used', async () => {
    const scenario = await startScenario();
    await scenario.logIn();
    const step = await scenario.logIn();
    expect(step.outputs['auth-method']).toBe('login');
    expect(scenario.calls).toEqual([LOGIN, LOGIN]);
  });

  test('and without any of the two, the step says that it has no credentials', async () => {
    const scenario = await startScenario();
    const step = await scenario.uses(EXISTING);
    expect(scenario.expectFailure(step)).toMatch(/^No credentials: /);
  });
});

describe('Existing credentials that were set outside of the action', () => {
  test('are masked again, and get the variables and the header file that are missing', async () => {
    const scenario = await startScenario();
    const { token } = scenario.sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'ci' });
    const step = await scenario.uses(
      EXISTING,
      carrying({ EXABITS_API_TOKEN: token, EXABITS_API_URL: scenario.sandbox.url }),
    );
    expectSuccess(step);
    expect(scenario.job.mask(token)).toBe('***');
    const headersFile = step.outputs['headers-file'] ?? '';
    expect(step.env).toEqual({
      EXABITS_API_URL: scenario.sandbox.url,
      EXABITS_API_BASE_URL: `${scenario.sandbox.url}/api/v1`,
      EXABITS_HEADERS_FILE: headersFile,
      EXABITS_API_TOKEN: token,
    });
    expect(readFileSync(headersFile, 'utf8')).toBe(`Authorization: Bearer ${token}\n`);
    const post = await scenario.post();
    expectSuccess(post);
    expect(post.visible).toBe('Cleared EXABITS_API_BASE_URL, EXABITS_HEADERS_FILE, the header file.\n');
    expect(Object.keys(post.env).sort()).toEqual(['EXABITS_API_BASE_URL', 'EXABITS_HEADERS_FILE']);
  });

  test('both tokens of a pair are masked again', async () => {
    const scenario = await startScenario();
    const pair = {
      EXABITS_API_URL: scenario.sandbox.url,
      EXABITS_ACCESS_TOKEN: unsignedJwt({ exp: unixTime(900) }),
      EXABITS_REFRESH_TOKEN: 'carried-refresh-token',
    };
    expectSuccess(await scenario.uses(EXISTING, carrying(pair)));
    expect(scenario.job.mask(pair.EXABITS_ACCESS_TOKEN)).toBe('***');
    expect(scenario.job.mask(pair.EXABITS_REFRESH_TOKEN)).toBe('***');
  });

  test('a header file that holds other credentials is not handed on', async () => {
    const scenario = await startScenario();
    const first = await scenario.logIn();
    const step = await scenario.uses(EXISTING, carrying({ EXABITS_API_TOKEN: 'carried-api-token' }));
    expectSuccess(step);
    expect(step.outputs['headers-file']).not.toBe(first.outputs['headers-file']);
    expect(readFileSync(step.outputs['headers-file'] ?? '', 'utf8')).toBe(
      'Authorization: Bearer carried-api-token\n',
    );
  });
});

describe('In a long job', () => {
  test('a later call of the action is a refresh', async () => {
    const scenario = await startScenario({ sandbox: { accessTokenSeconds: 200 } });
    const first = await scenario.logIn();
    const second = await scenario.logIn(EXISTING);
    expectSuccess(second);
    expect(second.outputs['auth-method']).toBe('login');
    expect(second.outputs['access-token']).not.toBe(first.outputs['access-token']);
    expect(scenario.job.env.EXABITS_ACCESS_TOKEN).toBe(second.outputs['access-token']);
    expect(scenario.calls).toEqual([LOGIN, LOGIN]);
  });

  test('with verify, credentials that were revoked are found and replaced', async () => {
    const scenario = await startScenario();
    const { token } = scenario.sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'ci' });
    scenario.expectSecret(token);
    const working = await scenario.logIn(
      { ...EXISTING, verify: 'true' },
      carrying({ EXABITS_API_TOKEN: token, EXABITS_API_URL: scenario.sandbox.url }),
    );
    expect(working.outputs['auth-method']).toBe('existing');
    const replaced = await scenario.logIn(
      { ...EXISTING, verify: 'true' },
      carrying({ EXABITS_API_TOKEN: 'revoked-api-token', EXABITS_API_URL: scenario.sandbox.url }),
    );
    expect(replaced.outcome).toBe('success');
    expect(warningsOf(replaced)).toEqual([]);
    expect(replaced.outputs['auth-method']).toBe('login');
    expect(replaced.visible).toContain(
      'The credentials that the job carries do not work, so the step signs in afresh: Exabits refused the API token (HTTP 401',
    );
    expect(scenario.calls).toEqual([
      'GET /billing/balance',
      'GET /billing/balance',
      LOGIN,
      'GET /billing/balance',
    ]);
  });
});

describe('A header file that holds the same credentials', () => {
  test.each(['true', 'false'])('stays the one that later steps use: write-headers-file=%s', async (write) => {
    const scenario = await startScenario();
    const first = await scenario.logIn();
    const second = await scenario.logIn({ ...EXISTING, 'write-headers-file': write });
    expectSuccess(second);
    expect(second.outputs['headers-file']).toBe(first.outputs['headers-file']);
    expect(scenario.job.env.EXABITS_HEADERS_FILE).toBe(first.outputs['headers-file']);
    expect(scenario.temporaryFiles()).toHaveLength(1);
  });
});
