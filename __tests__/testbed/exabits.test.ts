import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { request } from 'node:https';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from '@jest/globals';
import { makeAuthority, makeCertificate } from '../../testbed/exabits/certificate.ts';
import { parseFault } from '../../testbed/exabits/control.ts';
import {
  type Account,
  AWKWARD_ACCOUNT,
  EXAMPLE_ACCOUNT,
  type Fault,
  md5,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
} from '../../testbed/exabits/server.ts';
import { testOnPosix } from '../support/system.ts';

const running: Sandbox[] = [];

afterEach(async () => {
  await Promise.all(running.splice(0).map((sandbox) => sandbox.close()));
});

async function start(options?: SandboxOptions): Promise<Sandbox> {
  const sandbox = await startSandbox(options);
  running.push(sandbox);
  return sandbox;
}

interface Reply {
  status: number;
  headers: Headers;
  json: { status: boolean; message: string; data: unknown; total?: number };
}

type Call = { method?: string; headers?: Record<string, string>; json?: unknown; body?: string };

async function call(
  sandbox: Sandbox,
  path: string,
  { method, headers, json, body }: Call = {},
): Promise<Reply> {
  const content = json === undefined ? body : JSON.stringify(json);
  const response = await fetch(`${sandbox.url}${path.startsWith('/') ? path : `/api/v1/${path}`}`, {
    method: method ?? (content === undefined ? 'GET' : 'POST'),
    headers: headers ?? {},
    redirect: 'manual',
    ...(content === undefined ? {} : { body: content }),
  });
  return { status: response.status, headers: response.headers, json: JSON.parse(await response.text()) };
}

function logIn(sandbox: Sandbox, { username, password }: Account = EXAMPLE_ACCOUNT): Promise<Reply> {
  return call(sandbox, 'authenticate/login', { json: { username, password: md5(password) } });
}

/** The two request headers of a fresh login. */
async function pairHeaders(sandbox: Sandbox, account = EXAMPLE_ACCOUNT): Promise<Record<string, string>> {
  const { json } = await logIn(sandbox, account);
  const { access_token, refresh_token } = Object(json.data);
  return { authorization: `Bearer ${access_token}`, 'refresh-token': refresh_token };
}

function claimsOf(jwt: string): Record<string, unknown> {
  return JSON.parse(Buffer.from(jwt.split('.')[1] ?? '', 'base64url').toString());
}

const bearer = (token: string) => ({ authorization: `Bearer ${token}` });

describe('login', () => {
  test('the right MD5 gets a JWT for 30 minutes and a refresh token', async () => {
    const { status, headers, json } = await logIn(await start());
    expect(status).toBe(200);
    expect(headers.get('content-type')).toMatch(/^application\/json/);
    expect(json).toMatchObject({
      status: true,
      data: {
        username: EXAMPLE_ACCOUNT.username,
        email: EXAMPLE_ACCOUNT.email,
        refresh_token: expect.any(String),
      },
    });
    const { iat, exp } = claimsOf(Object(json.data).access_token);
    expect(Number(exp) - Number(iat)).toBe(1800);
  });

  test('the awkward account can log in, too', async () => {
    expect((await logIn(await start(), AWKWARD_ACCOUNT)).status).toBe(200);
  });

  test.each([
    ['a wrong password', { username: EXAMPLE_ACCOUNT.username, password: md5('wrong') }, 401],
    ['the plain password', { username: EXAMPLE_ACCOUNT.username, password: EXAMPLE_ACCOUNT.password }, 401],
    [
      'an MD5 in upper case',
      { username: EXAMPLE_ACCOUNT.username, password: md5(EXAMPLE_ACCOUNT.password).toUpperCase() },
      401,
    ],
    ['an unknown user', { username: 'nobody', password: md5('x') }, 401],
    ['no password', { username: EXAMPLE_ACCOUNT.username }, 400],
    ['a list', [], 400],
  ])('%s is refused', async (_what, json, status) => {
    const reply = await call(await start(), 'authenticate/login', { json });
    expect(reply.status).toBe(status);
    expect(reply.json).toEqual({ status: false, message: expect.any(String), data: null });
  });

  test('above the limit per second, it answers 429 with Retry-After, and then accepts logins again', async () => {
    const sandbox = await start({ loginsPerSecond: 2 });
    const statuses = [];
    for (let i = 0; i < 3; i++) statuses.push((await logIn(sandbox)).status);
    expect(statuses).toEqual([200, 200, 429]);
    expect((await logIn(sandbox)).headers.get('retry-after')).toBe('1');
    sandbox.advance(1);
    expect((await logIn(sandbox)).status).toBe(200);
  });
});

describe('routes', () => {
  test.each([
    ['GET', '/api/v1/nothing', 404],
    ['GET', '/regions', 404],
    ['GET', '/api/v1/authenticate/login', 405],
    ['POST', '/api/v1/regions', 405],
    ['PATCH', '/api/v1/api-tokens/65f000000000000000000001', 405],
  ])('%s %s answers %i', async (method, path, status) => {
    const reply = await call(await start(), path, { method });
    expect(reply.status).toBe(status);
    expect(reply.json.status).toBe(false);
  });

  test('a body that is not JSON gets 400', async () => {
    const reply = await call(await start(), 'authenticate/login', { body: '{"username":' });
    expect([reply.status, reply.json.message]).toEqual([400, 'The body is not JSON']);
  });

  test('balance, regions and machines answer to valid credentials', async () => {
    const sandbox = await start();
    const headers = await pairHeaders(sandbox);
    expect((await call(sandbox, 'billing/balance', { headers })).json.data).toEqual({
      available: { USD: 128.5 },
    });
    expect((await call(sandbox, 'regions', { headers })).json.total).toBe(2);
    expect((await call(sandbox, 'flavors', { headers })).json.data).toMatchObject([
      { region: 'us-east-demo', products: [{ gpu: 'H100', stock_available: true }, { gpu: 'H200' }] },
    ]);
    const machines = await call(sandbox, 'virtual-machines?limit=1&offset=1', { headers });
    expect(machines.json).toMatchObject({ total: 2, data: [{ name: 'demo-user-train-1' }] });
  });

  test('an older host has another name for the balance', async () => {
    const sandbox = await start({ balanceField: 'balance' });
    const { json } = await call(sandbox, 'billing/balance', { headers: await pairHeaders(sandbox) });
    expect(json.data).toEqual({ balance: { USD: 128.5 } });
  });

  test('a request over 1 MiB gets 413', async () => {
    const reply = await call(await start(), 'authenticate/login', { body: 'x'.repeat(1024 * 1024 + 1) });
    expect(reply.status).toBe(413);
  });
});

describe('credentials', () => {
  test.each([
    ['a request without credentials', async () => ({})],
    [
      'the access token alone',
      async (s: Sandbox) => ({ authorization: (await pairHeaders(s)).authorization ?? '' }),
    ],
    ['another scheme', async (s: Sandbox) => ({ ...(await pairHeaders(s)), authorization: 'Basic eDp5' })],
    ['an unknown refresh token', async (s: Sandbox) => ({ ...(await pairHeaders(s)), 'refresh-token': 'x' })],
    [
      "another account's refresh token",
      async (s: Sandbox) => ({
        ...(await pairHeaders(s)),
        'refresh-token': (await pairHeaders(s, AWKWARD_ACCOUNT))['refresh-token'] ?? '',
      }),
    ],
    [
      'a forged access token',
      async (s: Sandbox) => {
        const headers = await pairHeaders(s);
        const [head, , signature] = (headers.authorization ?? '').split('.');
        const claims = Buffer.from(
          JSON.stringify({ type: 'access_token', sub: AWKWARD_ACCOUNT.username, exp: 9e9 }),
        );
        return { ...headers, authorization: `${head}.${claims.toString('base64url')}.${signature}` };
      },
    ],
    [
      'an expired access token',
      async (s: Sandbox) => {
        const headers = await pairHeaders(s);
        s.advance(1800);
        return headers;
      },
    ],
  ])('%s gets 401', async (_what, headersOf) => {
    const sandbox = await start();
    const headers = await headersOf(sandbox);
    const reply = await call(sandbox, 'billing/balance', { headers });
    expect(reply.status).toBe(401);
    expect(reply.json.status).toBe(false);
  });

  test('a pair of tokens works until its refresh token expires', async () => {
    const sandbox = await start({ accessTokenSeconds: 9000, refreshTokenSeconds: 100 });
    const headers = await pairHeaders(sandbox);
    sandbox.advance(98);
    expect((await call(sandbox, 'regions', { headers })).status).toBe(200);
    sandbox.advance(2);
    expect((await call(sandbox, 'regions', { headers })).json.message).toBe('The refresh token has expired');
  });

  test('an API token works alone, does not expire, and records its last use', async () => {
    const sandbox = await start();
    const record = sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'ci', createdAt: 1_700_000_000 });
    expect(record).toMatchObject({
      account: EXAMPLE_ACCOUNT.username,
      createdAt: 1_700_000_000,
      lastUsed: 0,
    });
    expect(claimsOf(record.token)).not.toHaveProperty('exp');
    sandbox.advance(10 * 365 * 24 * 3600);
    expect((await call(sandbox, 'regions', { headers: bearer(record.token) })).status).toBe(200);
    expect(sandbox.apiTokens()[0]?.lastUsed).toBe(Math.floor(sandbox.now() / 1000));
  });

  test('API tokens can be given an expiry', async () => {
    const sandbox = await start({ apiTokenSeconds: 60 });
    const headers = bearer(sandbox.seedApiToken(EXAMPLE_ACCOUNT.username, { name: 'ci' }).token);
    expect((await call(sandbox, 'regions', { headers })).status).toBe(200);
    sandbox.advance(60);
    expect((await call(sandbox, 'regions', { headers })).status).toBe(401);
  });

  test('a token for an unknown account cannot be seeded', async () => {
    const sandbox = await start();
    expect(() => sandbox.seedApiToken('nobody', { name: 'x' })).toThrow('no account nobody');
  });
});

describe('API tokens', () => {
  test('can be created, listed without their values, renamed and deleted', async () => {
    const sandbox = await start();
    const headers = await pairHeaders(sandbox);
    const created = await call(sandbox, 'api-tokens', {
      headers,
      json: { name: 'one', description: 'first' },
    });
    expect(created.json.data).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{24}$/),
      name: 'one',
      description: 'first',
      token: expect.any(String),
      created_at: expect.any(Number),
      last_used: 0,
    });
    const { id, token } = Object(created.json.data);
    expect(Math.abs(Object(created.json.data).created_at - Date.now() / 1000)).toBeLessThan(5);

    const listed = await call(sandbox, 'api-tokens', { headers });
    expect(listed.json).toMatchObject({ total: 1, data: [{ id, name: 'one' }] });
    expect(JSON.stringify(listed.json)).not.toContain(token);

    const renamed = await call(sandbox, `api-tokens/${id}`, {
      method: 'PUT',
      headers,
      json: { name: 'two' },
    });
    expect(renamed.json.data).toMatchObject({ id, name: 'two', description: '' });

    expect((await call(sandbox, `api-tokens/${id}`, { method: 'DELETE', headers })).status).toBe(200);
    expect((await call(sandbox, `api-tokens/${id}`, { method: 'DELETE', headers })).status).toBe(404);
    expect(sandbox.apiTokens()).toEqual([]);
  });

  test('can delete themselves, and stop working at once', async () => {
    const sandbox = await start();
    const { id, token } = sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'one' });
    const headers = bearer(token);
    expect((await call(sandbox, `api-tokens/${id}`, { method: 'DELETE', headers })).status).toBe(200);
    expect((await call(sandbox, 'regions', { headers })).status).toBe(401);
  });

  test('of another account cannot be listed, renamed or deleted', async () => {
    const sandbox = await start();
    const { id } = sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'one' });
    const headers = await pairHeaders(sandbox, AWKWARD_ACCOUNT);
    expect((await call(sandbox, 'api-tokens', { headers })).json).toMatchObject({ data: [], total: 0 });
    expect(
      (await call(sandbox, `api-tokens/${id}`, { method: 'PUT', headers, json: { name: 'x' } })).status,
    ).toBe(404);
    expect((await call(sandbox, `api-tokens/${id}`, { method: 'DELETE', headers })).status).toBe(404);
    expect(sandbox.apiTokens()).toHaveLength(1);
  });

  test.each([
    ['a name of 51 characters', { name: 'x'.repeat(51) }],
    ['no name', {}],
    ['an empty name', { name: '' }],
    ['a description that is a number', { name: 'x', description: 1 }],
  ])('with %s get 400', async (_what, json) => {
    const sandbox = await start();
    expect((await call(sandbox, 'api-tokens', { headers: await pairHeaders(sandbox), json })).status).toBe(
      400,
    );
    expect(sandbox.apiTokens()).toEqual([]);
  });

  test('with a name of 50 characters are accepted', async () => {
    const sandbox = await start();
    const headers = await pairHeaders(sandbox);
    expect((await call(sandbox, 'api-tokens', { headers, json: { name: 'x'.repeat(50) } })).status).toBe(200);
  });

  test('are listed in pages of limited size, sorted as requested', async () => {
    const sandbox = await start({ maxPageSize: 3 });
    for (const [index, name] of ['b', 'd', 'a', 'e', 'c'].entries()) {
      sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name, createdAt: 1000 + index });
    }
    const headers = await pairHeaders(sandbox);
    const names = async (query: string): Promise<string> => {
      const { json } = await call(sandbox, `api-tokens${query}`, { headers });
      expect(json.total).toBe(5);
      return Object(json.data)
        .map((record: { name: string }) => record.name)
        .join('');
    };
    expect(await names('')).toBe('cea');
    expect(await names('?limit=100&offset=3')).toBe('db');
    expect(await names('?limit=2&sortField=name&sortOrder=asc')).toBe('ab');
    expect(await names('?limit=2&offset=1&sortField=created_at&sortOrder=asc')).toBe('da');
    for (const query of ['?limit=x', '?offset=-1', '?sortField=token', '?sortOrder=up']) {
      expect((await call(sandbox, `api-tokens${query}`, { headers })).status).toBe(400);
    }
  });
});

describe('machines', () => {
  const wanted = {
    name: 'train-1',
    image_id: 'image',
    flavor_id: 'flavor',
    ssh_key: { name: 'key', public_key: 'ssh-ed25519 AAAA' },
  };

  function create(sandbox: Sandbox, headers: Record<string, string>): Promise<Reply> {
    return call(sandbox, 'virtual-machines', { headers, json: wanted });
  }

  test('can be created, start after a while, and can be deleted', async () => {
    const sandbox = await start({ machineStartSeconds: 60 });
    const headers = await pairHeaders(sandbox);
    const created = await create(sandbox, headers);
    expect(created.json.data).toEqual({ id: expect.stringMatching(/^[0-9a-f]{24}$/), name: 'train-1' });
    const path = `virtual-machines/${Object(created.json.data).id}`;
    const show = async () => (await call(sandbox, path, { headers })).json.data;
    expect(await show()).toMatchObject({
      name: 'train-1',
      status: 'creating',
      login: { username: 'ubuntu' },
    });
    sandbox.advance(60);
    expect(await show()).toMatchObject({ status: 'running', login: { ssh_key: { name: 'key' } } });

    expect((await call(sandbox, path, { method: 'DELETE', headers })).status).toBe(200);
    expect((await call(sandbox, path, { method: 'DELETE', headers })).status).toBe(404);
    expect((await call(sandbox, path, { headers })).status).toBe(404);
    expect(sandbox.machines().map(({ name }) => name)).not.toContain('train-1');
  });

  test('fail to start if the sandbox is told so', async () => {
    const sandbox = await start({ machineStatus: 'error', machineStartSeconds: 0 });
    const headers = await pairHeaders(sandbox);
    const { id } = Object((await create(sandbox, headers)).json.data);
    expect((await call(sandbox, `virtual-machines/${id}`, { headers })).json.data).toMatchObject({
      status: 'error',
    });
  });

  test.each<[string, number[]]>([
    ['[{"key":"name","op":"contains","val":"train"}]', [0, 1]],
    ['[{"key":"name","op":"eq","val":"demo-user-train-1"}]', [1]],
    [
      '[{"key":"name","op":"contains","val":"train"},{"key":"name","op":"ne","val":"demo-user-train-1"}]',
      [0],
    ],
    ['[]', [0, 1]],
  ])('can be filtered with %s', async (filters, expected) => {
    const sandbox = await start();
    const query = new URLSearchParams({ filters });
    const { json } = await call(sandbox, `virtual-machines?${query}`, {
      headers: await pairHeaders(sandbox),
    });
    expect(json).toMatchObject({
      total: expected.length,
      data: expected.map((index) => ({ name: `demo-user-train-${index}` })),
    });
  });

  test.each(['x', '{}', '[{"key":"name","op":"like","val":"x"}]'])(
    'get 400 for the filters %s',
    async (filters) => {
      const sandbox = await start();
      const headers = await pairHeaders(sandbox);
      expect((await call(sandbox, `virtual-machines?filters=${filters}`, { headers })).status).toBe(400);
    },
  );

  test.each(Object.keys(wanted))('are not created without %s', async (field) => {
    const sandbox = await start();
    const json = { ...wanted, [field]: undefined };
    const reply = await call(sandbox, 'virtual-machines', { headers: await pairHeaders(sandbox), json });
    expect(reply.status).toBe(400);
    expect(sandbox.machines()).toHaveLength(4);
  });

  test('of another account cannot be listed, shown or deleted', async () => {
    const sandbox = await start();
    const { id } = Object((await create(sandbox, await pairHeaders(sandbox))).json.data);
    const headers = await pairHeaders(sandbox, AWKWARD_ACCOUNT);
    expect((await call(sandbox, 'virtual-machines', { headers })).json.total).toBe(2);
    expect((await call(sandbox, `virtual-machines/${id}`, { headers })).status).toBe(404);
    expect((await call(sandbox, `virtual-machines/${id}`, { method: 'DELETE', headers })).status).toBe(404);
    expect(sandbox.machines()).toHaveLength(5);
  });

  test.each<[string, Fault, number]>([
    ['refused', { effect: 'status', status: 500 }, 0],
    ['lost', { effect: 'status', status: 504, carriedOut: true }, 1],
    ['late', { effect: 'status', status: 504, carriedOutAfterMs: 30 }, 1],
  ])('a creation can be %s', async (_what, fault, appear) => {
    const sandbox = await start();
    const headers = await pairHeaders(sandbox);
    sandbox.faults.add({ ...fault, match: { method: 'POST', path: '/api/v1/virtual-machines' } });
    expect((await create(sandbox, headers)).status).toBeGreaterThanOrEqual(500);
    if (fault.carriedOutAfterMs !== undefined) expect(sandbox.machines()).toHaveLength(4);
    while (sandbox.machines().length < 4 + appear) await sleep(5);
    expect(sandbox.machines()).toHaveLength(4 + appear);
  });
});

/** What a client with a raw socket sees: everything that the sandbox sends, and how the connection ends. */
async function rawExchange(
  sandbox: Sandbox,
  path = '/api/v1/regions',
): Promise<{ text: string; end: string }> {
  const socket = connect(sandbox.port, '127.0.0.1');
  let text = '';
  let end = 'open';
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1');
  });
  socket.on('end', () => {
    end = 'closed';
  });
  socket.on('error', (error: NodeJS.ErrnoException) => {
    end = error.code ?? 'error';
  });
  socket.write(`GET ${path} HTTP/1.1\r\nhost: sandbox\r\nconnection: close\r\n\r\n`);
  await Promise.race([once(socket, 'close').catch(() => undefined), sleep(300)]);
  socket.destroy();
  return { text, end };
}

describe('faults', () => {
  test.each<[string, Fault, string, RegExp]>([
    ['a reset before the headers', { effect: 'reset', at: 'before-headers' }, 'ECONNRESET', /^$/],
    [
      'a reset within the headers',
      { effect: 'reset', at: 'mid-headers' },
      'ECONNRESET',
      /^HTTP\/1\.1 401 .*[^\n]$/s,
    ],
    [
      'a reset within the body',
      { effect: 'reset', at: 'mid-body' },
      'ECONNRESET',
      /\r\n\r\n\{"status"[^}]*$/,
    ],
    ['a hang before the headers', { effect: 'hang', at: 'before-headers' }, 'open', /^$/],
    ['a hang within the headers', { effect: 'hang', at: 'mid-headers' }, 'open', /^HTTP\/1\.1 401 .*[^\n]$/s],
    ['a hang within the body', { effect: 'hang', at: 'mid-body' }, 'open', /\r\n\r\n\{"status"[^}]*$/],
    ['a lost answer', { effect: 'answer-lost' }, 'ECONNRESET', /^$/],
    [
      'raw bytes',
      { effect: 'raw', bytes: Buffer.from('HTTP/1.1 103 \xff\r\n\r\n', 'latin1') },
      'closed',
      /^HTTP\/1\.1 103 ÿ\r\n\r\n$/,
    ],
    [
      'a status',
      { effect: 'status', status: 429, headers: { 'retry-after': '7' } },
      'closed',
      /^HTTP\/1\.1 429 .*retry-after: 7\r\n/s,
    ],
    ['a status without a body', { effect: 'status', status: 204 }, 'closed', /^HTTP\/1\.1 204 .*\r\n\r\n$/s],
    [
      'a status with duplicate headers',
      { effect: 'status', status: 500, headers: { x: ['1', '2'] } },
      'closed',
      /x: 1\r\nx: 2\r\n/,
    ],
    [
      'a redirect',
      { effect: 'redirect', location: 'http://other.invalid/' },
      'closed',
      /^HTTP\/1\.1 302 .*location: http:\/\/other\.invalid\/\r\n/s,
    ],
    [
      'another body',
      { effect: 'body', body: '<p>', contentType: 'text/html' },
      'closed',
      /content-type: text\/html.*\r\n\r\n<p>$/s,
    ],
    [
      'a body without content type',
      { effect: 'body', body: '{', contentType: '' },
      'closed',
      /^(?!.*content-type).*\r\n\r\n\{$/s,
    ],
    ['a compressed answer', { effect: 'gzip' }, 'closed', /content-encoding: gzip\r\n.*\r\n\r\n\x1f\x8b/s],
    ['a drip', { effect: 'drip', bytes: 1, everyMs: 60 }, 'open', /\r\n\r\n\{"?s?t?a?t?u?$/],
  ])('%s', async (_what, fault, end, text) => {
    const sandbox = await start();
    sandbox.faults.add(fault);
    const exchange = await rawExchange(sandbox);
    expect(exchange.text).toMatch(text);
    expect(exchange.end).toBe(end);
    expect(sandbox.faults.pending).toBe(0);
    expect((await rawExchange(sandbox)).text).toMatch(/^HTTP\/1\.1 401 /);
  });

  test.each([false, true])(
    'an oversized body has exactly the given size and is well-formed (chunked: %p)',
    async (chunked) => {
      const sandbox = await start();
      sandbox.faults.add({ effect: 'oversized', bytes: 3_000_000, chunked });
      const response = await fetch(`${sandbox.url}/api/v1/regions`);
      const text = await response.text();
      expect(text).toHaveLength(3_000_000);
      expect(JSON.parse(text)).toMatchObject({ status: true, data: {} });
      expect(response.headers.get('content-length')).toBe(chunked ? null : '3000000');
    },
  );

  test('a delay comes before the normal answer or another fault', async () => {
    const sandbox = await start();
    sandbox.faults.add({ effect: 'delay', ms: 60, times: 2 });
    sandbox.faults.add({ effect: 'status', status: 503, after: 1 });
    for (const status of [401, 503]) {
      const before = performance.now();
      expect((await call(sandbox, 'regions')).status).toBe(status);
      expect(performance.now() - before).toBeGreaterThan(50);
    }
  });

  test('a fault affects matching requests, after a given number and as often as given', async () => {
    const sandbox = await start();
    sandbox.faults.add({
      effect: 'status',
      status: 503,
      match: { method: 'get', path: '/api/v1/reg' },
      after: 1,
      times: 2,
    });
    sandbox.faults.add({ effect: 'status', status: 502, match: { path: /balance$/ }, times: Infinity });
    const statuses = async (path: string, count: number, method = 'GET'): Promise<number[]> => {
      const seen = [];
      for (let i = 0; i < count; i++) seen.push((await call(sandbox, path, { method })).status);
      return seen;
    };
    expect(await statuses('regions', 2, 'POST')).toEqual([405, 405]);
    expect(await statuses('regions', 4)).toEqual([401, 503, 503, 401]);
    expect(await statuses('billing/balance', 3)).toEqual([502, 502, 502]);
    sandbox.faults.clear();
    expect(await statuses('billing/balance', 1)).toEqual([401]);
  });

  test.each<[Fault, number]>([
    [{ effect: 'answer-lost' }, 1],
    [{ effect: 'reset', at: 'mid-body' }, 1],
    [{ effect: 'reset', at: 'before-headers' }, 0],
    [{ effect: 'reset', at: 'before-headers', carriedOut: true }, 1],
    [{ effect: 'status', status: 502 }, 0],
    [{ effect: 'status', status: 502, carriedOut: true }, 1],
    [{ effect: 'delay', ms: 1 }, 1],
  ])('%j leaves %i token(s)', async (fault, count) => {
    const sandbox = await start();
    const headers = await pairHeaders(sandbox);
    sandbox.faults.add(fault);
    await call(sandbox, 'api-tokens', { headers, json: { name: 'x' } }).catch(() => undefined);
    expect(sandbox.apiTokens()).toHaveLength(count);
  });
});

describe('watching', () => {
  test('requests are recorded with their body and status', async () => {
    const sandbox = await start();
    sandbox.faults.add({ effect: 'reset', at: 'before-headers' });
    await call(sandbox, 'regions?a=1').catch(() => undefined);
    await logIn(sandbox);
    expect(sandbox.requests).toMatchObject([
      { method: 'GET', path: '/api/v1/regions', query: { a: '1' }, status: undefined },
      {
        method: 'POST',
        path: '/api/v1/authenticate/login',
        body: expect.stringContaining('demo-user'),
        status: 200,
      },
    ]);
    expect(sandbox.requests[0]?.headers).toHaveProperty('user-agent');
    sandbox.clearRequests();
    expect(sandbox.requests).toEqual([]);
  });

  test('a listener can hold a request at each of its moments', async () => {
    const sandbox = await start();
    const headers = await pairHeaders(sandbox);
    const seen: string[] = [];
    const held = Promise.withResolvers<void>();
    const reached = Promise.withResolvers<void>();
    const over = Promise.withResolvers<void>();
    const remove = sandbox.onRequest(async ({ moment, method, path, nth }) => {
      seen.push(`${moment} ${method} ${path} ${nth}: ${sandbox.apiTokens().length}`);
      if (seen.length === 6) over.resolve();
      if (moment !== 'handled' || nth !== 1) return;
      reached.resolve();
      await held.promise;
    });
    let answered = false;
    const first = call(sandbox, 'api-tokens', { headers, json: { name: 'x' } }).finally(() => {
      answered = true;
    });
    await reached.promise;
    await sleep(20);
    expect([answered, sandbox.apiTokens().length]).toEqual([false, 1]);
    held.resolve();
    await first;
    await call(sandbox, 'api-tokens', { headers, json: { name: 'y' } });
    await over.promise;
    expect(seen).toEqual([
      'received POST /api/v1/api-tokens 1: 0',
      'handled POST /api/v1/api-tokens 1: 1',
      'answered POST /api/v1/api-tokens 1: 1',
      'received POST /api/v1/api-tokens 2: 1',
      'handled POST /api/v1/api-tokens 2: 2',
      'answered POST /api/v1/api-tokens 2: 2',
    ]);
    remove();
    await call(sandbox, 'regions');
    expect(seen).toHaveLength(6);
  });

  // Under Wine the connection of a process that was killed may stay open for seconds.
  testOnPosix('a client can be killed between the change and the answer', async () => {
    const sandbox = await start();
    const headers = await pairHeaders(sandbox);
    const script = `fetch(process.argv[1], JSON.parse(process.argv[2]))`;
    const creation = { method: 'POST', headers, body: JSON.stringify({ name: 'x' }) };
    const child = spawn(
      process.execPath,
      ['-e', script, `${sandbox.url}/api/v1/api-tokens`, JSON.stringify(creation)],
      { stdio: 'ignore' },
    );
    const over = Promise.withResolvers<void>();
    const remove = sandbox.onRequest(async ({ moment }) => {
      if (moment === 'answered') over.resolve();
      if (moment !== 'handled') return;
      child.kill('SIGKILL');
      await once(child, 'exit');
      // The sandbox notices the closed connection a moment later.
      await sleep(20);
    });
    await over.promise;
    remove();
    expect(sandbox.apiTokens()).toHaveLength(1);
    expect(sandbox.requests.at(-1)).toMatchObject({ method: 'POST', status: undefined });
    expect((await logIn(sandbox)).status).toBe(200);
  });

  test('orphans are the tokens that a job created for itself', async () => {
    const sandbox = await start();
    for (const name of [
      'gha-1-2-0123abcd',
      'gha-1-2-0123ABCD',
      'gha-1-0123abcd',
      'my gha-1-2-0123abcd',
      'ci',
    ]) {
      sandbox.seedApiToken(AWKWARD_ACCOUNT, { name });
    }
    expect(sandbox.orphans().map(({ name }) => name)).toEqual(['gha-1-2-0123abcd']);
  });

  test('closing the sandbox ends hanging requests', async () => {
    const sandbox = await startSandbox();
    sandbox.faults.add({ effect: 'hang', at: 'before-headers' });
    sandbox.faults.add({ effect: 'delay', ms: 60_000 });
    const calls = [call(sandbox, 'regions'), call(sandbox, 'regions')].map((each) =>
      each.then(
        () => 'answered',
        () => 'cut',
      ),
    );
    await sleep(50);
    await sandbox.close();
    expect(await Promise.all(calls)).toEqual(['cut', 'cut']);
  });
});

describe('control endpoints', () => {
  test('control the sandbox from another process', async () => {
    const sandbox = await start();
    const { token } = sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'gha-1-1-00000000' });
    sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'mine' });
    const fault = { effect: 'status', status: 418, match: { path: '/api/v1/regions' } };
    expect((await call(sandbox, '/_sandbox/faults', { json: fault })).status).toBe(200);
    expect((await call(sandbox, 'regions')).status).toBe(418);

    await call(sandbox, '/_sandbox/faults', { json: fault });
    await call(sandbox, '/_sandbox/faults', { method: 'DELETE' });
    expect((await call(sandbox, 'regions')).status).toBe(401);

    const log = await call(sandbox, '/_sandbox/requests');
    expect(log.json.data).toMatchObject([{ status: 418 }, { status: 401 }]);
    await call(sandbox, '/_sandbox/requests', { method: 'DELETE' });
    expect(sandbox.requests).toEqual([]);

    const tokens = await call(sandbox, '/_sandbox/api-tokens');
    expect(tokens.json.data).toMatchObject([{ name: 'gha-1-1-00000000' }, { name: 'mine' }]);
    expect(JSON.stringify(tokens.json)).not.toContain(token);
    expect((await call(sandbox, '/_sandbox/orphans')).json.data).toMatchObject([
      { name: 'gha-1-1-00000000' },
    ]);

    expect((await call(sandbox, '/_sandbox/machines')).json.data).toHaveLength(4);

    const before = sandbox.now();
    await call(sandbox, '/_sandbox/advance', { json: { seconds: 3600 } });
    expect(sandbox.now() - before).toBeGreaterThanOrEqual(3_600_000);
    expect((await call(sandbox, '/_sandbox/nothing')).status).toBe(404);
    expect((await call(sandbox, '/_sandbox/faults', { json: { effect: 'flood' } })).json.message).toMatch(
      /flood/,
    );
  });

  test.each<[string, unknown]>([
    [
      '{"effect":"status","status":500,"headers":{"a":"b","c":["d"]},"body":"x"}',
      { effect: 'status', status: 500, headers: { a: 'b', c: ['d'] }, body: 'x' },
    ],
    ['{"effect":"delay","ms":5,"times":2,"after":1}', { effect: 'delay', ms: 5, times: 2, after: 1 }],
    [
      '{"effect":"hang","at":"mid-body","carriedOut":false}',
      { effect: 'hang', at: 'mid-body', carriedOut: false },
    ],
    ['{"effect":"drip","bytes":1,"everyMs":2}', { effect: 'drip', bytes: 1, everyMs: 2 }],
    ['{"effect":"raw","bytes":{"base64":"/w=="}}', { effect: 'raw', bytes: Buffer.from([0xff]) }],
    ['{"effect":"redirect","location":"x","status":307}', { effect: 'redirect', location: 'x', status: 307 }],
    [
      '{"effect":"body","body":"x","contentType":"a/b","status":201}',
      { effect: 'body', body: 'x', contentType: 'a/b', status: 201 },
    ],
    ['{"effect":"oversized","bytes":9,"chunked":true}', { effect: 'oversized', bytes: 9, chunked: true }],
    [
      '{"effect":"gzip","match":{"method":"GET","path":"/x"}}',
      { effect: 'gzip', match: { method: 'GET', path: '/x' } },
    ],
    ['{"effect":"answer-lost"}', { effect: 'answer-lost' }],
    [
      '{"effect":"status","status":504,"carriedOutAfterMs":5000}',
      { effect: 'status', status: 504, carriedOutAfterMs: 5000 },
    ],
  ])('accept the fault %s', (json, fault) => {
    expect(parseFault(json)).toEqual(fault);
  });

  test.each([
    '[]',
    '{}',
    '{"effect":"reset","at":"end"}',
    '{"effect":"delay","ms":"5"}',
    '{"effect":"delay","ms":-1}',
    '{"effect":"gzip","carriedOut":1}',
    'x',
  ])('reject the fault %s', (json) => {
    expect(() => parseFault(json)).toThrow();
  });
});

describe('https', () => {
  async function statusOver(sandbox: Sandbox, ca: string): Promise<number | undefined> {
    const sent = request(`${sandbox.url}/api/v1/regions`, { ca, agent: false }).end();
    const [response] = await once(sent, 'response');
    // A reset in the middle of the body is an error of the response, after its status.
    for (const emitter of [sent, response]) emitter.on('error', () => undefined);
    response.resume();
    return response.statusCode;
  }

  test('works with a trusted certificate, and fails with an untrusted one', async () => {
    const authority = await makeAuthority();
    const tls = await makeCertificate({
      commonName: 'sandbox',
      hosts: ['127.0.0.1', 'localhost'],
      issuer: authority,
    });
    const sandbox = await start({ tls });
    expect(sandbox.url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/);
    expect(await statusOver(sandbox, authority.cert)).toBe(401);
    sandbox.faults.add({ effect: 'reset', at: 'mid-body' });
    sandbox.faults.add({ effect: 'reset', at: 'before-headers' });
    expect(await statusOver(sandbox, authority.cert)).toBe(401);
    await expect(statusOver(sandbox, authority.cert)).rejects.toThrow('ECONNRESET');
    await expect(statusOver(sandbox, (await makeAuthority()).cert)).rejects.toThrow();
  });

  test.each([
    ['another host', { hosts: ['other.example'] }, 'ERR_TLS_CERT_ALTNAME_INVALID'],
    ['a past period', { hosts: ['127.0.0.1'], notAfter: new Date(Date.now() - 60_000) }, 'CERT_HAS_EXPIRED'],
  ])('fails with a certificate for %s', async (_what, request, code) => {
    const authority = await makeAuthority();
    const sandbox = await start({
      tls: await makeCertificate({ commonName: 'sandbox', issuer: authority, ...request }),
    });
    await expect(statusOver(sandbox, authority.cert)).rejects.toMatchObject({ code });
  });
});

describe('as the default host', () => {
  async function statusOf(address: string, env: Readonly<Record<string, string>>): Promise<string> {
    const script = `fetch(process.argv[1]).then(({ status }) => status, () => 'no answer').then(console.log)`;
    const child = spawn(process.execPath, ['-e', script, address], {
      env: { ...env, NODE_USE_ENV_PROXY: '1' },
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let printed = '';
    for await (const chunk of child.stdout) printed += chunk;
    return printed.trim();
  }

  test('is reached by its name, and no other host is', async () => {
    const sandbox = await start({ asDefaultHost: true });
    const { environment = {} } = sandbox.defaultHost ?? {};
    expect(await statusOf('https://gpu-api.exascalelabs.ai/api/v1/regions', environment)).toBe('401');
    expect(await statusOf('https://other.example/', environment)).toBe('no answer');
    expect(sandbox.requests.map(({ path }) => path)).toEqual(['/api/v1/regions']);
  });
});

describe('the command', () => {
  const cli = join(import.meta.dirname, '../../testbed/exabits/cli.ts');

  testOnPosix('prints an address and a curl line that logs in, and ends on SIGTERM', async () => {
    const child = spawn(process.execPath, [cli, '--access-token-seconds', '77'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let printed = '';
    for await (const chunk of child.stdout) {
      printed += chunk;
      if (printed.includes('Ctrl-C')) break;
    }
    const line = /^ *(curl .*)$/m.exec(printed)?.[1] ?? '';
    const curl = spawn('bash', ['-c', line], { stdio: ['ignore', 'pipe', 'ignore'] });
    let answer = '';
    for await (const chunk of curl.stdout) answer += chunk;
    const { iat, exp } = claimsOf(JSON.parse(answer).data.access_token);
    expect(Number(exp) - Number(iat)).toBe(77);
    child.kill('SIGTERM');
    expect(await once(child, 'exit')).toEqual([0, null]);
  });

  test('says in one line that its port is taken', async () => {
    const sandbox = await start();
    const child = spawn(process.execPath, [cli, '--port', String(sandbox.port)], {
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let printed = '';
    for await (const chunk of child.stderr) printed += chunk;
    expect(printed).toMatch(/^Another program listens on this port already.*--port\.\n$/);
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(2);
  });

  test.each([[['--port', 'x']], [['--nonsense']]])('rejects %j and prints the usage', async (args) => {
    const child = spawn(process.execPath, [cli, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
    let printed = '';
    for await (const chunk of child.stderr) printed += chunk;
    expect(printed).toContain('Usage: npm run sandbox');
    expect(child.exitCode ?? (await once(child, 'exit'))[0]).toBe(2);
  });
});
