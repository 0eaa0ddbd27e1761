import { createServer, type Socket } from 'node:net';
import { afterAll, describe, expect, test } from '@jest/globals';
import { listen, unusedPort } from '../../testbed/exabits/local-server.ts';
import { EXAMPLE_ACCOUNT, type Fault, type FaultEffect, startSandbox } from '../../testbed/exabits/server.ts';
import { atEnd, expectSuccess, startScenario, warningsOf } from './support/scenario.ts';

/** The requests of the action. The last two are those of the post step. */
const requests = ['login', 'creation', 'check', 'listing', 'deletion'] as const;
type Request = (typeof requests)[number];

const matching: Record<Request, { method: string; path: string }> = {
  login: { method: 'POST', path: '/api/v1/authenticate/login' },
  creation: { method: 'POST', path: '/api/v1/api-tokens' },
  check: { method: 'GET', path: '/api/v1/billing/balance' },
  listing: { method: 'GET', path: '/api/v1/api-tokens' },
  deletion: { method: 'DELETE', path: '/api/v1/api-tokens/' },
};

/**
 * A fault, how often `main` sends the request, what its error or the warning of `post` says (undefined if the step
 * succeeds), and for which requests it says something else.
 */
type Row = readonly [
  fault: string,
  effect: FaultEffect & Pick<Fault, 'times' | 'carriedOut'>,
  tries: 1 | 2,
  says: RegExp | undefined,
  except?: Partial<Record<Request, RegExp | undefined>>,
];

const broke = /The connection to \S+ broke \(/;
const unreadable = /\S+ began to answer, but not in a way that can be read \(/;
const page = '<h1>Bad gateway</h1>\n::error::injected\n::add-mask::Exabits';
const words = 'a\n::error::injected\n##[add-mask]Exabits\u2028::error::\u001b[2J\ud800';

const refused = /Exabits refused \S+ \S+ \(HTTP /;
const wrongPassword = /Exabits did not accept the username and password \(HTTP /;
const refusedToken = /Exabits refused the (API token|tokens of the login) \(HTTP 401/;
const status = (code: number, more: object = {}) => ({ answer: { status: code, ...more } });
const body = (text: string, more: object = {}) => ({ answer: { body: text, ...more } });
const asPage = { headers: { 'content-type': 'text/html' }, body: page };
const elsewhere = await startSandbox();
afterAll(() => elsewhere.close());
const redirect = status(307, { headers: { location: `${elsewhere.url}/api/v1` }, body: '' });
const large = body('x'.repeat(10 * 1024 * 1024), { headers: { 'transfer-encoding': 'chunked' } });
const no = '{"status":false,"message":"No, thank you"}';

// A token that has deleted itself is refused on the second try. A host need not have the call of the check.
const rows: readonly Row[] = [
  ['reset before the answer', { reset: 'received' }, 2, broke],
  ['reset after the request took effect', { reset: 'handled' }, 2, broke, { deletion: undefined }],
  ['reset within the headers', { reset: 'mid-headers' }, 1, unreadable, { deletion: undefined }],
  ['no answer', { hang: 'received' }, 1, /No usable answer from \S+ within [\d.]+ s \(1 try/],
  ['no end of the body', { hang: 'mid-body' }, 1, unreadable],
  ['bytes that are not HTTP', { raw: 'SSH-2.0-OpenSSH_9.6\r\n' }, 1, unreadable],
  [
    'HTTP 503 with a page',
    status(503, asPage),
    2,
    /Exabits cannot answer now \(HTTP 503, content type text\/html\)/,
  ],
  [
    'HTTP 429 for an hour',
    status(429, { headers: { 'retry-after': '3600' } }),
    1,
    /asks to wait 3600 s before/,
  ],
  ['HTTP 401', status(401), 1, refusedToken, { login: wrongPassword }],
  ['HTTP 404', status(404), 1, refused, { check: undefined }],
  [
    'HTTP 400 with commands',
    body(JSON.stringify({ status: false, message: words }), { status: 400 }),
    1,
    refused,
  ],
  ['HTTP 200 with "status": false', body(no), 1, /"No, thank you"/, { login: wrongPassword }],
  ['a redirect to another host', redirect, 1, /was redirected \(HTTP 307\) to http:\/\/127\.0\.0\.1:/],
  ['a page instead of JSON', body(page, asPage), 1, /is not JSON \(content type text\/html\)/],
  ['a body of 10 MiB without a content length', large, 1, /is larger than 1 MiB/],
  [
    'data of another form',
    { ...body('{"status":true,"data":5}'), carriedOut: true },
    1,
    /is not what the Exabits API promises: its "data" is not /,
    { check: undefined, deletion: undefined },
  ],
  ['HTTP 429 once', { ...status(429, { headers: { 'retry-after': '1' } }), times: 1 }, 1, undefined],
  ['reset once after the request took effect', { reset: 'handled', times: 1 }, 1, undefined],
];

test.each(rows)(
  'After %s, each request succeeds or its step says why, and no token is lost',
  async (...row) => {
    await Promise.all(requests.map((request) => suffer(row, request)));
  },
);

/** Runs a job in which a request has the fault. */
async function suffer([, effect, tries, says, except]: Row, request: Request): Promise<void> {
  const scenario = await startScenario();
  const { sandbox } = scenario;
  const expected = except && request in except ? except[request] : says;
  const arm = (): void => {
    sandbox.faults.add({ times: 1_000, ...effect, match: matching[request] });
  };
  const ephemeral = { 'ephemeral-api-token': String(!['login', 'check'].includes(request)) };
  const { token } = sandbox.store.createApiToken(EXAMPLE_ACCOUNT, { name: 'of a person' });
  const own = ['creation', 'check'].includes(request)
    ? { username: '', password: '', 'api-token': token }
    : {};
  const seconds = 'hang' in effect ? '3' : '30';
  const inputs = { ...own, ...ephemeral, 'timeout-seconds': seconds, 'max-attempts': '2' };
  const options = { timeoutSeconds: 45 };

  if (request === 'listing' || request === 'deletion') {
    if (request === 'listing')
      sandbox.faults.add({ reset: 'handled', match: matching.creation, times: 1_000 });
    const { exitCode } = await scenario.logIn(inputs, options);
    expect(exitCode).toBe(request === 'listing' ? 1 : 0);
    sandbox.faults.clear();
    arm();
    const post = await scenario.post(options);
    scenario.expectCleanedUp(post);
    const warnings = warningsOf(post);
    if (expected)
      expect({ request, warnings }).toEqual({
        request,
        warnings: warnings.map(() => expect.stringMatching(expected)),
      });
    expect(warnings.length > 0).toBe(expected !== undefined);
  } else {
    arm();
    const step = await scenario.logIn(inputs, options);
    if (expected) {
      expect({ request, message: scenario.expectFailure(step) }).toEqual({
        request,
        message: expect.stringMatching(expected),
      });
      const { method, path } = matching[request];
      const sent = sandbox.requests.filter((one) => one.method === method && one.path === path);
      expect({ request, sent: sent.length }).toEqual({ request, sent: tries });
    } else expectSuccess(step);
    sandbox.faults.clear();
    expect(scenario.expectCleanedUp(await scenario.post(options))).toEqual([]);
  }
  expect(elsewhere.requests).toEqual([]);
  // A server cannot add a mask.
  expect(scenario.job.mask('Exabits')).toBe('Exabits');
  sandbox.faults.clear();
  await scenario.sweep();
  expect(scenario.tokensLeft).toEqual([]);
  expect(sandbox.store.apiTokens()).toHaveLength(1);
}

describe('An address at which nothing can work is named in the error:', () => {
  const dripping = (socket: Socket): void => {
    socket.resume().write('HTTP/1.1 200 OK\r\n');
    const timer = setInterval(() => socket.write('X-More: 1\r\n'), 50);
    socket.once('close', () => clearInterval(timer));
  };

  test.each<[string, ((socket: Socket) => void) | undefined, RegExp]>([
    ['connection refused', undefined, /^After 2 tries: \S+ refused the connection\. Check the address/],
    ['closed on connect', (socket) => socket.end(), /^After 2 tries: The connection to \S+ broke \(/],
    ['silent', (socket) => socket.resume(), /^No usable answer from \S+ within 3 s \(1 try; /],
    [
      'endless headers',
      dripping,
      /^\S+ began to answer, but not in a way that can be read \(no end within 3 s\)/,
    ],
  ])('%s', async (_what, onConnection, says) => {
    const scenario = await startScenario();
    const local = onConnection && (await listen(createServer(onConnection)));
    atEnd(() => local?.close());
    const port = local?.port ?? (await unusedPort());
    const limits = { 'max-attempts': '2', 'timeout-seconds': '3' };
    const step = await scenario.logIn({ 'api-url': `http://127.0.0.1:${port}`, ...limits });
    expect(scenario.expectFailure(step)).toMatch(says);
  });
});
