import http from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, jest, test } from '@jest/globals';
import { version } from '../../src/version.ts';
import { skipWaits } from './support/clock.ts';
import { converse } from './support/conversation.ts';
import { apiToken, apiUrl, ephemeralToken, exabits, no, yes } from './support/exabits.ts';
import { failureOf } from './support/failure.ts';
import { silenceOutput } from './support/output.ts';

skipWaits();
silenceOutput();

const path = '/billing/balance';
const html = { 'Content-Type': 'text/html; charset=utf-8' };

function abbreviated(value: unknown): string {
  return `${JSON.stringify(value)}`.slice(0, 20);
}

/** How a call fails if it gets this answer. */
async function failureFor(status: number, body: unknown, headers: Record<string, string> = {}) {
  exabits().get(path).reply(status, body, headers);
  const { exabits: api, credential } = await converse({ maxAttempts: 1 });
  return failureOf(() => api.verify(credential));
}

test('a request says who sends it and what it accepts', async () => {
  let headers: Headers | undefined;
  exabits()
    .get(path)
    .reply(200, (request: Request) => {
      headers = request.headers;
      return yes();
    });
  const { exabits: api, credential } = await converse();
  await api.verify(credential);
  expect(headers?.get('user-agent')).toBe(`exabits-auth/${version}`);
  expect(headers?.get('accept')).toBe('application/json');
  expect(headers?.get('authorization')).toBe(`Bearer ${apiToken}`);
  expect(headers?.has('content-type')).toBe(false);
});

test('a request does not tell Exabits which job of the runner sends it', async () => {
  process.env.ACTIONS_ORCHESTRATION_ID = 'job-of-the-runner';
  let agent: string | null = null;
  exabits()
    .get(path)
    .reply(200, (request: Request) => {
      agent = request.headers.get('user-agent');
      return yes();
    });
  try {
    const { exabits: api, credential } = await converse();
    await api.verify(credential);
  } finally {
    delete process.env.ACTIONS_ORCHESTRATION_ID;
  }
  expect(agent).toBe(`exabits-auth/${version}`);
});

test('the HTTP client never answers an authentication challenge', async () => {
  const { HttpClient, HttpClientResponse } = await import('@actions/http-client');
  exabits().get(path).reply(401, no('who are you?'), { 'WWW-Authenticate': 'Basic' });
  const request = jest.spyOn(HttpClient.prototype, 'request');
  const { exabits: api, credential } = await converse();
  const failure = await failureOf(() => api.verify(credential));
  expect(failure.code).toBe('access-refused');

  const [client] = request.mock.contexts;
  const response = await request.mock.results[0]?.value;
  request.mockRestore();
  if (!(client instanceof HttpClient && response instanceof HttpClientResponse)) {
    throw new Error('Nothing was requested');
  }
  const info = { options: {}, parsedUrl: new URL(apiUrl), httpModule: http };
  expect(client.handlers).toHaveLength(1);
  for (const handler of client.handlers) {
    expect(handler.canHandleAuthentication(response)).toBe(false);
    await expect(handler.handleAuthentication(client, info, null)).rejects.toThrow('never called');
  }
});

describe('a redirect is refused, and the message names its target:', () => {
  test.each([300, 301, 302, 303, 304, 307, 308])('HTTP %d', async (status) => {
    const failure = await failureFor(status, '', { Location: 'https://elsewhere.example/api/v1' });
    expect(failure.code).toBe('redirected');
    expect(failure.message).toContain(
      `GET /billing/balance was redirected (HTTP ${status}) to https://elsewhere.example/api/v1.`,
    );
    expect(failure.message).toMatch(/not followed.*"api-url"/);
  });

  test('without a target', async () => {
    expect((await failureFor(302, '')).message).toContain('to an unspecified address');
  });

  test('with a target that is too long for the log', async () => {
    const { message } = await failureFor(302, '', { Location: `https://x.example/${'y'.repeat(2000)}` });
    expect(message).toContain('https://x.example/yyy');
    expect(message.length).toBeLessThan(600);
  });
});

describe('an answer that is not JSON', () => {
  test('is an error that names the content type', async () => {
    const failure = await failureFor(200, '<html>Sign in</html>', html);
    expect(failure.code).toBe('answer-not-json');
    expect(failure.message).toContain(
      'GET /billing/balance is not JSON (content type text/html; charset=utf-8)',
    );
    expect(failure.message).toMatch(
      /^The answer from gpu-api\.exascalelabs\.ai to .*Check the address.*proxy/,
    );
  });

  test('may have no content type', async () => {
    const failure = await failureFor(200, 'hello');
    expect(failure.code).toBe('answer-not-json');
    expect(failure.message).toContain('(content type not given)');
  });

  test('may be compressed, and the message says so', async () => {
    const failure = await failureFor(200, Buffer.from('\u001f\u008b\u0008 compressed', 'latin1'), {
      ...html,
      'Content-Encoding': 'x-own',
    });
    expect(failure.code).toBe('answer-not-json');
    expect(failure.message).toContain('charset=utf-8, content encoding x-own)');
  });

  test('has its content type cleaned and cut', async () => {
    const { message } = await failureFor(200, 'x', { 'Content-Type': `text/${'y'.repeat(2000)}` });
    expect(message.length).toBeLessThan(600);
  });

  test.each<[string, string | Buffer]>([
    ['cut off', '{"status": true'],
    ['without quotes', '{status: true}'],
    ['undefined', 'undefined'],
    ['white space', ' \n '],
    ['two values', '{"status":true}{"status":true}'],
    ['a byte order mark', '\ufeff{"status":true}'],
    ['UTF-16', Buffer.from('{"status":true}', 'utf16le')],
    ['compressed without a header', gzipSync('{"status":true}')],
    ['every byte', Buffer.from(Array.from({ length: 256 }, (_, value) => value))],
    ['open brackets', '['.repeat(100_000)],
    ['arrays nested too deeply for the stack', '['.repeat(50_000) + ']'.repeat(50_000)],
  ])('may be close to JSON: %s', async (_what, body) => {
    expect((await failureFor(200, body)).code).toBe('answer-not-json');
  });
});

describe('an answer is accepted', () => {
  test.each([
    ['with white space around it', '\r\n\t {"status":true} \n'],
    ['if only its first "status" is false', '{"status":false,"status":true}'],
    ...[null, 5, [], {}, 'x'.repeat(100_000)].map((message) => [
      `with the message ${abbreviated(message)}`,
      JSON.stringify({ status: true, message }),
    ]),
  ])('%s', async (_how, body) => {
    exabits().get(path).reply(200, body, { 'Content-Type': 'text/plain' });
    const { exabits: api, credential } = await converse({ maxAttempts: 1 });
    await expect(api.verify(credential)).resolves.toBeUndefined();
  });
});

describe('a malformed answer', () => {
  test.each([
    ['an array', '[]'],
    ['a string', '"success"'],
    ['a number', '42'],
    ['null', 'null'],
    ['an object without status', '{"data": null}'],
    ['an array of the expected object', '[{"status": true}]'],
    ['an object whose prototype has the status', '{"__proto__": {"status": true}}'],
    ['an object whose status is null', '{"status": null}'],
    ['an object whose status is an object', '{"status": {}}'],
    ['an object whose status is a number', '{"status": 200, "data": null}'],
    ['an object whose status is a string', '{"status": "true", "data": null}'],
  ])('is a distinct error: %s', async (_what, body) => {
    const failure = await failureFor(200, body);
    expect(failure.code).toBe('answer-malformed');
    expect(failure.message).toMatch(
      /^The answer to GET \/billing\/balance is not what the Exabits API promises: it lacks the envelope/,
    );
    expect(failure.message).toContain('Check the address of the API');
  });

  const noObjects = [null, true, 5, 'tokens', []].map((data): [string, unknown, RegExp] => [
    `the data ${JSON.stringify(data)}`,
    data,
    /its "data" is not an object/,
  ]);

  /** Values that are not tokens, and why. */
  const noTokens: readonly [unknown, string][] = [
    ...[undefined, null, 5, true, [], {}, ['access']].map((value): [unknown, string] => [
      value,
      'is not a string',
    ]),
    ['', 'is empty'],
    ...[' ', 'two words'].map((value): [unknown, string] => [value, 'contains a space']),
    ...['a\nb', 'a\r\n::error::b'].map((value): [unknown, string] => [value, 'contains a line break']),
    ...['\u0000a', 'ünïcode', 'a\ud800', 'a\u001b[31m'].map((value): [unknown, string] => [
      value,
      'contains',
    ]),
    ['x'.repeat(20_000), 'is longer than 16384 characters'],
  ];

  const login = { access_token: 'access', refresh_token: 'refresh', username: 'ada', email: 'a@b.example' };

  test.each<[string, unknown, RegExp]>([
    ...noObjects,
    ['an array as data', [login], /its "data" is not an object/],
    ...['access_token', 'refresh_token'].flatMap((name) =>
      noTokens.map(([value, why]): [string, unknown, RegExp] => [
        `the ${name} ${abbreviated(value)}`,
        { ...login, [name]: value },
        new RegExp(`its "${name}" ${why}`),
      ]),
    ),
    ['a username that is an object', { ...login, username: {} }, /its "username" is not a string/],
    ['an email address that is a number', { ...login, email: 1 }, /its "email" is not a string/],
  ])('fails a login: %s', async (_what, data, words) => {
    exabits().post('/authenticate/login').reply(200, yes(data));
    const { exabits: api, passwordMd5 } = await converse();
    const failure = await failureOf(() => api.login('ada', passwordMd5));
    expect(failure.code).toBe('answer-malformed');
    expect(failure.message).toMatch(words);
    expect(failure.message).toContain('POST /authenticate/login');
  });

  test.each<[string, unknown, RegExp]>([
    ...noObjects,
    ...noTokens.map(([value, why]): [string, unknown, RegExp] => [
      `the token ${abbreviated(value)}`,
      { id: 1, token: value },
      new RegExp(`its "token" ${why}`),
    ]),
    ['no id', { token: ephemeralToken }, /its "id" is not an identifier/],
    ['an empty id', { token: ephemeralToken, id: '' }, /its "id" is not an identifier/],
    ...[null, true, [], {}].map((id): [string, unknown, RegExp] => [
      `the id ${JSON.stringify(id)}`,
      { token: ephemeralToken, id },
      /its "id" is not/,
    ]),
    ['an id that looks like an option', { token: ephemeralToken, id: '-rf' }, /its "id" is not/],
    ['an id that looks like a path', { token: ephemeralToken, id: '../x' }, /its "id" is not/],
    ['an id with a line break', { token: ephemeralToken, id: 'x\ny' }, /its "id" is not/],
    ['an id with shell syntax', { token: ephemeralToken, id: '1;ls' }, /its "id" is not/],
    ['an id that is too long', { token: ephemeralToken, id: 'x'.repeat(129) }, /its "id" is not/],
    [
      'an id that is the token itself',
      { token: ephemeralToken, id: ephemeralToken },
      /its "id" contains a secret/,
    ],
    [
      'an id that is part of the token',
      { token: ephemeralToken, id: ephemeralToken.slice(0, 16) },
      /its "id" contains a secret/,
    ],
    ['an id that is another secret', { token: ephemeralToken, id: apiToken }, /its "id" contains a secret/],
  ])('fails the creation of a token: %s', async (_what, data, words) => {
    exabits().post('/api-tokens').reply(200, yes(data));
    const { exabits: api, credential } = await converse();
    const failure = await failureOf(() =>
      api.createApiToken(credential, { name: 'gha-1-1-00000000', description: '' }),
    );
    expect(failure.code).toBe('answer-malformed');
    expect(failure.message).toMatch(words);
    expect(failure.message).toContain('POST /api-tokens');
  });

  test.each([true, 5, 'tokens', {}])('fails the list of tokens: %j', async (data) => {
    exabits().get('/api-tokens').query(true).reply(200, yes(data));
    const { exabits: api, credential } = await converse();
    const failure = await failureOf(() => api.listApiTokens(credential));
    expect(failure.code).toBe('answer-malformed');
    expect(failure.message).toMatch(/GET \/api-tokens is not.*its "data" is not a list/);
  });
});

describe('an answer that is too large', () => {
  const megabyte = 1024 * 1024;
  const envelope = (size: number) => `{"status":true,"data":"${'x'.repeat(size - 26)}"}\n`.slice(0, size);

  test('is larger than 1 MiB', async () => {
    const failure = await failureFor(200, envelope(megabyte + 1));
    expect(failure.code).toBe('answer-too-large');
    expect(failure.message).toMatch(/^The answer to GET \/billing\/balance is larger than 1 MiB/);
  });

  test('is not one of exactly 1 MiB', async () => {
    const body = envelope(megabyte);
    expect(Buffer.byteLength(body)).toBe(megabyte);
    exabits().get(path).reply(200, body);
    const { exabits: api, credential } = await converse();
    await expect(api.verify(credential)).resolves.toBeUndefined();
  });

  test('is measured in bytes', async () => {
    expect((await failureFor(200, `"${'€'.repeat(megabyte / 2)}"`)).code).toBe('answer-too-large');
  });
});

describe('an answer that refuses the request', () => {
  test('by HTTP status', async () => {
    const failure = await failureFor(422, no('the region is unknown'));
    expect(failure.code).toBe('rejected');
    expect(failure.message).toBe(
      'Exabits refused GET /billing/balance (HTTP 422, "the region is unknown"). Check the inputs of the step.',
    );
  });

  test('without an envelope is not from Exabits: the address may be wrong', async () => {
    const failure = await failureFor(404, '<h1>Not found</h1>', html);
    expect(failure.message).toBe(
      'gpu-api.exascalelabs.ai refused GET /billing/balance (HTTP 404 with content type text/html; charset=utf-8). This is not how Exabits answers: check the address.',
    );
  });

  test('with HTTP 501 is final: a retry would reach the same server', async () => {
    const failure = await failureFor(501, '<h1>Unsupported method</h1>', html);
    expect(failure.code).toBe('rejected');
    expect(failure.message).toMatch(/check the address\.$/);
  });

  test('by status: false, even with HTTP 200', async () => {
    const failure = await failureFor(200, no('the balance is secret'));
    expect(failure.code).toBe('rejected');
    expect(failure.message).toContain('(HTTP 200, "the balance is secret")');
  });

  test('by HTTP status, even with status: true', async () => {
    expect((await failureFor(404, yes())).code).toBe('rejected');
  });

  test.each<[string, unknown, string]>([
    ['in message', { status: false, message: 'one' }, 'one'],
    ['in data.message', { status: false, message: '', data: { message: 'two' } }, 'two'],
    [
      'in data.error_reason.message',
      { status: false, data: { error_reason: { message: 'three' } } },
      'three',
    ],
    [
      'in several places',
      { message: 'one', data: { message: 'two', error_reason: { message: 'three' } } },
      'one: two: three',
    ],
    ['in two places with the same text', { message: 'one', data: { message: 'one' } }, 'one'],
  ])('may give its reason %s', async (_where, body, words) => {
    expect((await failureFor(400, body)).message).toContain(`(HTTP 400, "${words}")`);
  });

  test.each<[string, unknown]>([
    ['not JSON', undefined],
    ['JSON without a reason', {}],
    ['a reason that is not a string', { message: 42, data: { message: null, error_reason: 'x' } }],
    ['an array', []],
  ])('may give no reason: %s', async (_what, body) => {
    expect((await failureFor(400, body)).message).toContain('(HTTP 400)');
  });

  test('may come from a proxy, as the content type shows', async () => {
    const failure = await failureFor(403, '<html>Blocked</html>', html);
    expect(failure.message).toContain('(HTTP 403 with content type text/html; charset=utf-8)');
    expect(failure.message).not.toContain('Blocked');
  });
});

describe('a temporary failure', () => {
  test('is a rate limit with HTTP 429', async () => {
    const failure = await failureFor(429, no('too many'));
    expect(failure.code).toBe('rate-limited');
    expect(failure.message).toMatch(
      /\(HTTP 429, "too many"\)\. Run fewer jobs.*"timeout-seconds".*\(1 try\)$/,
    );
  });

  test.each([408, 500, 502, 503, 599])('is an unavailable service with HTTP %d', async (status) => {
    const failure = await failureFor(status, no('down'));
    expect(failure.code).toBe('unavailable');
    expect(failure.message).toMatch(new RegExp(`\\(HTTP ${status}, "down"\\)\\. Run the job again later`));
  });
});

describe('an answer without a body', () => {
  test.each([200, 204])('is enough if nothing is read from it: HTTP %d', async (status) => {
    exabits().delete('/api-tokens/7').reply(status);
    const { exabits: api, credential } = await converse();
    await expect(api.deleteApiToken(credential, '7')).resolves.toBeUndefined();
  });

  test('is enough for an id that needs encoding', async () => {
    let path = '';
    exabits()
      .delete(/api-tokens/)
      .reply(204, (request: Request) => {
        path = new URL(request.url).pathname;
      });
    const { exabits: api, credential } = await converse();
    await api.deleteApiToken(credential, 'a:b/../c');
    expect(path).toBe('/api/v1/api-tokens/a%3Ab%2F..%2Fc');
  });

  test('is an error if a body is needed, and the message says that it is empty', async () => {
    const failure = await failureFor(200, '');
    expect(failure.code).toBe('answer-not-json');
    expect(failure.message).toMatch(
      /^The answer from gpu-api\.exascalelabs\.ai to GET \/billing\/balance is empty\. Check the address/,
    );
  });

  test('does not count as an empty list of tokens', async () => {
    exabits().get('/api-tokens').query(true).reply(200, '');
    const { exabits: api, credential } = await converse();
    expect((await failureOf(() => api.listApiTokens(credential))).code).toBe('answer-not-json');
  });
});
