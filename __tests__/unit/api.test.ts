import { describe, expect, test } from '@jest/globals';
import type { TokenPair } from '../../src/credentials.ts';
import { RequestFailure } from '../../src/exabits/request-failure.ts';
import type { Masked } from '../../src/secrets.ts';
import { skipWaits } from './support/clock.ts';
import { type Conversation, converse } from './support/conversation.ts';
import { apiToken, ephemeralToken, exabits, no, passwordMd5, yes } from './support/exabits.ts';
import { failureOf } from './support/failure.ts';

skipWaits();

const host = 'gpu-api.exascalelabs.ai';
const login = { access_token: 'access', refresh_token: 'refresh', username: 'Ada', email: '' };
const pair: TokenPair = {
  kind: 'token-pair',
  accessToken: 'access' as Masked,
  refreshToken: 'refresh' as Masked,
  accessTokenExpiresAt: new Date(),
  refreshTokenExpiresAt: undefined,
};

describe('the call of', () => {
  test('a login sends the MD5 of the password, and no other credential', async () => {
    let headers: Headers | undefined;
    exabits()
      .post('/authenticate/login', { username: 'ada', password: passwordMd5 })
      .reply(200, (request: Request) => {
        headers = request.headers;
        return yes(login);
      });
    const { exabits: api, password, masks } = await converse();
    const { credential, account } = await api.authenticate(password);
    expect(credential).toMatchObject({ accessToken: 'access', refreshToken: 'refresh' });
    expect(account).toEqual({ username: 'Ada', email: '' });
    expect([headers?.has('authorization'), headers?.has('refresh-token')]).toEqual([false, false]);
    expect(masks.slice(-2)).toEqual(['access', 'refresh']);
  });

  test('a login with an API token is none', async () => {
    const { exabits: api, credential } = await converse();
    expect(await api.authenticate(credential)).toEqual({ credential });
  });

  test('a check has the headers of the credential', async () => {
    exabits().get('/billing/balance').matchHeader('authorization', `Bearer ${apiToken}`).reply(200, yes());
    exabits()
      .get('/billing/balance')
      .matchHeader('authorization', 'Bearer access')
      .matchHeader('refresh-token', 'refresh')
      .reply(200, yes());
    const { exabits: api, credential } = await converse();
    await api.check(credential);
    await api.check(pair);
  });

  test('a creation has a label of its own for each try', async () => {
    const failures: unknown[] = [];
    exabits().post('/api-tokens', { name: 'one', description: 'x' }).reply(503, no('down'));
    exabits()
      .post('/api-tokens', { name: 'two', description: 'x' })
      .matchHeader('authorization', `Bearer ${apiToken}`)
      .reply(200, yes({ id: 'tok-1', token: ephemeralToken }));
    const { exabits: api, credential, masks } = await converse();
    const created = await api.createApiToken(credential, (failed) => {
      failures.push(failed?.seen.status);
      return { name: failed ? 'two' : 'one', description: 'x' };
    });
    expect(created).toMatchObject({ id: 'tok-1', credential: { token: ephemeralToken } });
    expect(failures).toEqual([undefined, 503]);
    expect(masks).toContain(ephemeralToken);
  });

  test('a list asks for all pages, or for enough', async () => {
    const page = (entries: object[]) =>
      exabits()
        .get('/api-tokens')
        .query(true)
        .matchHeader('authorization', `Bearer ${apiToken}`)
        .reply(200, yes(entries));
    const { exabits: api, credential } = await converse();
    page([{ id: 1, created_at: 1 }]);
    page([]);
    expect((await api.listApiTokens(credential)).tokens).toHaveLength(1);
    page([{ id: 1, created_at: 1 }]);
    expect((await api.listApiTokens(credential, () => true)).tokens).toHaveLength(1);
  });

  test('a deletion is for one id, whatever it contains, and is done if Exabits confirms it', async () => {
    let url = '';
    const answers: [number, object | string][] = [
      [200, yes()],
      [404, no('gone')],
      [204, ''],
    ];
    for (const [status, body] of answers) {
      exabits()
        .delete(/api-tokens/)
        .matchHeader('authorization', `Bearer ${apiToken}`)
        .reply((request: Request) => {
          ({ url } = request);
          return [status, body];
        });
    }
    const { exabits: api, credential } = await converse();
    await expect(api.deleteApiToken(credential, 'a:b/../c')).resolves.toBeUndefined();
    expect(url).toMatch(/\/api\/v1\/api-tokens\/a%3Ab%2F\.\.%2Fc$/);
    expect((await failureOf(() => api.deleteApiToken(credential, '7'))).message).toContain('HTTP 404');
    expect((await failureOf(() => api.deleteApiToken(credential, '7'))).message).toContain('is empty');
  });
});

describe('a refusal of', () => {
  /** How a call fails, and how often it was made. */
  async function refusal(
    call: (api: Conversation) => Promise<unknown>,
    status: number,
    body: object | string,
  ) {
    exabits().intercept(/./, 'POST').optionally().reply(status, body);
    exabits().get('/billing/balance').optionally().reply(status, body);
    return failureOf(async () => call(await converse()));
  }

  const isLogin = (looksHashed: boolean) => (api: Conversation) =>
    api.exabits.authenticate({ ...api.password, looksHashed });
  const wrong = (saw: string) => `Exabits did not accept the username and password (${saw}).`;
  const both = `Check both secrets, and that they belong to ${host}; "password-format" says whether the secret is the password itself or its MD5.`;
  const hashed =
    'The password has 32 hexadecimal digits, like an MD5: if it is one, set password-format: md5.';

  test.each<[number, object | string, boolean, string]>([
    [401, no('who?'), false, `${wrong('HTTP 401, "who?"')} ${both}`],
    [401, '', true, `${wrong('HTTP 401')} ${hashed}`],
    [403, no('locked'), false, `${wrong('HTTP 403, "locked"')} ${both}`],
    [200, no('wrong'), false, `${wrong('HTTP 200, "wrong"')} ${both}`],
    [
      403,
      'firewall',
      false,
      `${host} refused POST /authenticate/login (HTTP 403). This is not how Exabits answers: check the address.`,
    ],
    [
      400,
      no('bad'),
      true,
      'Exabits refused POST /authenticate/login (HTTP 400, "bad"). Check the inputs of the step.',
    ],
  ])('a password is sent once: HTTP %i', async (status, body, looksHashed, message) => {
    const failure = await refusal(isLogin(looksHashed), status, body);
    expect(failure.message).toBe(message);
    expect(failure).toMatchObject({
      seen: { status, transient: false, enveloped: typeof body !== 'string' },
    });
  });

  const token = (saw: string) =>
    `Exabits refused the API token (${saw}). Check that it still exists in the Exabits console, that the secret holds all of it, and that it belongs to ${host}.`;
  const tokens = (saw: string) =>
    `Exabits refused the tokens of the login (${saw}). Check that the account may use the API, and that the runner's clock is right.`;

  test.each<[number, object | string, 'credential' | 'pair', string]>([
    [401, no('revoked'), 'credential', token('HTTP 401, "revoked"')],
    [403, '', 'credential', token('HTTP 403')],
    [401, '', 'pair', tokens('HTTP 401')],
    [403, no('no access'), 'pair', tokens('HTTP 403, "no access"')],
    [
      404,
      no('what?'),
      'credential',
      'Exabits refused GET /billing/balance (HTTP 404, "what?"). Check the inputs of the step.',
    ],
  ])('a credential has its own message: HTTP %i (%#)', async (status, body, kind, message) => {
    const failure = await refusal(
      ({ exabits: api, credential }) => api.check(kind === 'pair' ? pair : credential),
      status,
      body,
    );
    expect(failure.message).toBe(message);
    expect(failure).toBeInstanceOf(RequestFailure);
    expect(failure).toMatchObject({ seen: { status, enveloped: body !== '' } });
  });
});

test('a login is read, but not refused, if its answer has the wrong form', async () => {
  exabits().post('/authenticate/login').reply(200, yes({}));
  const { exabits: api, password } = await converse();
  expect((await failureOf(() => api.authenticate(password))).message).toMatch(
    /its "access_token" is not a string/,
  );
});
