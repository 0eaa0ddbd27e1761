import { beforeEach, describe, expect, test } from '@jest/globals';
import { defaultApiUrl } from '../../src/endpoint.ts';
import { attempt } from '../../src/failure.ts';
import { requireConfigured } from '../../src/inputs/inputs.ts';
import { md5 } from '../../testbed/exabits/md5.ts';
import { stopCalendar } from './support/clock.ts';
import { failureOf } from './support/failure.ts';
import { inputsOf, sweepInputsOf } from './support/inputs.ts';
import { apiToken, jwtUntil, loginInputs, password, passwordMd5, username } from './support/samples.ts';

type Given = Record<string, string>;

beforeEach(() => stopCalendar('2026-11-24T12:00:00Z'));

const messageOf = async (given: Given, env: Given = {}): Promise<string> =>
  (await failureOf(() => inputsOf(given, env))).message;
const connection = {
  ...{ configured: undefined, warnings: [], isEndpointGiven: false, maxAttempts: 5 },
  endpoint: { apiUrl: defaultApiUrl, apiBaseUrl: `${defaultApiUrl}/api/v1`, name: 'gpu-api.exascalelabs.ai' },
};

describe('missing inputs have defaults', () => {
  test('in the main action', async () => {
    expect(await inputsOf({})).toEqual({
      ...{ ...connection, timeoutMs: 60_000, exportEnvironment: true, writeHeadersFile: true, cleanup: true },
      ...{ ephemeralApiToken: false, verify: true, useExistingCredentials: false, jobSummary: false },
    });
  });

  test('in the sweep', async () => {
    expect(await sweepInputsOf({})).toEqual({
      ...{ ...connection, timeoutMs: 300_000, run: undefined, staleTokenHours: 168, dryRun: false },
    });
  });
});

describe('an input', () => {
  test.each([
    ['export-environment', 'exportEnvironment', inputsOf],
    ['write-headers-file', 'writeHeadersFile', inputsOf],
    ['cleanup', 'cleanup', inputsOf],
    ['ephemeral-api-token', 'ephemeralApiToken', inputsOf],
    ['verify', 'verify', inputsOf],
    ['use-existing-credentials', 'useExistingCredentials', inputsOf],
    ['job-summary', 'jobSummary', inputsOf],
    ['dry-run', 'dryRun', sweepInputsOf],
  ] as const)('%s is true or false, in any case', async (input, field, read) => {
    expect(await read({ [input]: 'True' })).toHaveProperty(field, true);
    expect(await read({ [input]: ' FALSE ' })).toHaveProperty(field, false);
    for (const value of ['yes', '1', '0', 'truefalse', 'no']) {
      const { message } = await failureOf(() => read({ [input]: value }));
      expect(message).toBe(`Input "${input}" is "${value}". It must be true or false.`);
    }
  });

  test.each([
    ['timeout-seconds', 'timeoutMs', 1, 3600, 1000, inputsOf],
    ['max-attempts', 'maxAttempts', 1, 100, 1, inputsOf],
    ['stale-token-hours', 'staleTokenHours', 0, 87_600, 1, sweepInputsOf],
  ] as const)('%s is a whole number in its range', async (input, field, min, max, unit, read) => {
    expect(await read({ [input]: String(min) })).toHaveProperty(field, min * unit);
    expect(await read({ [input]: ` ${max} ` })).toHaveProperty(field, max * unit);
    expect(await read({ [input]: '007' })).toHaveProperty(field, 7 * unit);
    const numbers = [String(min - 1), String(max + 1)];
    for (const value of [...numbers, '1.5', '1e1', '0x10', 'ten', '-0', '+7', '7 s', 'Infinity']) {
      const { message } = await failureOf(() => read({ [input]: value }));
      const range = `a whole number from ${min} to ${max}`;
      expect(message).toBe(`Input "${input}" is "${value}". It must be ${range}.`);
    }
  });

  test('is quoted without a secret that is there by mistake, in one line, whole or not at all', async () => {
    for (const name of ['verify', 'export-environment', 'write-headers-file', 'cleanup', 'job-summary'])
      expect(await messageOf({ 'api-token': apiToken, [name]: apiToken })).toContain(`"${name}" is "***".`);
    expect(await messageOf({ username, password, 'password-format': password })).toBe(
      'Input "password-format" is "***". It must be plain or md5.',
    );
    expect(await messageOf({ verify: 'no\n::error::pwned' })).toContain('is "no ::error::pwned".');
    expect(await messageOf({ verify: 'x'.repeat(1001) })).toContain('is "a message of 1,001 characters".');
    const id = { 'api-token': apiToken, 'run-id': apiToken, 'run-attempt': '1' };
    expect((await failureOf(() => sweepInputsOf(id))).message).toContain('"run-id" is "***".');
    const attempt = { 'api-token': apiToken, 'run-id': '1', 'run-attempt': apiToken };
    expect((await failureOf(() => sweepInputsOf(attempt))).message).toContain('"run-attempt" is "***".');
  });
});

describe('username and password', () => {
  const advice =
    "Set both; if it comes from a secret, check the secret's name, and that this workflow may read it.";

  test('must both be set', async () => {
    expect(await messageOf({ username })).toBe(`Input "username" is set, but "password" is empty. ${advice}`);
    expect(await messageOf({ password })).toBe(`Input "password" is set, but "username" is empty. ${advice}`);
    expect((await inputsOf({ username: ' ', password: '\n' })).configured).toBeUndefined();
  });

  test.each<[string, string, string, string?]>([
    ['as the MD5 of its UTF-8, in lower case', 'pä€', '540b092e4e05e80b44d84c8525fdb118'],
    ['with its spaces', ' two words ', md5(' two words ')],
    ['of spaces only', '   ', md5('   ')],
    ['without a line feed at its end', 'secret\n', md5('secret')],
    ['without any line breaks at its end', 'secret\r\n\n', md5('secret')],
    ['with other line breaks', '\nfirst\nsecond\n', md5('\nfirst\nsecond')],
    ['without the byte order mark of an editor', '\ufeffsecret', md5('secret')],
    ['with such a mark inside', 'se\ufeffcret', md5('se\ufeffcret')],
    ['hashed, even if it looks like an MD5', md5('secret'), md5(md5('secret'))],
    ['as it is, if it is an MD5', md5('secret'), md5('secret'), 'md5'],
    ['in lower case, trimmed, if it is one', ` ${md5('secret').toUpperCase()} \n`, md5('secret'), ' MD5 '],
  ])('are sent %s', async (_how, given, hash, format = 'Plain') => {
    const inputs = { username: ` ${username}\n`, password: given, 'password-format': format };
    const { configured } = await inputsOf(inputs);
    expect(configured).toMatchObject({ kind: 'password', username, md5: hash });
  });

  test.each([
    [passwordMd5, true],
    [` ${passwordMd5.toUpperCase()}\t`, true],
    [passwordMd5.slice(1), false],
    [`${passwordMd5}0`, false],
    [`${passwordMd5}\n${passwordMd5}`, false],
    [`g${passwordMd5.slice(1)}`, false],
  ])('may look like an MD5, or not be one: %j', async (text, isHash) => {
    const read = (format: string) =>
      attempt(() => inputsOf({ username, password: text, 'password-format': format }));
    expect((await read('plain')).result?.configured).toHaveProperty('looksHashed', isHash);
    const { result, failure } = await read('md5');
    expect(failure?.message ?? result?.configured).toEqual(
      isHash
        ? expect.objectContaining({ looksHashed: false })
        : 'Input "password" is not an MD5 hash (32 hexadecimal digits), but "password-format" is md5. Store the digits alone, without the "-" of md5sum; for the password itself use password-format: plain.',
    );
  });
});

describe('an API token', () => {
  test.each([
    ['is the only credential', {}, []],
    ['wins over a username', { username }, [expect.stringMatching(/^Both /)]],
    ['wins over a password', { password }, [expect.stringMatching(/^Both /)]],
  ])('%s', async (_what, others, warnings) => {
    const { configured, warnings: said } = await inputsOf({ ...others, 'api-token': ` ${apiToken}\n` });
    expect([configured, said]).toEqual([
      { kind: 'api-token', token: apiToken, expiresAt: undefined },
      warnings,
    ]);
  });

  test('with a defect is refused without being quoted', async () => {
    expect(await messageOf({ 'api-token': `Bearer ${apiToken}` })).toBe(
      'Input "api-token" contains a space. Copy the token alone, without "Bearer" or quotation marks, and store it again.',
    );
  });

  test('has an expiry if it is a JWT that says so', async () => {
    const { configured } = await inputsOf({ 'api-token': jwtUntil('2026-11-24T12:00:01Z') });
    expect(configured).toHaveProperty('expiresAt', new Date('2026-11-24T12:00:01Z'));
    expect(await messageOf({ 'api-token': jwtUntil('2026-11-24T12:00:00Z') })).toBe(
      'The API token expired at 2026-11-24T12:00:00.000Z. Create a new one in the Exabits console and store it as the secret.',
    );
  });
});

test('an ephemeral token excludes cleanup: false', async () => {
  expect(await messageOf({ 'ephemeral-api-token': 'true', cleanup: 'false' })).toBe(
    'Inputs "ephemeral-api-token: true" and "cleanup: false" exclude each other: the token would never expire and never be deleted. Remove one of them.',
  );
  await expect(inputsOf({ cleanup: 'false' })).resolves.toMatchObject({ cleanup: false });
});

describe("the step's own credentials", () => {
  const elsewhere = 'https://reseller.example';

  test.each<[string, Given, Given]>([
    ['the default host', {}, {}],
    ['it, if the variable is blank', {}, { EXABITS_API_URL: ' ' }],
    ['it, as the variable says, too', {}, { EXABITS_API_URL: ` ${defaultApiUrl}:443/api/v1/ ` }],
    ['the host of the input', { 'api-url': elsewhere }, { EXABITS_API_URL: 'nowhere' }],
  ])('go to %s', async (_where, given, env) => {
    const inputs = await inputsOf({ ...loginInputs, ...given }, env);
    expect([requireConfigured(inputs), inputs.endpoint.apiUrl]).toEqual([
      ...[inputs.configured, given['api-url'] ?? defaultApiUrl],
    ]);
  });

  test('never go to a host that a variable alone names', async () => {
    const inputs = await inputsOf(loginInputs, { EXABITS_API_URL: `${elsewhere}/` });
    expect(inputs.endpoint.apiUrl).toBe(elsewhere);
    expect((await failureOf(() => requireConfigured(inputs))).message).toBe(
      `The variable EXABITS_API_URL names https://reseller.example, but the input "api-url" is empty, which means https://gpu-api.exascalelabs.ai. The step's own credentials were not sent. If you mean the host of the variable, set api-url: \${{ env.EXABITS_API_URL }}, or \${{ vars.EXABITS_API_URL }} if it is a variable of the repository. If you mean the other, set api-url to it.`,
    );
  });

  test.each(['https://eu.exascalelabs.ai', `${defaultApiUrl}:8443`])('nor to %s', async (variable) => {
    const inputs = await inputsOf(loginInputs, { EXABITS_API_URL: variable });
    expect((await failureOf(() => requireConfigured(inputs))).message).toContain('were not sent');
  });

  test('must be given', async () => {
    expect((await failureOf(async () => requireConfigured(await inputsOf({})))).message).toBe(
      'No credentials. Set the inputs username and password, or api-token. If they come from secrets, check the names, and that the secrets exist here: workflows from forks and Dependabot get none.',
    );
  });

  test('need a valid address, whoever gave it', async () => {
    expect(await messageOf({ 'api-url': 'nowhere' })).toMatch(/^The input "api-url" must be a URL/);
    expect(await messageOf({}, { EXABITS_API_URL: 'x' })).toMatch(/^The variable EXABITS_API_URL must be/);
  });
});

describe('the run that has ended', () => {
  test.each([
    ['1', '1'],
    [' 12345678901234567890 ', '9999999999'],
  ])('has the id %s and the attempt %s', async (id, attempt) => {
    const { run } = await sweepInputsOf({ 'run-id': id, 'run-attempt': attempt });
    expect(run).toEqual({ id: id.trim(), attempt: Number(attempt) });
  });

  test.each([
    ['1', ''],
    ['', '1'],
  ])('needs both id and attempt, or neither: "%s", "%s"', async (id, attempt) => {
    const { message } = await failureOf(() => sweepInputsOf({ 'run-id': id, 'run-attempt': attempt }));
    expect(message).toBe(
      'Inputs "run-id" and "run-attempt" belong together: a re-run that is under way has the same id. Set both or neither.',
    );
  });

  test.each(['0', '-1', '1e3', '1.5', '0x1', '01', 'x', '9'.repeat(21), '.*', '1 2'])(
    'is a number, not "%s"',
    async (id) => {
      const { message } = await failureOf(() => sweepInputsOf({ 'run-id': id, 'run-attempt': '1' }));
      expect(message).toBe(`Input "run-id" is "${id}". It must be the number of a workflow run.`);
    },
  );

  test('has an attempt of at least 1', async () => {
    const { message } = await failureOf(() => sweepInputsOf({ 'run-id': '1', 'run-attempt': '0' }));
    expect(message).toBe('Input "run-attempt" is "0". It must be a whole number from 1 to 9999999999.');
  });
});
