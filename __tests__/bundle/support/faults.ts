import type { FailureCode } from '../../../src/failure.ts';
import type { FaultEffect } from '../../../testbed/exabits/server.ts';
import type { DeadEnd } from './dead-ends.ts';

/** The operations of the action that a fault can affect. */
export const operations = ['login', 'creation', 'verification', 'listing', 'deletion'] as const;
export type Operation = (typeof operations)[number];

/**
 * The required outcome: success, or a failure with the message for this code, after one try or after all of them.
 * In the post step a failure is a warning.
 */
export type Expected =
  | { readonly succeeds: true }
  | { readonly code: FailureCode; readonly tries: 'one' | 'all'; readonly says?: RegExp };

/** A row of the fault matrix. */
export interface Row {
  readonly fault: string;
  /** Where the API address leads, or what the server does with the request. */
  readonly happens: DeadEnd | ((operation: Operation) => FaultEffect);
  /** How many tries it affects. Default: all. */
  readonly times?: number;
  /** One outcome for all operations, or outcomes by name; an operation without an outcome is not tested. */
  readonly expected: Expected | Partial<Record<Operation | 'otherwise', Expected>>;
  /** The minimum time that the step must take, in milliseconds. */
  readonly atLeastMs?: number;
}

/** The outcome that a row expects for an operation; undefined if the row does not apply to it. */
export function expectedOf({ expected }: Row, operation: Operation): Expected | undefined {
  if ('succeeds' in expected || 'code' in expected) return expected;
  return expected[operation] ?? expected.otherwise;
}

/** The host that redirects point to; no request may ever arrive there. */
export const elsewhere = 'http://elsewhere.placeholder';

/** Tokens in the canned answers. */
export const canned = {
  accessToken: 'canned-access-token-7c1d09b2e4',
  refreshToken: 'canned-refresh-token-5a88e1f03d',
  apiToken: 'canned-api-token-e92b40c7d1',
} as const;

const success: Expected = { succeeds: true };
const once = (code: FailureCode, says?: RegExp): Expected => ({ code, tries: 'one', ...(says && { says }) });
const always = (code: FailureCode, says?: RegExp): Expected => ({
  code,
  tries: 'all',
  ...(says && { says }),
});

type Json = unknown;

/** A correct answer to each operation, as the API would give it. */
function rightData(operation: Operation): Readonly<Record<string, Json>> | readonly Json[] | null {
  switch (operation) {
    case 'login':
      return {
        username: 'demo-user',
        email: 'demo-user@exabits.example',
        access_token: canned.accessToken,
        refresh_token: canned.refreshToken,
      };
    case 'creation':
      return {
        id: '4711',
        name: 'gha',
        description: '',
        token: canned.apiToken,
        created_at: 1,
        last_used: 0,
      };
    case 'verification':
      return { balance: 42 };
    case 'listing':
      return [];
    case 'deletion':
      return null;
  }
}

function rightEnvelope(operation: Operation, more: Record<string, Json> = {}): Record<string, Json> {
  return { status: true, message: 'success', data: rightData(operation), ...more };
}

const text = (json: Json): string => JSON.stringify(json);

function right(operation: Operation): string {
  return text(rightEnvelope(operation));
}

const body = (content: string, contentType?: string): FaultEffect => ({
  effect: 'body',
  body: content,
  ...(contentType === undefined ? {} : { contentType }),
});

/** Bytes as sent over the wire; the lines of the head are given without line breaks. */
const raw = (head: readonly string[], content = ''): FaultEffect => ({
  effect: 'raw',
  bytes: `${head.join('\r\n')}\r\n\r\n${content}`,
});

const ok = 'HTTP/1.1 200 OK';
const typed = 'Content-Type: application/json';
const length = (content: string): string => `Content-Length: ${Buffer.byteLength(content)}`;

const interim = (lines: readonly string[]) => (operation: Operation) => {
  const answer = right(operation);
  return raw([...lines, '', ok, typed, length(answer)], answer);
};

const status =
  (code: number, headers: Record<string, string> = {}, content?: string) =>
  (): FaultEffect => ({
    effect: 'status',
    status: code,
    headers,
    ...(content === undefined ? {} : { body: content }),
  });

/** A correct answer except for one field of its data. */
const field = (operation: Operation, name: string, value: Json, expected: Expected): Row => ({
  fault: `"${name}" is ${text(value)}`,
  happens: () => {
    const data = rightData(operation);
    return body(text(rightEnvelope(operation, { data: { ...data, [name]: value } })));
  },
  expected: { [operation]: expected },
});

const address = (deadEnd: DeadEnd, expected: Expected): Row => ({
  fault: deadEnd,
  happens: deadEnd,
  expected,
});

const httpDate = (ms: number): string => new Date(ms).toUTCString();

const addresses: readonly Row[] = [
  address('no such host', always('host-not-found')),
  address('connection refused', always('connection-refused')),
  address('reset on connect', always('connection-lost')),
  address('closed on connect', always('connection-lost')),
  address('no answer', once('timed-out')),
  address('endless headers', once('timed-out')),
  address('endless interim answers', once('timed-out')),
  address('TLS certificate of an unknown authority', once('tls-failed', /NODE_EXTRA_CA_CERTS/)),
  address('TLS certificate for another host', once('tls-failed', /The certificate is for another host/)),
  address('TLS certificate that has expired', once('tls-failed', /CERT_HAS_EXPIRED.*not valid today/)),
  address('TLS certificate that is not valid yet', once('tls-failed', /CERT_NOT_YET_VALID.*not valid today/)),
  address('TLS port that speaks plain HTTP', once('tls-failed')),
  address('TLS handshake that hangs', once('timed-out')),
  address('TLS handshake that is reset', always('connection-lost')),
];

const transport: readonly Row[] = [
  {
    fault: 'reset before the headers',
    happens: () => ({ effect: 'reset', at: 'before-headers' }),
    expected: always('connection-lost'),
  },
  {
    fault: 'reset within the headers',
    happens: () => ({ effect: 'reset', at: 'mid-headers' }),
    // The first deletion took effect, so the login then gets a truncated 404, which may not be from Exabits.
    expected: { deletion: once('rejected'), otherwise: always('connection-lost') },
  },
  {
    fault: 'reset within the body',
    happens: () => ({ effect: 'reset', at: 'mid-body' }),
    expected: { deletion: once('rejected'), otherwise: always('connection-lost') },
  },
  {
    fault: 'reset after the request takes effect',
    happens: () => ({ effect: 'answer-lost' }),
    expected: always('connection-lost'),
  },
  {
    fault: 'reset once, after the request takes effect',
    happens: () => ({ effect: 'answer-lost' }),
    times: 1,
    // A token that has deleted itself is refused on the second try, and the login then finds that it is gone.
    expected: success,
  },
  {
    fault: 'reset once',
    happens: () => ({ effect: 'reset', at: 'before-headers' }),
    times: 1,
    expected: success,
  },
  {
    fault: 'hang before the headers',
    happens: () => ({ effect: 'hang', at: 'before-headers' }),
    expected: once('timed-out'),
  },
  {
    fault: 'hang within the headers',
    happens: () => ({ effect: 'hang', at: 'mid-headers' }),
    expected: once('timed-out'),
  },
  {
    fault: 'hang within the body',
    happens: () => ({ effect: 'hang', at: 'mid-body' }),
    expected: once('timed-out'),
  },
  {
    fault: 'slow drip beyond the deadline',
    happens: () => ({ effect: 'drip', bytes: 1, everyMs: 150 }),
    expected: once('timed-out'),
  },
  {
    fault: 'slow, but in time',
    happens: () => ({ effect: 'delay', ms: 800 }),
    expected: success,
    atLeastMs: 700,
  },
];

const statuses: readonly Row[] = [
  { fault: 'HTTP 100 before the answer', happens: interim(['HTTP/1.1 100 Continue']), expected: success },
  { fault: 'HTTP 102 before the answer', happens: interim(['HTTP/1.1 102 Processing']), expected: success },
  {
    fault: 'HTTP 103 before the answer',
    happens: interim(['HTTP/1.1 103 Early Hints', `Link: <${elsewhere}>; rel=preload`]),
    expected: success,
  },
  {
    fault: 'HTTP 101 to a protocol that was not requested',
    happens: () => raw(['HTTP/1.1 101 Switching Protocols', 'Upgrade: tls', 'Connection: upgrade']),
    expected: once('timed-out'),
  },
  {
    fault: 'HTTP 100 and nothing after it',
    happens: () => raw(['HTTP/1.1 100 Continue']),
    expected: always('connection-lost'),
  },
  {
    fault: 'HTTP 204',
    happens: () => ({ effect: 'status', status: 204, body: '' }),
    expected: { deletion: success, otherwise: once('answer-not-json', /is empty/) },
  },
  {
    fault: 'HTTP 307 to another host',
    happens: () => ({
      effect: 'redirect',
      status: 307,
      location: `${elsewhere}/api/v1/authenticate/login`,
    }),
    expected: once('redirected', /HTTP 307\) to http:\/\/127\.0\.0\.1:/),
  },
  {
    fault: 'HTTP 302 to an address with workflow commands',
    happens: () => ({
      effect: 'redirect',
      location: 'javascript:%0A::error::injected##[add-mask]redirected',
    }),
    expected: once('redirected'),
  },
  { fault: 'HTTP 304', happens: status(304), expected: once('redirected') },
  { fault: 'HTTP 400', happens: status(400), expected: once('rejected', /HTTP 400, "Sandbox fault 400"/) },
  {
    fault: 'HTTP 401',
    happens: status(401),
    expected: { login: once('wrong-credentials'), otherwise: once('access-refused') },
  },
  {
    fault: 'HTTP 404',
    happens: status(404),
    // A token that Exabits does not know is as good as deleted.
    expected: { deletion: success, otherwise: once('rejected') },
  },
  {
    fault: 'HTTP 502 with an HTML page',
    happens: status(
      502,
      { 'content-type': 'text/html' },
      '<html><h1>Bad gateway</h1><pre>::error::injected</pre></html>',
    ),
    expected: always('unavailable', /HTTP 502 with content type text\/html/),
  },
  { fault: 'HTTP 503 once', happens: status(503), times: 1, expected: success },
  {
    fault: 'HTTP 999',
    happens: () => raw(['HTTP/1.1 999 Odd', 'Content-Length: 2'], '{}'),
    expected: always('unavailable'),
  },
  { fault: 'HTTP 429', happens: status(429), expected: always('rate-limited') },
  {
    fault: 'HTTP 429 with a Retry-After beyond the deadline',
    happens: status(429, { 'retry-after': '3600' }),
    expected: once('timed-out', /asks to wait 3600 s/),
  },
  {
    fault: 'HTTP 429 once, with Retry-After in seconds',
    happens: status(429, { 'retry-after': '1' }),
    times: 1,
    expected: success,
    atLeastMs: 1_000,
  },
  {
    fault: 'HTTP 429 once, with Retry-After as a date',
    happens: () => {
      const now = Date.now();
      const headers = { date: httpDate(now), 'retry-after': httpDate(now + 1_000) };
      return { effect: 'status', status: 429, headers };
    },
    times: 1,
    expected: success,
    atLeastMs: 1_000,
  },
  {
    fault: 'HTTP 200 with "status": false',
    happens: () => body(text({ status: false, message: 'No, thank you', data: null })),
    expected: {
      login: once('wrong-credentials', /HTTP 200, "No, thank you"/),
      otherwise: once('rejected', /HTTP 200, "No, thank you"/),
    },
  },
];

const bodies: readonly Row[] = [
  {
    fault: 'an empty body',
    happens: () => body(''),
    expected: { deletion: success, otherwise: once('answer-not-json', /is empty/) },
  },
  {
    fault: 'an HTML page',
    happens: () => body('<!doctype html><title>Sign in</title>', 'text/html; charset=utf-8'),
    expected: once('answer-not-json', /content type text\/html; charset=utf-8/),
  },
  {
    fault: 'a content type with workflow commands',
    happens: () => raw([ok, 'Content-Type: x/##[error]y\t::error::z', 'Content-Length: 4'], 'pong'),
    expected: once('answer-not-json'),
  },
  {
    fault: 'a body of 10 MiB',
    happens: () => ({ effect: 'oversized', bytes: 10 * 1024 * 1024 }),
    expected: once('answer-too-large'),
  },
  {
    fault: 'a body of 10 MiB without a content length',
    happens: () => ({ effect: 'oversized', bytes: 10 * 1024 * 1024, chunked: true }),
    expected: once('answer-too-large'),
  },
  {
    fault: 'a content length that is too small',
    happens: (operation) => raw([ok, typed, 'Content-Length: 10'], right(operation)),
    expected: once('answer-not-json'),
  },
  {
    fault: 'a content length that is too large',
    happens: (operation) => raw([ok, typed, 'Content-Length: 5000'], right(operation)),
    expected: always('connection-lost'),
  },
  {
    fault: 'a negative content length',
    happens: (operation) => raw([ok, typed, 'Content-Length: -1'], right(operation)),
    expected: always('connection-lost'),
  },
  {
    fault: 'two content lengths',
    happens: (operation) => raw([ok, typed, 'Content-Length: 5', 'Content-Length: 500'], right(operation)),
    expected: always('connection-lost'),
  },
  {
    fault: 'a content length with chunked encoding',
    happens: (operation) =>
      raw([ok, typed, 'Content-Length: 5', 'Transfer-Encoding: chunked'], right(operation)),
    expected: always('connection-lost'),
  },
  {
    fault: 'chunked encoding without chunk sizes',
    happens: (operation) => raw([ok, typed, 'Transfer-Encoding: chunked'], right(operation)),
    expected: always('connection-lost'),
  },
  {
    fault: 'chunked encoding without a final chunk',
    happens: () => raw([ok, typed, 'Transfer-Encoding: chunked'], '5\r\n{"sta\r\n'),
    expected: always('connection-lost'),
  },
  {
    fault: 'bytes that are not HTTP',
    happens: () => ({ effect: 'raw', bytes: 'SSH-2.0-OpenSSH_9.6\r\n' }),
    expected: always('connection-lost'),
  },
  {
    fault: 'a header of 100 kB',
    happens: (operation) =>
      raw([ok, typed, `X-Long: ${'x'.repeat(100_000)}`, length(right(operation))], right(operation)),
    expected: always('connection-lost'),
  },
  {
    fault: 'a NUL in a header',
    happens: (operation) => raw([ok, typed, 'X-Nul: \0', length(right(operation))], right(operation)),
    expected: always('connection-lost'),
  },
  {
    fault: 'a compressed body that was not requested',
    happens: () => ({ effect: 'gzip' }),
    // The first deletion took effect, so the one by the login gets a 404, which is compressed, too.
    expected: {
      deletion: once('rejected', /HTTP 404 with content type/),
      otherwise: once('answer-not-json', /content encoding gzip/),
    },
  },
  {
    fault: 'a body that claims to be compressed but is not',
    happens: (operation) =>
      raw([ok, typed, 'Content-Encoding: br', length(right(operation))], right(operation)),
    expected: success,
  },
];

// Unit tests cover the content of answers. These rows are about what the runner reads in the log.
const words: readonly Row[] = [
  ...[
    'a\n::error::injected\n::add-mask::Exabits',
    `%0A::error::injected%0D%25\u2028::error::\u001b[2J${'\ud800'}`,
  ].map(
    (message): Row => ({
      fault: `HTTP 503 with the message ${text(message)}`,
      happens: status(503, {}, text({ status: false, message, data: { error_reason: { message } } })),
      expected: always('unavailable'),
    }),
  ),
  field('login', 'username', '##[add-mask]Signed\n::error::injected', success),
  field(
    'login',
    'access_token',
    '\r\n::error::injected-5f21',
    once('answer-malformed', /its "access_token"/),
  ),
  field('creation', 'token', '\r\n::error::injected-5f21', once('answer-malformed', /its "token"/)),
  field('creation', 'id', '1\n::error::injected', once('answer-malformed', /its "id"/)),
];

/** Every fault and its required outcome. */
export const faultMatrix: readonly Row[] = [...addresses, ...transport, ...statuses, ...bodies, ...words];
