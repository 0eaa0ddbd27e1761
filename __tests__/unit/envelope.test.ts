import { describe, expect, test } from '@jest/globals';
import { readEnvelope } from '../../src/exabits/envelope.ts';
import { RequestFailure } from '../../src/exabits/request-failure.ts';
import { Failure } from '../../src/failure.ts';
import { no } from './support/samples.ts';

const baseUrl = 'https://api.example:8443/api/v1';

/** Reads an answer; redacted text is in angle brackets. */
function read(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readEnvelope({ status, headers, body: text }, 'GET /x', baseUrl, (words) => words && `<${words}>`);
}

function failureFor(...answer: Parameters<typeof read>): Failure {
  try {
    read(...answer);
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
  }
  throw new Error('It was read');
}

/** What is known of the failure of a request. */
function seenOf(...answer: Parameters<typeof read>): RequestFailure['seen'] | undefined {
  const failure = failureFor(...answer);
  return failure instanceof RequestFailure ? failure.seen : undefined;
}

describe('an envelope', () => {
  test.each<[object, string | undefined, object]>([
    [{ status: true }, undefined, { data: undefined, total: undefined, date: undefined }],
    [
      { status: true, message: null, data: [1], total: 7 },
      'Tue, 24 Nov 2026 12:00:00 GMT',
      { data: [1], total: 7, date: new Date('2026-11-24T12:00:00Z') },
    ],
    [{ status: true, data: null, total: '7' }, 'now', { data: null, total: undefined, date: undefined }],
  ])('is opened: %j', (json, date, envelope) => {
    expect(read(200, json, date === undefined ? {} : { date })).toEqual(envelope);
    expect(read(299, ` ${JSON.stringify(json)}\r\n`, date === undefined ? {} : { date })).toEqual(envelope);
  });

  test.each([
    '[]',
    '"success"',
    '42',
    'null',
    '{"data":null}',
    '[{"status":true}]',
    '{"__proto__":{"status":true}}',
    '{"status":null}',
    '{"status":200}',
    '{"status":"true"}',
  ])('is missing in %s', (body) => {
    expect(failureFor(200, body)).not.toBeInstanceOf(RequestFailure);
    expect(failureFor(200, body).message).toBe(
      'The answer to GET /x is not what the Exabits API promises: it lacks the envelope with a "status" that is true or false. Check the address of the API; if it is right, tell Exabits.',
    );
  });
});

describe('an answer that is not JSON', () => {
  const advice = 'Check the address, and whether a proxy or a sign-in page answers instead of Exabits.';

  test.each<[string, string, Record<string, string>]>([
    ['is not JSON (content type <text/html>)', '<html>Sign in</html>', { 'content-type': 'text/html' }],
    ['is not JSON', 'hello', {}],
    ['is empty', '', { 'content-type': 'text/html' }],
    ...[
      '{"status": true',
      '{status: true}',
      'undefined',
      ' \n ',
      '{"status":true}{"status":true}',
      '\ufeff{"status":true}',
      '['.repeat(100_000),
    ].map((body): [string, string, Record<string, string>] => ['is not JSON', body, {}]),
  ])('%s (%#)', (what, body, headers) => {
    const failure = failureFor(200, body, headers);
    expect(failure.message).toBe(`The answer from api.example:8443 to GET /x ${what}. ${advice}`);
    expect(failure).not.toBeInstanceOf(RequestFailure);
  });
});

describe('a redirect is final, and its advice names only another https host:', () => {
  const check = 'Check the address of the API.';
  const trust = (origin: string) => `If you trust that host, set the input "api-url" to <${origin}>.`;

  test.each([
    [300, 'https://elsewhere.example/api/v1?a=b', trust('https://elsewhere.example')],
    [307, '//elsewhere.example:9443/x', trust('https://elsewhere.example:9443')],
    [301, 'https://api.example/', trust('https://api.example')],
    [302, '/login', check],
    [302, 'https://api.example:8443/api/v2', check],
    [308, 'http://elsewhere.example/', check],
    [399, 'http://[', check],
  ])('HTTP %i to %s', (status, location, advice) => {
    const failure = failureFor(status, no('moved'), { location });
    expect(failure.message).toBe(
      `GET /x was redirected (HTTP ${status}) to <${location}>. Redirects are not followed, because your credentials would follow them. ${advice}`,
    );
    expect(failure).not.toBeInstanceOf(RequestFailure);
  });

  test('without a target', () => {
    expect(failureFor(302, '').message).toMatch(
      / to an unspecified address\. .* Check the address of the API\.$/,
    );
  });
});

describe('an answer that refuses the request', () => {
  test.each<[number, unknown, string, boolean]>([
    [400, no('bad'), 'Exabits refused GET /x (HTTP 400, "<bad>"). Check the inputs of the step.', true],
    [499, no(''), 'Exabits refused GET /x (HTTP 499). Check the inputs of the step.', true],
    [404, { status: true }, 'Exabits refused GET /x (HTTP 404). Check the inputs of the step.', true],
    [200, no('bad'), 'Exabits refused GET /x (HTTP 200, "<bad>"). Check the inputs of the step.', false],
    [501, no('bad'), 'Exabits refused GET /x (HTTP 501, "<bad>"). Check the inputs of the step.', false],
  ])(
    'is final, and changed nothing if it is an enveloped 4xx: HTTP %i',
    (status, body, message, changedNothing) => {
      expect(failureFor(status, body).message).toBe(message);
      expect(seenOf(status, body)).toEqual({
        saw: message.slice(message.indexOf('(') + 1, message.indexOf(').')),
        ...{ transient: false, changedNothing, status, enveloped: true, retryAfterMs: 0 },
      });
    },
  );

  test.each<[number, unknown, Record<string, string>, string]>([
    [404, '<h1>Not found</h1>', { 'content-type': 'text/html' }, 'HTTP 404, content type <text/html>'],
    [404, '<h1>Not found</h1>', {}, 'HTTP 404'],
    [401, '', { 'content-type': 'text/html' }, 'HTTP 401'],
    [422, { message: 'no' }, { 'content-type': 'application/json' }, 'HTTP 422, "<no>"'],
    [501, '<h1>No</h1>', {}, 'HTTP 501'],
  ])('without an envelope is not from Exabits: HTTP %i', (status, body, headers, saw) => {
    const failure = failureFor(status, body, headers);
    expect(failure.message).toBe(
      `api.example:8443 refused GET /x (${saw}). This is not how Exabits answers: check the address.`,
    );
    expect(seenOf(status, body, headers)).toMatchObject({
      saw,
      transient: false,
      changedNothing: false,
      enveloped: false,
    });
  });

  test.each<[number, unknown, boolean]>([
    [429, no('no'), true],
    [429, '', true],
    [408, no('no'), true],
    [408, '', false],
    ...[500, 502, 599].map((status): [number, unknown, boolean] => [status, no('no'), false]),
    [500, '', false],
  ])('may be tried again later: HTTP %i (%#)', (status, body, changedNothing) => {
    const saw = body === '' ? `HTTP ${status}` : `HTTP ${status}, "<no>"`;
    expect(failureFor(status, body).message).toBe(
      status === 429
        ? `Too many requests to Exabits (${saw}). Run fewer jobs at the same time, or raise the inputs "timeout-seconds" and "max-attempts".`
        : `Exabits cannot answer now (${saw}). Run the job again later.`,
    );
    const headers = { 'retry-after': 'Tue, 24 Nov 2026 12:00:07 GMT', date: 'Tue, 24 Nov 2026 12:00:00 GMT' };
    expect(seenOf(status, body, headers)).toMatchObject({
      transient: true,
      changedNothing,
      retryAfterMs: 7000,
    });
  });

  test.each<[string, unknown, string]>([
    ['in data.message', { status: false, message: '', data: { message: 'two' } }, ', "<two>"'],
    ['in data.error_reason.message', { data: { error_reason: { message: 'three' } } }, ', "<three>"'],
    [
      'in several places',
      { message: 'one', data: { message: 'two', error_reason: { message: 'three' } } },
      ', "<one: two: three>"',
    ],
    ['twice', { message: 'one', data: { message: 'one' } }, ', "<one>"'],
    ['nowhere', {}, ''],
    ['as something else', { message: 42, data: { message: null, error_reason: 'x' } }, ''],
    ['beside a list', { message: 'one', data: [] }, ', "<one>"'],
    ['beside nothing', { message: 'one', data: null }, ', "<one>"'],
  ])('may give its reason %s', (_where, body, words) => {
    expect(seenOf(418, body)?.saw).toBe(`HTTP 418${words}`);
  });
});
