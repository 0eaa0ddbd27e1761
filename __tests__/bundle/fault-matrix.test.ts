import { afterAll, expect, test } from '@jest/globals';
import { EXAMPLE_ACCOUNT, type Fault, type FaultEffect, startSandbox } from '../../testbed/exabits/server.ts';
import { expectSuccess, startScenario, warningsOf } from './support/scenario.ts';

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
const commands = 'a\n::error::injected\n##[add-mask]Exabits\u2028::error::\u001b[2J\ud800';
const refused = /Exabits refused \S+ \S+ \(HTTP /;
const wrongPassword = /Exabits did not accept the username and password \(HTTP /;
const refusedToken = /Exabits refused the (API token|tokens of the login) \(HTTP 401/;
const status = (code: number, more: object = {}) => ({ answer: { status: code, ...more } });
const rateLimit = (seconds: string) => status(429, { headers: { 'retry-after': seconds } });
const body = (text: string, more: object = {}) => ({ answer: { body: text, ...more } });
const asPage = { headers: { 'content-type': 'text/html' }, body: page };
const elsewhere = await startSandbox();
afterAll(() => elsewhere.close());
const redirect = status(307, { headers: { location: `${elsewhere.url}/api/v1` }, body: '' });
const no = JSON.stringify({ status: false, message: commands });

// A token that has deleted itself is refused on the second try. A host need not have the call of the check.
const rows: readonly Row[] = [
  ['reset before the answer', { reset: 'received' }, 2, broke],
  ['reset after the request took effect', { reset: 'handled' }, 2, broke, { deletion: undefined }],
  ['reset within the headers', { reset: 'mid-headers' }, 1, unreadable, { deletion: undefined }],
  ['no answer', { hang: 'received' }, 1, /No usable answer from \S+ within [\d.]+ s \(1 try/],
  ['no end of the body', { hang: 'mid-body' }, 1, unreadable],
  ['HTTP 503 with a page', status(503, asPage), 2, /Exabits cannot answer now \(HTTP 503, content type text/],
  ['HTTP 429 for an hour', rateLimit('3600'), 1, /asks to wait 3600 s before/],
  ['HTTP 401', status(401), 1, refusedToken, { login: wrongPassword }],
  ['HTTP 404', status(404), 1, refused, { check: undefined }],
  ['HTTP 200 with "status": false', body(no), 1, /"a ::error::injected/, { login: wrongPassword }],
  ['a redirect to another host', redirect, 1, /was redirected \(HTTP 307\) to http:\/\/127\.0\.0\.1:/],
  ['a page instead of JSON', body(page, asPage), 1, /is not JSON \(content type text\/html\)/],
  [
    'data of another form',
    { ...body('{"status":true,"data":5}'), carriedOut: true },
    1,
    /is not what the Exabits API promises: its "data" is not /,
    { check: undefined, deletion: undefined },
  ],
  ['HTTP 429 once', { ...rateLimit('1'), times: 1 }, 2, undefined],
  ['reset once after the request took effect', { reset: 'handled', times: 1 }, 2, undefined],
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
  const { faults, store } = sandbox;
  const expected = except && request in except ? except[request] : says;
  const isOfPost = request === 'listing' || request === 'deletion';
  const match = matching[request];
  const fault: Fault = { times: 1_000, ...effect, match };
  const { token } = store.createApiToken(EXAMPLE_ACCOUNT, { name: 'of a person' });
  const own = ['creation', 'check'].includes(request)
    ? { username: '', password: '', 'api-token': token }
    : {};
  const ephemeral = String(!['login', 'check'].includes(request));
  const limits = { 'timeout-seconds': 'hang' in effect ? '3' : '30', 'max-attempts': '2' };
  const options = { timeoutSeconds: 45 };

  if (request === 'listing') faults.add({ reset: 'handled', match: matching.creation, times: 1_000 });
  if (!isOfPost) faults.add(fault);
  const main = await scenario.logIn({ ...own, 'ephemeral-api-token': ephemeral, ...limits }, options);
  const fails = request === 'listing' || (!isOfPost && expected !== undefined);
  const errors = fails ? [scenario.expectFailure(main)] : [];
  if (!fails) expectSuccess(main);
  const sent = sandbox.requests.filter(({ method, path }) => method === match.method && path === match.path);
  if (!isOfPost) expect({ request, sent: sent.length }).toEqual({ request, sent: tries });

  faults.clear();
  if (isOfPost) faults.add(fault);
  const post = await scenario.post(options);
  const left = scenario.expectCleanedUp(post);
  if (!isOfPost) expect(left).toEqual([]);
  const said = isOfPost ? warningsOf(post) : errors;
  expect({ request, said }).toEqual({ request, said: said.map(() => expect.stringMatching(expected ?? '')) });
  expect(said.length > 0).toBe(expected !== undefined);

  expect(elsewhere.requests).toEqual([]);
  // A server cannot add a mask.
  expect(scenario.job.mask('Exabits')).toBe('Exabits');
  faults.clear();
  await scenario.sweep();
  expect(store.apiTokens().map(({ name }) => name)).toEqual(['of a person']);
}
