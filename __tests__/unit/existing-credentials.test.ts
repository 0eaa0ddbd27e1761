import { readFileSync, rmSync } from 'node:fs';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { unsignedJwt } from '../../testbed/exabits/jwt.ts';
import { skipWaits, stopCalendar } from './support/clock.ts';
import { apiToken, apiUrl, exabits, jwtUntil, loginInputs, no, yes } from './support/exabits.ts';
import { InProcessJob, type Step } from './support/job.ts';

const accessToken = jwtUntil('2026-11-24T12:30:00Z');
const pair = {
  EXABITS_ACCESS_TOKEN: accessToken,
  EXABITS_REFRESH_TOKEN: 'refresh-token',
  EXABITS_ACCESS_TOKEN_EXPIRES_AT: '2026-11-24T12:30:00.000Z',
};
const existing = { 'use-existing-credentials': 'true' };

skipWaits();
beforeEach(() => stopCalendar('2026-11-24T12:00:00Z'));

/** Makes the next login return new tokens. */
function prepareLogin(): void {
  exabits()
    .post('/authenticate/login')
    .reply(
      200,
      yes({ access_token: jwtUntil('2026-11-24T13:00:00Z'), refresh_token: 'fresh-refresh-token' }),
    );
}

describe('existing credentials are used without a request:', () => {
  test('a token pair', async () => {
    const job = new InProcessJob(pair);
    const step = await job.main({ ...loginInputs, ...existing });
    expect(step.log).toBe(
      'The credentials already set in this job were not set by this action, so their account is unknown. They are used, and kept when the job ends.\n' +
        'Using the credentials for gpu-api.exascalelabs.ai already set in this job, until 2026-11-24T12:30:00.000Z.',
    );
    expect(step.outputs).toEqual({
      'auth-method': 'existing',
      token: accessToken,
      'access-token': accessToken,
      'refresh-token': 'refresh-token',
      'api-token': '',
      'api-token-id': '',
      'access-token-expires-at': '2026-11-24T12:30:00.000Z',
      'refresh-token-expires-at': '',
      username: '',
      email: '',
      'api-url': apiUrl,
      'api-base-url': `${apiUrl}/api/v1`,
      'headers-file': job.temporaryFiles()[0],
    });
  });

  test('a token pair whose refresh token has an expiry', async () => {
    const refreshToken = jwtUntil('2026-11-24T14:00:00Z');
    const step = await new InProcessJob({ ...pair, EXABITS_REFRESH_TOKEN: refreshToken }).main(existing);
    expect(step.outputs['refresh-token-expires-at']).toBe('2026-11-24T14:00:00.000Z');
  });

  test('a token pair whose expiry is only in the variable', async () => {
    const step = await new InProcessJob({ ...pair, EXABITS_ACCESS_TOKEN: 'opaque-access-token' }).main(
      existing,
    );
    expect(step.outputs).toMatchObject({
      token: 'opaque-access-token',
      'access-token-expires-at': '2026-11-24T12:30:00.000Z',
    });
  });

  test('an API token', async () => {
    const step = await new InProcessJob({ EXABITS_API_TOKEN: ` ${apiToken}\n` }).main(existing);
    expect(step.log).toMatch(
      /\nUsing the credentials for gpu-api\.exascalelabs\.ai already set in this job\.$/,
    );
    expect(step.outputs).toMatchObject({ 'auth-method': 'existing', token: apiToken, 'api-token': apiToken });
  });

  test('an API token before a token pair, as in the official client', async () => {
    const step = await new InProcessJob({ ...pair, EXABITS_API_TOKEN: apiToken }).main(existing);
    expect(step.outputs.token).toBe(apiToken);
    expect(step.env).toMatchObject({ EXABITS_ACCESS_TOKEN: '', EXABITS_REFRESH_TOKEN: '' });
  });

  test('even if the step has no credentials of its own', async () => {
    expect((await new InProcessJob(pair).main(existing)).exitCode).toBe(0);
  });

  test.each([
    ['https://reseller.example', 'https://reseller.example'],
    ['https://reseller.example/', 'https://reseller.example/api/v1'],
    ['https://reseller.example/api/v1/', 'https://reseller.example'],
    [apiUrl, ''],
  ])('for the same address, however it is spelled: %s and %s', async (variable, input) => {
    const job = new InProcessJob({ ...pair, EXABITS_API_URL: variable });
    expect((await job.main({ ...existing, 'api-url': input })).outputs['auth-method']).toBe('existing');
  });
});

describe('the step authenticates as configured', () => {
  async function expectLogin(
    env: Record<string, string>,
    inputs: Record<string, string> = {},
  ): Promise<Step> {
    prepareLogin();
    const step = await new InProcessJob(env).main({ ...loginInputs, ...existing, ...inputs });
    expect(step.exitCode).toBe(0);
    expect(step.outputs['auth-method']).toBe('login');
    return step;
  }

  test('if use-existing-credentials is false', async () => {
    await expectLogin(pair, { 'use-existing-credentials': 'false' });
  });

  test('if the job has no credentials', async () => {
    await expectLogin({});
  });

  test.each([
    ['the access token', { ...pair, EXABITS_ACCESS_TOKEN: ' ' }],
    ['the refresh token', { ...pair, EXABITS_REFRESH_TOKEN: '' }],
  ])('if %s is empty', async (_what, env) => {
    await expectLogin(env);
  });

  test('if a token is malformed', async () => {
    await expectLogin({ ...pair, EXABITS_REFRESH_TOKEN: 'two words' });
    await expectLogin({ EXABITS_API_TOKEN: 'two words' });
  });

  test.each([
    ['another host', 'https://reseller.example'],
    ['another port', 'https://gpu-api.exascalelabs.ai:8443'],
    ['an invalid address', 'nowhere'],
  ])('if the credentials are for %s', async (_what, variable) => {
    await expectLogin({ ...pair, EXABITS_API_URL: variable }, { 'api-url': apiUrl });
  });

  test('if the credentials are for the default host and the step is not', async () => {
    exabits('https://reseller.example')
      .post('/authenticate/login')
      .reply(200, yes({ access_token: 'fresh-access-token', refresh_token: 'fresh-refresh-token' }));
    const inputs = { ...loginInputs, ...existing, 'api-url': 'https://reseller.example' };
    expect((await new InProcessJob(pair).main(inputs)).outputs['auth-method']).toBe('login');
  });

  test.each([
    ['has expired', jwtUntil('2026-11-24T11:59:59Z')],
    ['expires now', jwtUntil('2026-11-24T12:00:00Z')],
  ])('if an API token %s', async (_what, token) => {
    await expectLogin({ EXABITS_API_TOKEN: token });
  });

  test('if the access token itself says that it expires in less than five minutes', async () => {
    await expectLogin({ ...pair, EXABITS_ACCESS_TOKEN: jwtUntil('2026-11-24T12:04:59Z') });
  });

  test('if the expiry of the access token is unknown or too soon', async () => {
    const opaque = { ...pair, EXABITS_ACCESS_TOKEN: unsignedJwt({ sub: 'ada' }) };
    await expectLogin({ ...opaque, EXABITS_ACCESS_TOKEN_EXPIRES_AT: '' });
    await expectLogin({ ...opaque, EXABITS_ACCESS_TOKEN_EXPIRES_AT: 'soon' });
    await expectLogin({ ...opaque, EXABITS_ACCESS_TOKEN_EXPIRES_AT: '2026-11-24T12:04:59.999Z' });
  });

  test('or says what is missing if nothing is configured', async () => {
    const step = await new InProcessJob().main(existing);
    expect(step.log).toMatch(/^Error: No credentials/);
  });
});

describe('with ephemeral-api-token: true,', () => {
  const ephemeral = { ...existing, 'ephemeral-api-token': 'true' };

  test('an existing login creates the token', async () => {
    exabits()
      .matchHeader('authorization', `Bearer ${accessToken}`)
      .matchHeader('refresh-token', 'refresh-token')
      .post('/api-tokens')
      .reply(200, yes({ id: 'made', token: apiToken }));
    const step = await new InProcessJob(pair).main({ ...loginInputs, ...ephemeral });
    expect(step.outputs).toMatchObject({
      'auth-method': 'ephemeral-api-token',
      'api-token': apiToken,
      'api-token-id': 'made',
      username: '',
    });
  });

  test('an existing API token is used as it is', async () => {
    const step = await new InProcessJob({ EXABITS_API_TOKEN: apiToken }).main({
      ...loginInputs,
      ...ephemeral,
    });
    expect(step.outputs).toMatchObject({ 'auth-method': 'existing', token: apiToken });
  });
});

test('an access token that expires in five minutes is used', async () => {
  const env = { ...pair, EXABITS_ACCESS_TOKEN: jwtUntil('2026-11-24T12:05:00Z') };
  expect((await new InProcessJob(env).main(existing)).outputs['auth-method']).toBe('existing');
});

test('an API token that expires in a second is used', async () => {
  const step = await new InProcessJob({ EXABITS_API_TOKEN: jwtUntil('2026-11-24T12:00:01Z') }).main(existing);
  expect(step.outputs['auth-method']).toBe('existing');
  expect(step.log).toContain('already set in this job, until 2026-11-24T12:00:01.000Z');
});

describe('with verify: true,', () => {
  const verify = { ...loginInputs, ...existing, verify: 'true' };

  test('existing credentials that work are used', async () => {
    exabits().matchHeader('authorization', `Bearer ${accessToken}`).get('/billing/balance').reply(200, yes());
    expect((await new InProcessJob(pair).main(verify)).outputs['auth-method']).toBe('existing');
  });

  test('existing credentials that do not work make the step sign in again, and the log says why', async () => {
    exabits().get('/billing/balance').reply(401, no('revoked'));
    exabits()
      .post('/authenticate/login')
      .reply(200, yes({ access_token: 'fresh-access-token', refresh_token: 'fresh-refresh-token' }));
    exabits()
      .matchHeader('authorization', 'Bearer fresh-access-token')
      .get('/billing/balance')
      .reply(200, yes());
    const step = await new InProcessJob(pair).main(verify);
    expect(step.outputs['auth-method']).toBe('login');
    expect(step.log).toMatch(
      /^The credentials already set in this job do not work, so the step signs in again: Exabits refused the tokens of the login \(HTTP 401, "revoked"\)/,
    );
  });
});

describe('a later use of the action in a long job', () => {
  test('does nothing while the tokens are valid, and its post step clears nothing', async () => {
    const job = new InProcessJob();
    prepareLogin();
    const first = await job.main({ ...loginInputs, ...existing });
    const second = await job.main({ ...loginInputs, ...existing });
    expect(second.outputs['auth-method']).toBe('existing');
    expect(second.env).toEqual({});
    expect(second.outputs['headers-file']).toBe(first.outputs['headers-file']);
    expect(job.temporaryFiles()).toHaveLength(1);

    const post = await job.post(second);
    expect(post.log).toBe('Cleared nothing.');
    expect(post.env).toEqual({});
    expect(job.temporaryFiles()).toHaveLength(1);
    expect((await job.post(first)).log).toMatch(/^Cleared EXABITS_API_URL, .*the header file\.$/);
  });

  test('signs in again when the tokens are about to expire', async () => {
    const job = new InProcessJob();
    prepareLogin();
    await job.main({ ...loginInputs, ...existing });
    jest.setSystemTime(Date.parse('2026-11-24T12:56:00Z'));
    exabits()
      .post('/authenticate/login')
      .reply(
        200,
        yes({ access_token: jwtUntil('2026-11-24T13:26:00Z'), refresh_token: 'newer-refresh-token' }),
      );
    const second = await job.main({ ...loginInputs, ...existing });
    expect(second.outputs['auth-method']).toBe('login');
    expect(job.env.EXABITS_ACCESS_TOKEN_EXPIRES_AT).toBe('2026-11-24T13:26:00.000Z');
  });

  test("writes its own header file if the job's is gone", async () => {
    const job = new InProcessJob();
    prepareLogin();
    const first = await job.main({ ...loginInputs, ...existing });
    rmSync(first.outputs['headers-file'] ?? '');
    const second = await job.main({ ...loginInputs, ...existing });
    expect(second.outputs['headers-file']).not.toBe(first.outputs['headers-file']);
    expect(readFileSync(second.outputs['headers-file'] ?? '', 'utf8')).toContain(
      'refresh-token: fresh-refresh-token',
    );
    expect(second.env).toEqual({ EXABITS_HEADERS_FILE: second.outputs['headers-file'] });

    const post = await job.post(second);
    expect(post.log).toBe('Cleared EXABITS_HEADERS_FILE, the header file.');
  });

  test("writes its own header file if the job's holds another credential", async () => {
    const job = new InProcessJob();
    const other = await job.main({ 'api-token': 'another-api-token' });
    Object.assign(job.env, { EXABITS_API_TOKEN: apiToken });
    const step = await job.main(existing);
    expect(step.outputs.token).toBe(apiToken);
    expect(step.outputs['headers-file']).not.toBe(other.outputs['headers-file']);
    expect(readFileSync(step.outputs['headers-file'] ?? '', 'utf8')).toBe(
      `Authorization: Bearer ${apiToken}\n`,
    );
  });
});

test("a step that does not use existing credentials never reuses another step's header file", async () => {
  const job = new InProcessJob();
  const first = await job.main({ 'api-token': apiToken });
  const second = await job.main({ 'api-token': apiToken });
  expect(second.outputs['headers-file']).not.toBe(first.outputs['headers-file']);
  expect(Object.keys(second.env)).toHaveLength(6);
});

describe('the source of existing credentials', () => {
  const signedInAs = async (name: string): Promise<InProcessJob> => {
    const job = new InProcessJob();
    prepareLogin();
    await job.main({ ...loginInputs, username: name });
    return job;
  };

  test('makes the step sign in again and say why if it does not match the inputs', async () => {
    const job = await signedInAs('somebody-else');
    prepareLogin();
    const step = await job.main({ ...loginInputs, ...existing });
    expect(step.outputs).toMatchObject({ 'auth-method': 'login', username: loginInputs.username });
    expect(step.log).toMatch(
      /^The credentials already set in this job do not match the inputs of this step, so the step signs in again\.\nSigned in/,
    );
  });

  test('lets the step use them and export nothing if it matches the inputs', async () => {
    const job = await signedInAs(loginInputs.username);
    const step = await job.main({ ...loginInputs, ...existing });
    expect(step.outputs['auth-method']).toBe('existing');
    expect(step.log).toMatch(/^Using the credentials/);
    expect(step.env).toEqual({});
  });

  test('does not matter if the step has no credentials of its own', async () => {
    const job = await signedInAs('somebody-else');
    expect((await job.main(existing)).outputs['auth-method']).toBe('existing');
  });

  test('is kept for a token created with them', async () => {
    const job = await signedInAs(loginInputs.username);
    const { EXABITS_AUTH_SOURCE: source } = job.env;
    exabits()
      .post('/api-tokens')
      .reply(200, yes({ id: 'tok-1', token: 'exa-made' }));
    const step = await job.main({ ...loginInputs, ...existing, 'ephemeral-api-token': 'true' });
    expect(step.env.EXABITS_AUTH_SOURCE).toBe(source);
  });

  describe('does not apply to credentials that something else has set since:', () => {
    test('a step with credentials of its own signs in again', async () => {
      const job = await signedInAs(loginInputs.username);
      job.env.EXABITS_ACCESS_TOKEN = jwtUntil('2026-11-24T12:20:00Z');
      prepareLogin();
      expect((await job.main({ ...loginInputs, ...existing })).outputs['auth-method']).toBe('login');
    });

    test('a step uses them if the fingerprint is missing, but does not know their account', async () => {
      const job = await signedInAs(loginInputs.username);
      Object.assign(job.env, { EXABITS_API_TOKEN: apiToken, EXABITS_AUTH_FINGERPRINT: '' });
      const step = await job.main({ ...loginInputs, ...existing });
      expect(step.outputs['auth-method']).toBe('existing');
      expect(step.log).toContain('were not set by this action');
      expect(step.env).not.toHaveProperty('EXABITS_AUTH_SOURCE');
    });

    test('a step without credentials of its own uses them and leaves them in place', async () => {
      const job = await signedInAs(loginInputs.username);
      job.env.EXABITS_API_TOKEN = apiToken;
      const step = await job.main(existing);
      expect(step.log).toContain('were not set by this action');
      expect(step.env).toMatchObject({ EXABITS_API_TOKEN: apiToken });
      expect(step.env).not.toHaveProperty('EXABITS_AUTH_SOURCE');
      expect(Object.keys((await job.post(step)).env)).toEqual(['EXABITS_HEADERS_FILE']);
    });
  });
});
