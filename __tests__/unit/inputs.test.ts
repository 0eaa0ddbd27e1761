import { describe, expect, test } from '@jest/globals';
import { authenticate } from '../../src/authenticate.ts';
import { md5 } from '../../testbed/exabits/md5.ts';
import { converse } from './support/conversation.ts';
import { apiToken, jwtUntil, loginInputs, password } from './support/exabits.ts';
import { failureOf } from './support/failure.ts';
import { inputsOf } from './support/inputs.ts';
import { silenceOutput } from './support/output.ts';

silenceOutput();

test('missing inputs have the defaults that action.yml promises', async () => {
  expect(await inputsOf({})).toEqual({
    configured: { kind: 'none' },
    endpoint: {
      apiUrl: 'https://gpu-api.exascalelabs.ai',
      apiBaseUrl: 'https://gpu-api.exascalelabs.ai/api/v1',
      name: 'gpu-api.exascalelabs.ai',
    },
    exportEnvironment: true,
    writeHeadersFile: true,
    cleanup: true,
    timeoutMs: 60_000,
    maxAttempts: 5,
    ephemeralApiToken: false,
    staleTokenHours: 168,
    verify: false,
    useExistingCredentials: false,
    jobSummary: false,
    warnings: [],
  });
});

describe('the boolean input', () => {
  const switches = [
    ['export-environment', 'exportEnvironment'],
    ['write-headers-file', 'writeHeadersFile'],
    ['cleanup', 'cleanup'],
    ['ephemeral-api-token', 'ephemeralApiToken'],
    ['verify', 'verify'],
    ['use-existing-credentials', 'useExistingCredentials'],
    ['job-summary', 'jobSummary'],
  ] as const;

  test.each(switches)('%s accepts true and false in any case', async (input, field) => {
    expect(await inputsOf({ [input]: 'true' })).toHaveProperty(field, true);
    expect(await inputsOf({ [input]: ' FALSE ' })).toHaveProperty(field, false);
    expect(await inputsOf({ [input]: 'True' })).toHaveProperty(field, true);
  });

  test.each(switches)('%s rejects anything else and says what it accepts', async (input, _field) => {
    for (const value of ['yes', '1', '0', 'truefalse', 'no']) {
      const failure = await failureOf(() => inputsOf({ [input]: value }));
      expect(failure.code).toBe('invalid-input');
      expect(failure.message).toBe(`Input "${input}" must be true or false, not "${value}".`);
    }
  });
});

describe('the numeric input', () => {
  test.each([
    ['timeout-seconds', 'timeoutMs', 1, 3600, 1000],
    ['max-attempts', 'maxAttempts', 1, 100, 1],
    ['stale-token-hours', 'staleTokenHours', 0, 87_600, 1],
  ] as const)(
    '%s accepts only whole numbers in its range, and says so',
    async (input, field, min, max, unit) => {
      expect(await inputsOf({ [input]: String(min) })).toHaveProperty(field, min * unit);
      expect(await inputsOf({ [input]: ` ${max} ` })).toHaveProperty(field, max * unit);
      expect(await inputsOf({ [input]: '007' })).toHaveProperty(field, 7 * unit);

      const wrong = [
        String(min - 1),
        String(max + 1),
        '1.5',
        '1e1',
        '0x10',
        'ten',
        '-0',
        '+7',
        '7 s',
        'Infinity',
      ];
      for (const value of wrong) {
        const failure = await failureOf(() => inputsOf({ [input]: value }));
        expect(failure.code).toBe('invalid-input');
        expect(failure.message).toBe(
          `Input "${input}" must be a whole number from ${min} to ${max}, not "${value}".`,
        );
      }
    },
  );
});

describe('password-format', () => {
  test('accepts plain and md5 in any case', async () => {
    const plain = { kind: 'password', username: 'ada', passwordMd5: md5(password) };
    expect(await inputsOf({ ...loginInputs, 'password-format': 'Plain' })).toHaveProperty(
      'configured',
      plain,
    );
    const hashed = { username: 'ada', password: md5(password), 'password-format': ' MD5 ' };
    expect(await inputsOf(hashed)).toHaveProperty('configured', plain);
  });

  test('rejects anything else and says what it accepts', async () => {
    const failure = await failureOf(() => inputsOf({ ...loginInputs, 'password-format': 'sha256' }));
    expect(failure.code).toBe('invalid-input');
    expect(failure.message).toBe('Input "password-format" must be plain or md5, not "sha256".');
  });
});

describe('the quoted value of an invalid input', () => {
  test('hides a secret that is there by mistake', async () => {
    const failure = await failureOf(() => inputsOf({ 'api-token': apiToken, verify: apiToken }));
    expect(failure.message).toBe('Input "verify" must be true or false, not "***".');
    const swapped = { username: 'ada', password, 'password-format': password };
    expect((await failureOf(() => inputsOf(swapped))).message).toContain('not "***"');
  });

  test('is one line of sensible length', async () => {
    const failure = await failureOf(() => inputsOf({ verify: `no\n::error::pwned${'!'.repeat(5000)}` }));
    expect(failure.message).toContain('not "no ::error::pwned!!!');
    expect(failure.message.length).toBeLessThan(400);
  });
});

describe('username and password', () => {
  test('must both be set, not only the username', async () => {
    const failure = await failureOf(() => inputsOf({ username: 'ada' }));
    expect(failure.code).toBe('username-without-password');
    expect(failure.message).toMatch(/"username" is set, but "password" is empty.*Set both/);
  });

  test('must both be set, not only the password', async () => {
    const failure = await failureOf(() => inputsOf({ password }));
    expect(failure.code).toBe('password-without-username');
    expect(failure.message).toMatch(/"password" is set, but "username" is empty.*Set both/);
  });

  test('count as no credentials if both are empty', async () => {
    expect((await inputsOf({ username: ' ', password: '' })).configured).toEqual({ kind: 'none' });
  });

  test('ignore white space around the username', async () => {
    const { configured } = await inputsOf({ username: ' ada\n', password });
    expect(configured).toMatchObject({ username: 'ada' });
  });
});

describe('an ephemeral token', () => {
  test('cannot be combined with cleanup: false', async () => {
    const both = { ...loginInputs, 'ephemeral-api-token': 'true', cleanup: 'false' };
    const failure = await failureOf(() => inputsOf(both));
    expect(failure.code).toBe('invalid-input');
    expect(failure.message).toMatch(/"ephemeral-api-token: true" and "cleanup: false".*never expire/);
  });

  test('is accepted with cleanup: true, as is cleanup: false without it', async () => {
    await expect(inputsOf({ 'ephemeral-api-token': 'true', cleanup: 'true' })).resolves.toMatchObject({
      ephemeralApiToken: true,
    });
    await expect(inputsOf({ 'ephemeral-api-token': 'false', cleanup: 'false' })).resolves.toMatchObject({
      cleanup: false,
    });
  });
});

describe('the failure to authenticate has its own code for', () => {
  test.each([
    ['a username alone', { username: 'ada' }, 'username-without-password'],
    ['a password alone', { password }, 'password-without-username'],
    ['an API token with a space', { 'api-token': 'two words' }, 'malformed-api-token'],
    ['an expired API token', { 'api-token': jwtUntil('2020-01-01T00:00:00Z') }, 'expired-api-token'],
  ])('%s', async (_what, inputs, code) => {
    expect(await failureOf(() => inputsOf(inputs))).toMatchObject({ code });
  });

  test('no credentials', async () => {
    const { configured, endpoint } = await inputsOf({});
    const { exabits } = await converse();
    expect(await failureOf(() => authenticate(configured, endpoint, exabits))).toMatchObject({
      code: 'no-credentials',
    });
  });
});
