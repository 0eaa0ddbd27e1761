import { describe, expect, test } from '@jest/globals';
import { parseEndpoint } from '../../src/endpoint.ts';
import { readEnvelope } from '../../src/exabits/envelope.ts';
import { RequestFailure } from '../../src/exabits/request-failure.ts';
import { Failure } from '../../src/failure.ts';
import { no } from './support/samples.ts';

const endpoint = parseEndpoint('https://api.example:8443');

/** Reads an answer; redacted text is in angle brackets. */
function read(status: number, body: unknown, headers: Record<string, string> = {}) {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return readEnvelope({ status, headers, body: text }, 'GET /x', endpoint, (words) => words && `<${words}>`);
}

/** The message of the failure, and what is known of the request if it can be tried again or was refused. */
function failureFor(...answer: Parameters<typeof read>) {
  try {
    read(...answer);
  } catch (thrown) {
    if (thrown instanceof RequestFailure) return { message: thrown.message, seen: thrown.seen };
    if (thrown instanceof Failure) return { message: thrown.message };
  }
  throw new Error('It was read');
}

test.each<[object, Record<string, string>, object]>([
  [{ status: true }, {}, { data: undefined, total: undefined, date: undefined }],
  [
    { status: true, message: null, data: [1], total: 7 },
    { date: 'Tue, 24 Nov 2026 12:00:00 GMT' },
    { data: [1], total: 7, date: new Date('2026-11-24T12:00:00Z') },
  ],
  [{ status: true, data: null, total: '7' }, {}, { data: null, total: undefined, date: undefined }],
])('an envelope is opened: %j', (json, headers, envelope) => {
  expect(read(299, ` ${JSON.stringify(json)}\r\n`, headers)).toEqual(envelope);
});

test.each(['[]', 'null', '{"data":null}', '{"status":null}', '{"status":"true"}'])(
  'an envelope is missing in %s',
  (body) => {
    expect(failureFor(200, body)).toEqual({
      message:
        'The answer to GET /x is not what the Exabits API promises: it lacks the envelope with a "status" that is true or false. Check the address of the API; if it is right, tell Exabits.',
    });
  },
);

const html = { 'content-type': 'text/html' };

test.each<[string, string, Record<string, string>]>([
  ['is not JSON (content type <text/html>)', '<html>', html],
  ['is not JSON', '{"status": true', {}],
  ['is not JSON', ' \n ', {}],
  ['is empty', '', html],
])('an answer that %s (%#)', (what, body, headers) => {
  expect(failureFor(200, body, headers)).toEqual({
    message: `The answer from api.example:8443 to GET /x ${what}. Check the address, and whether a proxy or a sign-in page answers instead of Exabits.`,
  });
});

describe('a redirect is final, and its advice names only another https host:', () => {
  const check = 'Check the address of the API.';
  const trust = 'If you trust that host, set the input "api-url" to it.';

  test.each([
    [300, '//elsewhere.example:9443/x', trust],
    [301, 'https://api.example/', trust],
    [302, '/login', check],
    [308, 'http://elsewhere.example/', check],
    [399, 'http://[', check],
    [302, '', check],
  ])('HTTP %i to %s', (status, location, advice) => {
    const target = location ? `<${location}>` : 'an unspecified address';
    expect(failureFor(status, no('moved'), location ? { location } : {})).toEqual({
      message: `GET /x was redirected (HTTP ${status}) to ${target}. Redirects are not followed, because your credentials would follow them. ${advice}`,
    });
  });
});

describe('an answer that refuses the request', () => {
  test.each<[number, unknown, boolean, string]>([
    [400, { status: true }, true, ''],
    [499, no('bad'), true, ', "<bad>"'],
    [200, no('bad'), false, ', "<bad>"'],
    [501, no('bad'), false, ', "<bad>"'],
  ])(
    'is final, and changed nothing if it is an enveloped 4xx: HTTP %i',
    (status, body, changedNothing, words) => {
      const saw = `HTTP ${status}${words}`;
      expect(failureFor(status, body, html)).toEqual({
        message: `Exabits refused GET /x (${saw}). Check the inputs of the step.`,
        seen: { saw, transient: false, changedNothing, status, enveloped: true, retryAfterMs: 0 },
      });
    },
  );

  test.each<[number, unknown, Record<string, string>, string]>([
    [404, '<h1>Not found</h1>', html, ', content type <text/html>'],
    [404, '<h1>Not found</h1>', {}, ''],
    [401, '', html, ''],
    [422, { message: 'no' }, html, ', "<no>"'],
  ])('without an envelope is not from Exabits: HTTP %i (%#)', (status, body, headers, words) => {
    const saw = `HTTP ${status}${words}`;
    expect(failureFor(status, body, headers)).toEqual({
      message: `api.example:8443 refused GET /x (${saw}). This is not how Exabits answers: check the address.`,
      seen: { saw, transient: false, changedNothing: false, status, enveloped: false, retryAfterMs: 0 },
    });
  });

  const crowded =
    'Run fewer jobs at the same time, or raise the inputs "timeout-seconds" and "max-attempts".';

  test.each<[number, unknown, boolean, string]>([
    [429, '', true, `Too many requests to Exabits (HTTP 429). ${crowded}`],
    [408, no('no'), false, 'Exabits cannot answer now (HTTP 408, "<no>"). Run the job again later.'],
    [500, '', false, 'Exabits cannot answer now (HTTP 500). Run the job again later.'],
  ])('may be tried again later: HTTP %i', (status, body, changedNothing, message) => {
    const headers = { 'retry-after': 'Tue, 24 Nov 2026 12:00:07 GMT', date: 'Tue, 24 Nov 2026 12:00:00 GMT' };
    const seen = { transient: true, changedNothing, retryAfterMs: 7000 };
    expect(failureFor(status, body, headers)).toMatchObject({ message, seen });
  });

  const third = { error_reason: { message: 'three' } };

  test.each<[string, unknown, string]>([
    ['in several places', { message: 'one', data: { message: 'two', ...third } }, ', "<one: two: three>"'],
    ['deeper', { message: '', data: third }, ', "<three>"'],
    ['twice', { message: 'one', data: { message: 'one' } }, ', "<one>"'],
    ['as something else', { message: 42, data: { message: null, error_reason: 'x' } }, ''],
  ])('may give its reason %s', (_where, body, words) => {
    expect(failureFor(418, body).seen?.saw).toBe(`HTTP 418${words}`);
  });
});
