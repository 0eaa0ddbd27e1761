import fc from 'fast-check';
import { md5 } from '../../testbed/exabits/md5.ts';

/** The inputs and the environment of a job, as a process can get them: well-formed, and without NUL. */
export interface World {
  readonly inputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  /** The end of the input `api-url`. */
  readonly urlSuffix: string;
  /** How Exabits answers the requests of `main`, in order, and then of `post`. The last answer repeats. */
  readonly answers: { readonly main: readonly ScriptedAnswer[]; readonly post: readonly ScriptedAnswer[] };
  /** The tokens in a correct answer. */
  readonly tokens: ServedTokens;
}

/** The tokens that Exabits returns in correct answers. */
export interface ServedTokens {
  readonly access: string;
  readonly refresh: string;
  readonly api: string;
}

/** How a request is answered. */
export type ScriptedAnswer =
  /** As the API would. */
  | { readonly kind: 'right' }
  /** As the API would, except in one place. */
  | { readonly kind: 'changed'; readonly place: Place; readonly value: unknown }
  /** With something else. */
  | {
      readonly kind: 'other';
      readonly status: number;
      readonly headers: readonly (readonly [string, string])[];
      readonly body: string | Uint8Array;
    }
  /** With a refusal that quotes a secret of the request. */
  | {
      readonly kind: 'quoting';
      readonly status: number;
      readonly quote: Quote;
      readonly before: string;
      readonly after: string;
      readonly where: 'message' | 'deeper' | 'content-type' | 'location';
    }
  /** Not at all. */
  | { readonly kind: 'reset' }
  | { readonly kind: 'closed' };

export const places = [
  'status',
  'message',
  'data',
  'total',
  'access_token',
  'refresh_token',
  'username',
  'email',
  'token',
  'id',
  'name',
  'created_at',
  'entry',
] as const;
export type Place = (typeof places)[number];

export const quotes = [
  'plain',
  'json',
  'uri',
  'base64',
  'base64 one byte on',
  'base64 two bytes on',
  'base64url',
  'upper case',
] as const;
export type Quote = (typeof quotes)[number];

// Sequences that mean something to a server, the toolkit, the runner, a shell, JSON or a terminal.
const fragments = [
  '::',
  '::add-mask::',
  '::error::',
  '::error file=a,line=1::',
  '::set-output name=token::',
  '::stop-commands::pwned',
  '::debug::',
  '##[',
  '##[error]',
  '##[add-mask]Signed',
  '##[stop-commands]pwned',
  ']',
  '%',
  '%0A',
  '%0D',
  '%25',
  '%3A%2C',
  '"',
  "'",
  '\\',
  '\\n',
  '\n',
  '\r\n',
  '\r',
  '\t',
  ' ',
  '  ',
  '\u0085',
  '\u2028',
  '\u2029',
  '\u202e',
  '\u200b',
  '\ufeff',
  '\u001b[2K',
  '\u0007',
  '\ud800',
  '\udfff',
  '😀',
  'é',
  '<b>',
  '&amp;',
  '`id`',
  '$(id)',
  '{{ secrets.X }}',
  '$',
  '|',
  '=',
  '<<EOF',
  'EOF',
  'ghadelimiter_',
  'Bearer ',
  'Authorization: ',
  '***',
  'a',
  'Z',
  '7',
  'secret-of-the-job',
] as const;

/** Any text: of all kinds of characters, of sequences with a meaning, or as people really write it. */
const anyText: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.array(fc.constantFrom(...fragments), { maxLength: 8 }).map((parts) => parts.join('')),
  },
  { weight: 2, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
  { weight: 2, arbitrary: fc.string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 60 }) },
  {
    weight: 1,
    arbitrary: fc
      .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 20 })
      .map((units) => String.fromCharCode(...units)),
  },
);

/** A text that an environment variable can hold. */
const environmentText = anyText.map((text) => text.toWellFormed().replaceAll('\0', ''));

const jwt = fc
  .record({
    kid: fc.uuid(),
    exp: fc.oneof(fc.integer({ min: 1, max: 5_000_000_000 }), fc.double(), fc.string()),
    sub: anyText,
  })
  .map(({ kid, ...claims }) => {
    const part = (json: unknown): string => Buffer.from(JSON.stringify(json)).toString('base64url');
    return `${part({ kid, alg: 'HS256', typ: 'JWT' })}.${part(claims)}.${part(claims.sub)}`;
  });

/** A token that fits into a header. */
const goodToken = fc.oneof(
  fc.string({
    unit: fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code)),
    minLength: 1,
    maxLength: 200,
  }),
  fc.uuid(),
  jwt,
  fc
    .array(fc.constantFrom('::error::', '##[error]', '%0A', '%25', '"', '\\', "'", '***', 'a', '7', '=='), {
      minLength: 1,
      maxLength: 12,
    })
    .map((parts) => parts.join('')),
);

const anyToken = fc.oneof({ weight: 6, arbitrary: goodToken }, { weight: 1, arbitrary: anyText });

const environmentToken = fc.oneof(
  { weight: 9, arbitrary: goodToken },
  { weight: 1, arbitrary: environmentText },
);

const anyJson: fc.Arbitrary<unknown> = fc.oneof(
  anyText,
  anyToken,
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1e308, '', [], {}, 'x'.repeat(20_000)),
);

const headerText = anyText.map((text) => text.replace(/[\0\r\n]|[^\t\x20-\xff]/g, ''));

const header = fc.tuple(
  fc.constantFrom('Content-Type', 'Content-Encoding', 'Retry-After', 'Location', 'X-Other', 'Set-Cookie'),
  fc.oneof(
    headerText,
    fc.constantFrom(
      'application/json',
      'text/html',
      'gzip',
      '0',
      '-1',
      '3600',
      'Fri, 31 Dec 9999 23:59:59 GMT',
      '//elsewhere',
    ),
  ),
);

const status = fc.oneof(
  fc.constantFrom(200, 200, 201, 202, 204, 301, 302, 307, 308, 400, 401, 403, 404, 409, 429, 500, 503),
  fc.integer({ min: 200, max: 599 }),
);

const body: fc.Arbitrary<string | Uint8Array> = fc.oneof(
  anyText,
  fc.uint8Array({ maxLength: 64 }),
  anyJson.map((json) => JSON.stringify(json)),
  fc
    .record({ status: anyJson, message: anyJson, data: anyJson, total: anyJson }, { requiredKeys: [] })
    .map((json) => JSON.stringify(json)),
  anyText.map((message) =>
    JSON.stringify({ status: false, message, data: { message, error_reason: { message } } }),
  ),
);

const padding = fc.oneof(
  fc.nat({ max: 320 }).map((length) => 'y'.repeat(length)),
  anyText,
);

const answer: fc.Arbitrary<ScriptedAnswer> = fc.oneof(
  { weight: 14, arbitrary: fc.constant<ScriptedAnswer>({ kind: 'right' }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('changed' as const),
      place: fc.constantFrom(...places),
      value: anyJson,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('other' as const),
      status,
      headers: fc.array(header, { maxLength: 3 }),
      body,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('quoting' as const),
      status: fc.constantFrom(200, 302, 400, 401, 403, 404, 429, 500, 503),
      quote: fc.constantFrom(...quotes),
      before: padding,
      after: padding,
      where: fc.constantFrom(
        'message' as const,
        'deeper' as const,
        'content-type' as const,
        'location' as const,
      ),
    }),
  },
  { weight: 1, arbitrary: fc.constantFrom<ScriptedAnswer>({ kind: 'reset' }, { kind: 'closed' }) },
);

/** The same, but rarely empty, because an empty input ends a job before it starts. */
const filledText = fc.oneof(
  { weight: 12, arbitrary: environmentText.map((text) => (text.trim() === '' ? `someone${text}` : text)) },
  { weight: 1, arbitrary: environmentText },
);

/** Stands for the address of Exabits, which a world does not know. */
export const addressOfExabits = 'https://address-of-exabits.invalid';

const booleanInput = fc.oneof(
  { weight: 60, arbitrary: fc.constantFrom('true', 'false') },
  { weight: 1, arbitrary: environmentText },
);
const numberInput = (...usual: string[]): fc.Arbitrary<string> =>
  fc.oneof({ weight: 60, arbitrary: fc.constantFrom(...usual) }, { weight: 1, arbitrary: environmentText });

const credentials = fc.oneof(
  { weight: 6, arbitrary: fc.record({ username: filledText, password: filledText }) },
  {
    weight: 2,
    arbitrary: fc.record({
      username: filledText,
      password: environmentText.map(md5),
      'password-format': fc.constantFrom('md5', 'plain'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ 'api-token': environmentToken }) },
  {
    weight: 1,
    arbitrary: fc.record({ username: filledText, password: filledText, 'api-token': environmentText }),
  },
);

const settings = fc.record(
  {
    'export-environment': booleanInput,
    'write-headers-file': booleanInput,
    cleanup: fc.oneof({ weight: 5, arbitrary: fc.constant('true') }, { weight: 1, arbitrary: booleanInput }),
    'ephemeral-api-token': booleanInput,
    verify: booleanInput,
    'use-existing-credentials': booleanInput,
    'job-summary': booleanInput,
    'stale-token-hours': numberInput('0', '1', '168'),
    'max-attempts': numberInput('1', '2', '3'),
  },
  { requiredKeys: [] },
);

const carried = fc.record(
  {
    EXABITS_API_URL: fc.constant(addressOfExabits),
    EXABITS_API_TOKEN: environmentToken,
    EXABITS_API_TOKEN_ENCRYPTED: environmentText,
    EXABITS_ACCESS_TOKEN: environmentToken,
    EXABITS_REFRESH_TOKEN: environmentToken,
    EXABITS_ACCESS_TOKEN_EXPIRES_AT: fc.constantFrom(
      '2099-01-01T00:00:00.000Z',
      '2001-01-01T00:00:00Z',
      'soon',
      '',
    ),
    EXABITS_HEADERS_FILE: fc.constantFrom('', '/dev/null', '/nowhere/at/all'),
    GITHUB_WORKFLOW: environmentText,
    GITHUB_RUN_ID: fc.oneof(fc.constant('1658821493'), environmentText),
    RUNNER_DEBUG: fc.constant('1'),
  },
  { requiredKeys: [] },
);

/** Any job, with any Exabits. */
export const worlds: fc.Arbitrary<World> = fc.record({
  inputs: fc
    .tuple(credentials, settings)
    .map(([one, other]) => ({ ...one, ...other, 'timeout-seconds': '1' })),
  env: carried,
  urlSuffix: fc.constantFrom('', '/', '/api/v1', '/api/v1/'),
  answers: fc.record({
    main: fc.array(answer, { minLength: 1, maxLength: 4 }),
    post: fc.array(answer, { minLength: 1, maxLength: 4 }),
  }),
  tokens: fc.record({ access: anyToken, refresh: anyToken, api: anyToken }),
});
