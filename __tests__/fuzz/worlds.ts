import fc from 'fast-check';
import { md5 } from '../../testbed/exabits/md5.ts';
import type { Fault } from '../../testbed/exabits/server.ts';

/** A job, as a process can get its inputs and variables: well-formed, and without NUL. And what Exabits does to it. */
export interface World {
  /** The password of the account that the job may sign in to. */
  readonly password: string;
  readonly inputs: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string>>;
  /** How Exabits answers each request of the job; the last answer repeats. */
  readonly answers: readonly Answer[];
}

/** How a request is answered: as the API does, with a fault, or as follows. */
export type Answer =
  | 'right'
  | Fault
  /** As the API does, except for what one field holds. */
  | { readonly changed: string; readonly value: unknown }
  /** With a refusal that quotes the secret of the request everywhere, in one of the forms that the runner masks. */
  | {
      readonly status: number;
      readonly quote: number;
      readonly around: readonly [string, string];
      readonly isJson: boolean;
    };

/** Stands for the address of Exabits, which a world does not know. */
export const ADDRESS = 'https://address-of-exabits.invalid';

// Sequences that mean something to a server, the toolkit, the runner, a shell, JSON or a terminal.
const fragments = [
  ...':: ::add-mask:: ::error:: ::set-output ::debug:: ::stop-commands::pwned ##[ ##[error] ##[add-mask]S ]'.split(
    ' ',
  ),
  ...'% %0A %0D %25 %3A " \' \\ \\n <b> &amp; `id` $(id) {{ $ | = <<EOF EOF ghadelimiter_ *** 😀 é a 7'.split(
    ' ',
  ),
  ...[' ', '  ', '\n', '\r\n', '\r', '\t', '\u0085', '\u2028', '\u2029', '\u202e', '\u200b', '\ufeff'],
  ...['\u001b[2K', '\u0007', '\ud800', '\udfff', 'Bearer '],
];

const unit = (min: number, max: number) => fc.integer({ min, max }).map((code) => String.fromCharCode(code));

/** Any text: of all kinds of characters, of sequences with a meaning, or as people really write it. */
export const anyText: fc.Arbitrary<string> = fc.oneof(
  { weight: 3, arbitrary: fc.string({ unit: fc.constantFrom(...fragments), maxLength: 8 }) },
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: 'grapheme-ascii', minLength: 8, maxLength: 60 }),
  fc.string({ unit: unit(0, 0xffff), maxLength: 20 }),
);

const odd = fc.constantFrom('::error::', '##[error]', '%0A', '%25', '"', '\\', "'", '***', 'a', '==');

/** A token that fits into a header. */
const goodToken = fc.oneof(
  fc.string({ unit: unit(0x21, 0x7e), minLength: 1, maxLength: 200 }),
  fc.uuid(),
  fc.string({ unit: odd, minLength: 1, maxLength: 12 }),
);

const often = <Value>(usual: fc.Arbitrary<Value>, weight: number, rare: fc.Arbitrary<Value>) =>
  fc.oneof({ weight, arbitrary: usual }, { weight: 1, arbitrary: rare });

const anyJson: fc.Arbitrary<unknown> = fc.oneof(
  anyText,
  goodToken,
  fc.jsonValue({ maxDepth: 2 }),
  fc.constantFrom<unknown>(null, true, false, 0, -1, 1e308, '', [], {}, 'x'.repeat(20_000)),
);

const headerValue = fc.oneof(
  anyText.map((text) => text.replace(/[\0\r\n]|[^\t\x20-\xff]/g, '')),
  fc.constantFrom('text/html', 'gzip', '0', '-1', '3600', 'Fri, 31 Dec 9999 23:59:59 GMT', '//elsewhere'),
);
const status = fc.oneof(
  fc.constantFrom(200, 204, 302, 400, 401, 403, 404, 429, 503),
  fc.integer({ min: 200, max: 599 }),
);

const envelope = { status: anyJson, message: anyJson, data: anyJson, total: anyJson };

/** The body of an answer, which may look like one of the API. */
const anyBody: fc.Arbitrary<string> = fc.oneof(
  anyText,
  fc
    .oneof(
      anyJson,
      fc.record(envelope, { requiredKeys: [] }),
      anyText.map((message) => ({ status: false, message, data: { error_reason: { message } } })),
    )
    .map((json) => JSON.stringify(json)),
);

/** Any HTTP answer. */
const anyAnswer = fc
  .record({
    status,
    headers: fc.dictionary(
      fc.constantFrom('content-type', 'content-encoding', 'retry-after', 'location', 'date', 'set-cookie'),
      headerValue,
      { maxKeys: 3 },
    ),
    body: anyBody,
  })
  .map((answer): Fault => ({ answer }));

const places = [
  ...['status', 'message', 'data', 'total', 'access_token', 'refresh_token', 'username', 'email'],
  ...['token', 'id', 'name', 'created_at', 'entry'],
];
const padding = fc.oneof(fc.constantFrom('', 'y'.repeat(300), 'y'.repeat(600)), anyText);

const answer: fc.Arbitrary<Answer> = fc.oneof(
  { weight: 80, arbitrary: fc.constant<Answer>('right') },
  { weight: 20, arbitrary: fc.record({ changed: fc.constantFrom(...places), value: anyJson }) },
  { weight: 15, arbitrary: anyAnswer },
  {
    weight: 15,
    arbitrary: fc.record({
      status,
      quote: fc.nat(100),
      around: fc.tuple(padding, padding),
      isJson: fc.boolean(),
    }),
  },
  {
    weight: 15,
    arbitrary: fc.constantFrom<Fault>(
      { reset: 'received' },
      { reset: 'mid-headers' },
      { reset: 'mid-body' },
      { reset: 'handled' },
      { raw: '' },
    ),
  },
  // Rare, because it takes the whole time limit.
  { weight: 1, arbitrary: fc.constantFrom<Fault>({ hang: 'mid-headers' }) },
);

/** A text that an environment variable can hold. */
const variable = anyText.map((text) => text.toWellFormed().replaceAll('\0', ''));
/** The same, but rarely empty, because an empty input ends a job before it starts. */
const filled = often(
  variable.map((text) => (text.trim() === '' ? `someone${text}` : text)),
  12,
  variable,
);
const token = often(goodToken, 9, variable);
const choice = (...usual: string[]) => often(fc.constantFrom(...usual), 60, variable);
const boolean = choice('true', 'false');

const credentials = fc
  .record({
    username: filled,
    password: filled,
    token,
    format: often(fc.constant('md5'), 3, fc.constant('plain')),
    kind: fc.constantFrom('password', 'md5', 'token', 'both', 'none'),
  })
  .map(({ username, password, token, format, kind }) => ({
    password,
    inputs: {
      password: { username, password },
      md5: { username, password: md5(password), 'password-format': format },
      token: { 'api-token': token },
      both: { username, password, 'api-token': token },
      none: { 'use-existing-credentials': 'true' },
    }[kind],
  }));

const settings = fc.record(
  {
    'export-environment': boolean,
    'write-headers-file': boolean,
    cleanup: often(fc.constant('true'), 5, boolean),
    'ephemeral-api-token': boolean,
    verify: boolean,
    'use-existing-credentials': boolean,
    'job-summary': boolean,
    'max-attempts': choice('1', '2', '3'),
  },
  { requiredKeys: [] },
);

const env = fc.record(
  {
    EXABITS_API_URL: often(fc.constant(ADDRESS), 4, variable),
    EXABITS_API_TOKEN: token,
    EXABITS_API_TOKEN_ENCRYPTED: variable,
    EXABITS_ACCESS_TOKEN: token,
    EXABITS_REFRESH_TOKEN: token,
    EXABITS_ACCESS_TOKEN_EXPIRES_AT: fc.constantFrom('2099-01-01T00:00:00Z', '2001-01-01T00:00:00Z', 'soon'),
    EXABITS_AUTH_SOURCE: variable,
    EXABITS_HEADERS_FILE: fc.constantFrom('', '/dev/null', '/nowhere/at/all'),
    GITHUB_WORKFLOW: variable,
    GITHUB_RUN_ID: often(fc.constant('1658821493'), 1, variable),
  },
  { requiredKeys: [] },
);

/** Any job, with any Exabits. */
export const worlds: fc.Arbitrary<World> = fc
  .record({
    credentials,
    settings,
    url: often(
      fc.constantFrom('', '/', '/api/v1', '/api/v1/').map((end) => ADDRESS + end),
      20,
      fc.constant(''),
    ),
    env,
    answers: fc.array(answer, { minLength: 1, maxLength: 7 }),
  })
  .map(({ credentials: { password, inputs }, settings: others, url, ...rest }) => ({
    ...rest,
    password,
    inputs: { ...others, ...inputs, 'api-url': url, 'timeout-seconds': '1' },
  }));
