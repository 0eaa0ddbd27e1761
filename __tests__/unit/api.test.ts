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
const bearer = `Bearer ${apiToken}`;
const login = { access_token: 'access', refresh_token: 'refresh', username: 'Ada', email: '' };
const pair: TokenPair = {
  kind: 'token-pair',
  token: 'access' as Masked,
  expiresAt: new Date(),
  refreshToken: 'refresh' as Masked,
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
    expect(credential).toMatchObject({ token: 'access', refreshToken: 'refresh' });
    expect(account).toEqual({ username: 'Ada', email: '' });
    expect([headers?.has('authorization'), headers?.has('refresh-token')]).toEqual([false, false]);
    expect(masks.slice(-2)).toEqual(['access', 'refresh']);
  });

  test('a login is not made for an API token', async () => {
    const { exabits: api, credential } = await converse();
    expect(await api.authenticate(credential)).toEqual({ credential });
  });

  test('a creation has a label of its own for each try', async () => {
    const failures: unknown[] = [];
    exabits().post('/api-tokens', { name: 'one', description: 'x' }).reply(503, no('down'));
    exabits()
      .post('/api-tokens', { name: 'two', description: 'x' })
      .matchHeader('authorization', bearer)
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
    const { exabits: api, credential } = await converse();
    const pages = exabits().matchHeader('authorization', bearer).get('/api-tokens').query(true);
    pages.times(3).reply(200, yes([{ id: 1, created_at: 1_700_000_000 }]));
    expect((await api.listApiTokens(credential)).tokens).toHaveLength(1);
    expect((await api.listApiTokens(credential, () => true)).tokens).toHaveLength(1);
  });

  test('a deletion is for one id, whatever it contains, and is done if Exabits confirms it', async () => {
    const { exabits: api, credential } = await converse();
    const route = exabits().matchHeader('authorization', bearer);
    route.delete('/api-tokens/a%3Ab%2F..%2Fc').reply(200, yes());
    await expect(api.deleteApiToken(credential, 'a:b/../c')).resolves.toBeUndefined();
    route.delete('/api-tokens/7').reply(404, no('gone')).delete('/api-tokens/7').reply(204);
    await expect(api.deleteApiToken(credential, '7')).rejects.toThrow('HTTP 404, "gone"');
    await expect(api.deleteApiToken(credential, '7')).rejects.toThrow('is empty');
  });
});

describe('a refusal of', () => {
  type Refusal = [status: number, body: object | string, message: string];

  /** Expects a call to be made once, and to fail so. */
  async function expectRefusal(
    call: (api: Conversation) => Promise<unknown>,
    [status, body, message]: Refusal,
  ) {
    const scope = exabits();
    for (const method of ['GET', 'POST']) scope.intercept(/./, method).optionally().reply(status, body);
    const failure = await failureOf(async () => call(await converse()));
    expect(failure.message).toBe(message);
    expect(failure).toBeInstanceOf(RequestFailure);
    expect(failure).toMatchObject({
      seen: { status, transient: false, enveloped: typeof body !== 'string' },
    });
  }

  const wrong = 'Exabits did not accept the username and password';
  const both = `Check both secrets, and that they belong to ${host}; "password-format" says whether the secret is the password itself or its MD5.`;
  const isHash =
    'The password has 32 hexadecimal digits, like an MD5: if it is one, set password-format: md5.';
  const isElse = 'This is not how Exabits answers: check the address.';

  test.each<Refusal>([
    [401, no('who?'), `${wrong} (HTTP 401, "who?"). ${both}`],
    [401, '', `${host} did not accept the username and password (HTTP 401). ${both}`],
    [403, no('locked'), `${wrong} (HTTP 403, "locked"). ${both}`],
    [200, no('wrong'), `${wrong} (HTTP 200, "wrong"). ${both}`],
    [403, 'firewall', `${host} refused POST /authenticate/login (HTTP 403). ${isElse}`],
    [400, no('x'), 'Exabits refused POST /authenticate/login (HTTP 400, "x"). Check the inputs of the step.'],
  ])('a password: HTTP %i (%#)', async (...refusal) => {
    await expectRefusal(({ exabits: api, password }) => api.authenticate(password), refusal);
  });

  test('a password that looks like its MD5', async () => {
    const looksHashed = { looksHashed: true };
    await expectRefusal(
      ({ exabits: api, password }) => api.authenticate({ ...password, ...looksHashed }),
      [401, no('who?'), `${wrong} (HTTP 401, "who?"). ${isHash}`],
    );
  });

  const token = 'Exabits refused the API token';
  const check = `Check that it still exists in the Exabits console, that the secret holds all of it, and that it belongs to ${host}.`;

  test.each<Refusal>([
    [401, no('revoked'), `${token} (HTTP 401, "revoked"). ${check}`],
    [403, '', `${host} refused the API token (HTTP 403). ${check}`],
    [404, no('x'), 'Exabits refused GET /billing/balance (HTTP 404, "x"). Check the inputs of the step.'],
  ])('an API token: HTTP %i', async (...refusal) => {
    await expectRefusal(({ exabits: api, credential }) => api.check(credential), refusal);
  });

  test.each([401, 403])('the tokens of a login: HTTP %i', async (status) => {
    await expectRefusal(
      ({ exabits: api }) => api.check(pair),
      [
        status,
        no('no'),
        `Exabits refused the tokens of the login (HTTP ${status}, "no"). Check that the account may use the API, and that the runner's clock is right.`,
      ],
    );
  });
});
