import { describe, expect, test } from '@jest/globals';
import { EXAMPLE_ACCOUNT } from '../../testbed/exabits/server.ts';
import { expectSuccess, startScenario } from './support/scenario.ts';

const BOOLEANS = [
  'export-environment',
  'write-headers-file',
  'cleanup',
  'ephemeral-api-token',
  'verify',
  'use-existing-credentials',
  'job-summary',
];

const NUMBERS = [
  { name: 'timeout-seconds', min: 1, max: 3_600, wrong: ['0', '3601', '-1', '1.5', 'sixty', '60s', '1e3'] },
  { name: 'max-attempts', min: 1, max: 100, wrong: ['0', '101', '-1', '1.5', 'five'] },
  { name: 'stale-token-hours', min: 0, max: 87_600, wrong: ['87601', '-1', '0.5', 'never'] },
];

describe('An input that is not allowed fails the step before any request', () => {
  test.each(BOOLEANS)('%s must be true or false', async (name) => {
    const scenario = await startScenario();
    for (const wrong of ['yes', '1']) {
      const step = await scenario.logIn({ [name]: wrong });
      expect(scenario.expectFailure(step)).toBe(`Input "${name}" must be true or false, not "${wrong}".`);
    }
    expect(scenario.calls).toEqual([]);
  });

  test.each(NUMBERS)('$name must be a whole number from $min to $max', async ({ name, min, max, wrong }) => {
    const scenario = await startScenario();
    const steps = await Promise.all(wrong.map((text) => scenario.logIn({ [name]: text })));
    expect(steps.map((step) => scenario.expectFailure(step))).toEqual(
      wrong.map((text) => `Input "${name}" must be a whole number from ${min} to ${max}, not "${text}".`),
    );
    expect(scenario.calls).toEqual([]);
  });

  test('password-format must be plain or md5', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn({ 'password-format': 'sha256' });
    expect(scenario.expectFailure(step)).toBe('Input "password-format" must be plain or md5, not "sha256".');
    expect(scenario.calls).toEqual([]);
  });

  test.each([
    ['a password in place of its hash', EXAMPLE_ACCOUNT.password],
    ['a hash of the wrong length', '0123456789abcdef0123456789abcde'],
    ['a hash with another letter', '0123456789abcdef0123456789abcdeg'],
  ])('with password-format md5, %s is refused and not shown', async (_what, password) => {
    const scenario = await startScenario();
    const step = await scenario.logIn({ password, 'password-format': 'md5' });
    expect(scenario.expectFailure(step)).toBe(
      'Input "password" must be an MD5 hash (32 hexadecimal digits), because "password-format" is md5. For the password itself use password-format: plain.',
    );
    expect(scenario.calls).toEqual([]);
  });

  test.each([
    [
      'without a scheme',
      'gpu-api.exascalelabs.ai',
      'begin with https:// and a host, as in https://gpu-api.exascalelabs.ai',
    ],
    [
      'of another scheme',
      'ftp://exabits.invalid',
      'begin with https:// and a host, as in https://gpu-api.exascalelabs.ai',
    ],
    ['with another path', 'https://exabits.invalid/v2', 'be the host alone or end in /api/v1'],
    ['with a query', 'https://exabits.invalid/?a=b', 'be the host alone or end in /api/v1'],
    ['with credentials', 'https://someone:something@exabits.invalid', 'not hold a username or password'],
  ])('an api-url %s is refused', async (_what, url, advice) => {
    const scenario = await startScenario();
    scenario.expectSecret('something@exabits');
    const message = scenario.expectFailure(await scenario.logIn({ 'api-url': url }));
    expect(message).toContain('The input "api-url" must ');
    expect(message).toContain(advice);
  });

  test('a secret that stands in the wrong input is not shown', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn({ cleanup: EXAMPLE_ACCOUNT.password });
    expect(scenario.expectFailure(step)).toBe('Input "cleanup" must be true or false, not "***".');
  });

  test('an input cannot inject a workflow command into the error', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn({ cleanup: 'no\n::warning::injected' });
    expect(scenario.expectFailure(step)).toBe(
      'Input "cleanup" must be true or false, not "no ::warning::injected".',
    );
    expect(step.annotations).toHaveLength(1);
  });
});

describe('Inputs are read as people write them', () => {
  test('upper case, white space around and empty values are fine', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn({
      cleanup: 'TRUE',
      'export-environment': ' False ',
      'write-headers-file': '',
      verify: '',
      'timeout-seconds': ' 30 ',
      'max-attempts': '',
      'stale-token-hours': '',
      'password-format': '',
    });
    expectSuccess(step);
    expect(step.env).toEqual({});
    expect(step.outputs['headers-file']).not.toBe('');
  });

  test('a misspelt input is a warning of the runner and changes nothing', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn({ 'clean-up': 'false' });
    expect(step.outcome).toBe('success');
    expect(step.annotations).toEqual([
      { level: 'warning', message: expect.stringContaining("Unexpected input(s) 'clean-up'") },
    ]);
  });
});
