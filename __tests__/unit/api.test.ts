import { describe, expect, test } from '@jest/globals';
import type { TokenPair } from '../../src/credentials.ts';
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
  test('a login brings a credential and an account', async () => {
    exabits().post('/authenticate/login', { username: 'ada', password: passwordMd5 }).reply(200, yes(login));
    const { exabits: api, password } = await converse();
    expect(await api.authenticate(password)).toMatchObject({
      credential: { token: 'access', refreshToken: 'refresh' },
      account: { username: 'Ada', email: '' },
    });
  });

  test('a login is not made for an API token', async () => {
    const { exabits: api, credential } = await converse();
    expect(await api.authenticate(credential)).toEqual({ credential });
  });

  test('a creation has a label of its own for each try', async () => {
    exabits().post('/api-tokens', { name: 'first', description: 'x' }).reply(503, no('down'));
    exabits()
      .post('/api-tokens', { name: 'after HTTP 503', description: 'x' })
      .matchHeader('authorization', bearer)
      .reply(200, yes({ id: 'tok-1', token: ephemeralToken }));
    const { exabits: api, credential } = await converse();
    const created = await api.createApiToken(credential, (failed) => ({
      name: failed ? `after HTTP ${failed.seen.status}` : 'first',
      description: 'x',
    }));
    expect(created).toMatchObject({ id: 'tok-1', credential: { token: ephemeralToken } });
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
  const wrong = 'Exabits did not accept the username and password';
  const both = `Check both secrets, and that they belong to ${host}; "password-format" says whether the secret is the password itself or its MD5.`;
  const isHash =
    'The password has 32 hexadecimal digits, like an MD5: if it is one, set password-format: md5.';
  const isElse = 'This is not how Exabits answers: check the address.';
  const revoked = `Check that it still exists in the Exabits console, that the secret holds all of it, and that it belongs to ${host}.`;
  const mayNot = "Check that the account may use the API, and that the runner's clock is right.";

  const calls: Record<string, (conversation: Conversation) => Promise<unknown>> = {
    'a password': ({ exabits: api, password }) => api.authenticate(password),
    'a password that looks like its MD5': ({ exabits: api, password }) =>
      api.authenticate({ ...password, looksHashed: true }),
    'an API token': ({ exabits: api, credential }) => api.check(credential),
    'the tokens of a login': ({ exabits: api }) => api.check(pair),
  };

  test.each<[call: keyof typeof calls, status: number, body: object | string, message: string]>([
    ['a password', 401, no('who?'), `${wrong} (HTTP 401, "who?"). ${both}`],
    ['a password', 401, '', `${host} did not accept the username and password (HTTP 401). ${both}`],
    ['a password', 403, no('locked'), `${wrong} (HTTP 403, "locked"). ${both}`],
    ['a password', 200, no('wrong'), `${wrong} (HTTP 200, "wrong"). ${both}`],
    ['a password', 403, 'firewall', `${host} refused POST /authenticate/login (HTTP 403). ${isElse}`],
    ['a password that looks like its MD5', 401, no('who?'), `${wrong} (HTTP 401, "who?"). ${isHash}`],
    ['an API token', 401, no('x'), `Exabits refused the API token (HTTP 401, "x"). ${revoked}`],
    ['an API token', 403, '', `${host} refused the API token (HTTP 403). ${revoked}`],
    ['an API token', 404, '', `${host} refused GET /billing/balance (HTTP 404). ${isElse}`],
    [
      'the tokens of a login',
      403,
      no('x'),
      `Exabits refused the tokens of the login (HTTP 403, "x"). ${mayNot}`,
    ],
  ])('%s: HTTP %i (%#)', async (call, status, body, message) => {
    for (const method of ['GET', 'POST']) exabits().intercept(/./, method).optionally().reply(status, body);
    const failure = await failureOf(async () => calls[call]?.(await converse()));
    expect(failure.message).toBe(message);
    expect(failure).toMatchObject({ seen: { status, enveloped: typeof body !== 'string' } });
  });
});
