import { describe, expect, test } from '@jest/globals';
import { EXAMPLE_ACCOUNT, type Fault, md5 } from '../../testbed/exabits/server.ts';
import { expectSuccess, type Scenario, startExabits, startScenario } from './support/scenario.ts';

const LOGIN = 'POST /authenticate/login';
const { password } = EXAMPLE_ACCOUNT;

/** Runs a login while faults happen. */
async function logInWith(faults: readonly Fault[], inputs: Record<string, string> = {}) {
  const scenario = await startScenario();
  for (const fault of faults) scenario.sandbox.faults.add(fault);
  const step = await scenario.logIn(inputs);
  return { scenario, step };
}

/** Milliseconds between the first request and the second. */
function firstWait({ sandbox }: Scenario): number {
  const [first, second] = sandbox.requests;
  if (first === undefined || second === undefined) throw new Error('There were no two requests');
  return second.at - first.at;
}

describe('A fault that may pass is tried again', () => {
  test('HTTP 408, 429 and every 5xx but 501', async () => {
    const statuses = [408, 429, 500, 502, 503, 504, 599];
    const runs = await Promise.all(statuses.map((status) => logInWith([{ effect: 'status', status }])));
    for (const [index, { scenario, step }] of runs.entries()) {
      const seen = `HTTP ${statuses[index]}, "Sandbox fault ${statuses[index]}"`;
      expectSuccess(step);
      expect(scenario.calls).toEqual([LOGIN, LOGIN]);
      expect(step.visible.replace(/[\d.]+ s/, 'N s')).toContain(
        `Try 1 of 5 failed (${seen}). Trying again in N s.\n`,
      );
    }
  });

  test('a connection that breaks, wherever it breaks', async () => {
    const faults: Fault[] = [
      { effect: 'reset', at: 'before-headers' },
      { effect: 'reset', at: 'mid-headers' },
      { effect: 'reset', at: 'mid-body' },
      { effect: 'answer-lost' },
      { effect: 'raw', bytes: 'SSH-2.0-OpenSSH_9.9\r\n' },
      { effect: 'raw', bytes: '' },
    ];
    const runs = await Promise.all(faults.map((fault) => logInWith([fault])));
    for (const { scenario, step } of runs) {
      expectSuccess(step);
      expect(scenario.calls).toEqual([LOGIN, LOGIN]);
      expect(step.visible).toMatch(/^Try 1 of 5 failed \(.+\)\. Trying again in [\d.]+ s\.\n/);
    }
  });

  test('as often as max-attempts says, and then the step fails with what it saw', async () => {
    const { scenario, step } = await logInWith([{ effect: 'status', status: 503, times: 9 }], {
      'max-attempts': '3',
    });
    expect(scenario.expectFailure(step)).toBe(
      'Exabits cannot answer now (HTTP 503, "Sandbox fault 503"). Run the job again later. (3 tries)',
    );
    expect(scenario.calls).toHaveLength(3);
  });

  test('not at all with max-attempts: 1', async () => {
    const { scenario, step } = await logInWith([{ effect: 'status', status: 429 }], { 'max-attempts': '1' });
    expect(scenario.expectFailure(step)).toMatch(
      /^Exabits limits how often it may be called \(HTTP 429.*Run fewer jobs at the same time.*\(1 try\)$/,
    );
    expect(scenario.calls).toHaveLength(1);
  });
});

describe('What Retry-After asks for is honoured', () => {
  test('in seconds and as a date', async () => {
    const date = new Date(Date.now() + 4_000).toUTCString();
    const [limited, unavailable, dated] = await Promise.all([
      logInWith([{ effect: 'status', status: 429, headers: { 'retry-after': '2' } }]),
      logInWith([{ effect: 'status', status: 503, headers: { 'retry-after': '3' } }]),
      logInWith([{ effect: 'status', status: 503, headers: { 'retry-after': date } }]),
    ]);
    for (const { step } of [limited, unavailable, dated]) expectSuccess(step);
    expect(firstWait(limited.scenario)).toBeGreaterThanOrEqual(1_990);
    expect(firstWait(unavailable.scenario)).toBeGreaterThanOrEqual(2_990);
    expect(dated.scenario.sandbox.requests[1]?.at).toBeGreaterThanOrEqual(Date.parse(date) - 10);
  });

  test('only within the deadline: a longer wait fails at once and says so', async () => {
    const start = performance.now();
    const { scenario, step } = await logInWith([
      { effect: 'status', status: 429, headers: { 'retry-after': '3600' }, times: 2 },
    ]);
    expect(scenario.expectFailure(step)).toMatch(
      new RegExp(
        `^${scenario.name.replace(/[().]/g, '\\$&')} asks to wait 3600 s before the next try \\(1 try; the last try saw: HTTP 429, "Sandbox fault 429"\\), and [\\d.]+ s are left\\. Raise the input "timeout-seconds"`,
      ),
    );
    expect(scenario.calls).toHaveLength(1);
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  test('and one that makes no sense, or has passed, is passed over', async () => {
    const values = ['soon', '-5', 'Thu, 01 Jan 1970 00:00:00 GMT', ''];
    const runs = await Promise.all(
      values.map((value) =>
        logInWith([{ effect: 'status', status: 503, headers: { 'retry-after': value } }]),
      ),
    );
    for (const { scenario, step } of runs) {
      expectSuccess(step);
      expect(scenario.calls).toEqual([LOGIN, LOGIN]);
    }
  });
});

describe('An answer that is final is not tried again', () => {
  test.each([400, 401, 403, 404, 405, 409, 422])('HTTP %d', async (status) => {
    const { scenario, step } = await logInWith([{ effect: 'status', status, times: 9 }]);
    expect(scenario.expectFailure(step)).toContain(`HTTP ${status}, "Sandbox fault ${status}"`);
    expect(scenario.calls).toEqual([LOGIN]);
  });

  test('status false with HTTP 200', async () => {
    const { scenario, step } = await logInWith([
      { effect: 'body', body: '{"status":false,"message":"no"}', times: 9 },
    ]);
    scenario.expectFailure(step);
    expect(scenario.calls).toEqual([LOGIN]);
  });

  test('an HTML page with HTTP 404 is of another server: check the address', async () => {
    const { scenario, step } = await logInWith([
      { effect: 'status', status: 404, headers: { 'content-type': 'text/html' }, body: '<h1>Not found</h1>' },
    ]);
    expect(scenario.expectFailure(step)).toBe(
      `${scenario.name} refused POST /authenticate/login (HTTP 404 with content type text/html). Exabits does not answer like that: check the address.`,
    );
  });
});

describe('The deadline is for all network work together', () => {
  test('a server that never answers: the error says after how many tries and what was seen', async () => {
    const { scenario, step } = await logInWith([{ effect: 'hang', at: 'before-headers', times: 9 }], {
      'timeout-seconds': '1',
    });
    expect(scenario.expectFailure(step)).toBe(
      `No usable answer from ${scenario.name} within 1 s (1 try; the last try saw: no answer). Raise the input "timeout-seconds", or check the network between the runner and Exabits.`,
    );
  });

  test('an answer that stops in the middle, or drips in too slowly, counts as none', async () => {
    const start = performance.now();
    const faults: Fault[] = [
      { effect: 'hang', at: 'mid-headers', times: 9 },
      { effect: 'hang', at: 'mid-body', times: 9 },
      { effect: 'drip', bytes: 1, everyMs: 100, times: 9 },
    ];
    const runs = await Promise.all(faults.map((fault) => logInWith([fault], { 'timeout-seconds': '1' })));
    for (const { scenario, step } of runs) {
      expect(scenario.expectFailure(step)).toMatch(
        /^No usable answer from .* within 1 s \(1 try; the last try saw: no answer\)/,
      );
    }
    expect(performance.now() - start).toBeLessThan(15_000);
  });

  test('an answer that drips in within the deadline is read', async () => {
    const { step } = await logInWith([{ effect: 'drip', bytes: 64, everyMs: 20 }]);
    expectSuccess(step);
  });

  test('a server that keeps failing: the tries and the last status are named', async () => {
    const start = performance.now();
    const { scenario, step } = await logInWith([{ effect: 'status', status: 502, times: 200 }], {
      'timeout-seconds': '2',
      'max-attempts': '100',
    });
    const [, tries] =
      /^No usable answer from .* within 2 s \((\d+) tries; the last try saw: (?:HTTP 502, "Sandbox fault 502"|no answer)\)/.exec(
        scenario.expectFailure(step),
      ) ?? [];
    expect(Number(tries)).toBeGreaterThan(1);
    // The last try may have run out of time before it had sent anything.
    expect([Number(tries), Number(tries) - 1]).toContain(scenario.calls.length);
    expect(performance.now() - start).toBeLessThan(15_000);
  });

  test('it holds over several requests: what the login used up is missing afterwards', async () => {
    const scenario = await startScenario();
    scenario.sandbox.faults.add({ effect: 'delay', ms: 1_500, match: { path: '/api/v1/authenticate' } });
    scenario.sandbox.faults.add({ effect: 'delay', ms: 2_500, match: { path: '/api/v1/billing' }, times: 9 });
    const step = await scenario.logIn({ verify: 'true', 'timeout-seconds': '3' });
    expect(scenario.expectFailure(step)).toMatch(/^No usable answer from .* within 3 s/);
    expect(scenario.calls).toEqual([LOGIN, 'GET /billing/balance']);
  });
});

describe('Redirects are never followed', () => {
  test.each([301, 302, 303, 307, 308])(
    'HTTP %d to another server, which never sees the password',
    async (status) => {
      const other = await startExabits();
      const location = `${other.url}/api/v1/authenticate/login`;
      const { scenario, step } = await logInWith([{ effect: 'redirect', status, location, times: 9 }]);
      expect(scenario.expectFailure(step)).toBe(
        `POST /authenticate/login was redirected (HTTP ${status}) to ${location}. Redirects are not followed, because your credentials would follow them: if you trust that address, set the input "api-url" to it.`,
      );
      expect(scenario.calls).toEqual([LOGIN]);
      expect(other.requests).toEqual([]);
    },
  );

  test('not for an authenticated call either', async () => {
    const other = await startExabits();
    const scenario = await startScenario();
    const match = { path: '/api/v1/billing' };
    scenario.sandbox.faults.add({
      match,
      effect: 'redirect',
      location: `${other.url}/api/v1/billing/balance`,
    });
    const step = await scenario.logIn({ verify: 'true' });
    expect(scenario.expectFailure(step)).toContain(`to ${other.url}/api/v1/billing/balance.`);
    expect(other.requests).toEqual([]);
  });

  test('not on the same host either', async () => {
    const { scenario, step } = await logInWith([{ effect: 'redirect', location: '/login' }]);
    expect(scenario.expectFailure(step)).toContain('was redirected (HTTP 302) to /login.');
    expect(scenario.calls).toEqual([LOGIN]);
  });

  test('one that names no address is an error all the same', async () => {
    const { scenario, step } = await logInWith([{ effect: 'status', status: 304, body: '' }]);
    expect(scenario.expectFailure(step)).toContain(
      'was redirected (HTTP 304) to an address that it does not name.',
    );
  });

  test('a secret or a workflow command in the address is not shown', async () => {
    const location = `https://exabits.invalid/?p=${md5(password)}`;
    const { scenario, step } = await logInWith([{ effect: 'redirect', location }]);
    expect(scenario.expectFailure(step)).toContain('https://exabits.invalid/?p=***.');
  });
});

describe('An answer that is not what the API promises is an error of its own', () => {
  test.each([
    ['with a content length', false],
    ['in chunks', true],
  ])('larger than 1 MiB %s', async (_how, chunked) => {
    const { scenario, step } = await logInWith([
      { effect: 'oversized', bytes: 1024 * 1024 + 1, chunked, times: 9 },
    ]);
    expect(scenario.expectFailure(step)).toBe(
      'The answer to POST /authenticate/login is larger than 1 MiB, and no answer of Exabits is. Check the address of the API.',
    );
    expect(scenario.calls).toEqual([LOGIN]);
  });

  test('while one of exactly 1 MiB is read', async () => {
    const scenario = await startScenario();
    scenario.sandbox.faults.add({
      match: { path: '/api/v1/billing' },
      effect: 'oversized',
      bytes: 1024 * 1024,
    });
    expectSuccess(await scenario.logIn({ verify: 'true' }));
  });

  test('an HTML page: the content type is named', async () => {
    const { scenario, step } = await logInWith([
      {
        effect: 'body',
        body: '<html>Sign in to the hotel</html>',
        contentType: 'text/html; charset=utf-8',
        times: 9,
      },
    ]);
    expect(scenario.expectFailure(step)).toBe(
      `The answer of ${scenario.name} to POST /authenticate/login is not JSON (content type text/html; charset=utf-8). Check the address, and whether a proxy or a sign-in page answers in place of Exabits.`,
    );
    expect(scenario.calls).toEqual([LOGIN]);
  });

  test('no JSON and no content type', async () => {
    const { scenario, step } = await logInWith([{ effect: 'body', body: 'hello', contentType: '' }]);
    expect(scenario.expectFailure(step)).toContain('is not JSON (content type not given)');
  });

  test('a workflow command in the content type stays text', async () => {
    const { scenario, step } = await logInWith([
      { effect: 'body', body: 'hello', contentType: `text/##[error]${'x'.repeat(2_000)}` },
    ]);
    expect(scenario.expectFailure(step).length).toBeLessThan(700);
    expect(step.annotations).toHaveLength(1);
  });

  test('nothing at all', async () => {
    const { scenario, step } = await logInWith([{ effect: 'body', body: '', times: 9 }]);
    expect(scenario.expectFailure(step)).toBe(
      `The answer of ${scenario.name} to POST /authenticate/login is empty. Check the address, and whether a proxy or a sign-in page answers in place of Exabits.`,
    );
    expect(scenario.calls).toEqual([LOGIN]);
  });

  test('a compressed answer that nobody asked for', async () => {
    const { scenario, step } = await logInWith([{ effect: 'gzip' }]);
    expect(scenario.expectFailure(step)).toContain(
      'is not JSON (content type application/json; charset=utf-8, content encoding gzip)',
    );
  });

  test('bytes that are no text', async () => {
    const { scenario, step } = await logInWith([
      {
        effect: 'body',
        body: Buffer.from([0xff, 0xfe, 0x00, 0x80]),
        contentType: 'application/octet-stream',
      },
    ]);
    expect(scenario.expectFailure(step)).toContain('is not JSON (content type application/octet-stream)');
  });

  test.each([
    ['a list', '[]', 'it lacks the envelope'],
    ['a text', '"yes"', 'it lacks the envelope'],
    ['null', 'null', 'it lacks the envelope'],
    ['an object without a status', '{"message":"hello"}', 'it lacks the envelope'],
    ['a status that is a text', '{"status":"true","data":{}}', 'it lacks the envelope'],
    ['no data', '{"status":true,"message":""}', 'its "data" is not an object'],
    ['data that is null', '{"status":true,"message":"","data":null}', 'its "data" is not an object'],
    ['data that is a list', '{"status":true,"data":[]}', 'its "data" is not an object'],
    [
      'no access token',
      '{"status":true,"data":{"refresh_token":"some-refresh-token"}}',
      'its "access_token" is not a text',
    ],
    [
      'no refresh token',
      '{"status":true,"data":{"access_token":"some-access-token"}}',
      'its "refresh_token" is not a text',
    ],
    [
      'a token that is a number',
      '{"status":true,"data":{"access_token":12345678,"refresh_token":"b"}}',
      'its "access_token" is not a text',
    ],
    [
      'an empty token',
      '{"status":true,"data":{"access_token":"","refresh_token":"b"}}',
      'its "access_token" is empty',
    ],
    [
      'a token with a line break',
      '{"status":true,"data":{"access_token":"line-one\\nline-two","refresh_token":"b"}}',
      'its "access_token" has a line break inside',
    ],
    [
      'a username that is a number',
      '{"status":true,"data":{"access_token":"some-access-token","refresh_token":"some-refresh-token","username":1}}',
      'its "username" is not a text',
    ],
  ])('%s in place of a login', async (_what, body, defect) => {
    const { scenario, step } = await logInWith([{ effect: 'body', body, times: 9 }]);
    const message = scenario.expectFailure(step);
    expect(message).toMatch(
      /^The answer to POST \/authenticate\/login is not what the Exabits API promises: /,
    );
    expect(message).toContain(defect);
    expect(scenario.calls).toEqual([LOGIN]);
  });
});

describe('The requests of a step', () => {
  test('have a connection each, so that nothing that one has left can spoil the next', async () => {
    const unavailable: Fault = { effect: 'status', status: 503, match: { path: '/api/v1/billing' } };
    const { scenario, step } = await logInWith([unavailable], {
      'ephemeral-api-token': 'true',
      verify: 'true',
    });
    expectSuccess(step);
    expect(scenario.calls).toEqual([
      LOGIN,
      'POST /api-tokens',
      'GET /billing/balance',
      'GET /billing/balance',
    ]);
    expect(new Set(scenario.sandbox.requests.map(({ clientPort }) => clientPort)).size).toBe(4);
  });
});
