import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { unsignedJwt } from '../../testbed/exabits/jwt.ts';
import { stopCalendar } from './support/clock.ts';
import { apiToken, apiUrl, jwtUntil, loginInputs } from './support/exabits.ts';
import { InProcessJob } from './support/job.ts';

beforeEach(() => stopCalendar('2026-11-24T12:00:00Z'));

test('a whole job with an API token makes no request', async () => {
  const job = new InProcessJob();
  const main = await job.main({ 'api-token': apiToken });
  const post = await job.post(main);

  expect(main.log).toBe(
    'Using the API token for gpu-api.exascalelabs.ai. It was not checked: set verify: true to find out here whether it works.',
  );
  expect(post.log).toBe(
    'Cleared EXABITS_API_URL, EXABITS_API_BASE_URL, EXABITS_AUTH_SOURCE, EXABITS_AUTH_FINGERPRINT, EXABITS_HEADERS_FILE, EXABITS_API_TOKEN, the header file.',
  );
  expect([main.exitCode, post.exitCode]).toEqual([0, 0]);
});

test('every output is set', async () => {
  const job = new InProcessJob();
  const { outputs } = await job.main({ 'api-token': apiToken });
  expect(outputs).toEqual({
    'auth-method': 'api-token',
    token: apiToken,
    'access-token': '',
    'refresh-token': '',
    'api-token': apiToken,
    'api-token-id': '',
    'access-token-expires-at': '',
    'refresh-token-expires-at': '',
    username: '',
    email: '',
    'api-url': apiUrl,
    'api-base-url': `${apiUrl}/api/v1`,
    'headers-file': job.temporaryFiles()[0],
  });
});

test('later steps find the token in their environment', async () => {
  const job = new InProcessJob();
  const { env } = await job.main({ 'api-token': apiToken });
  expect(env).toEqual({
    EXABITS_API_URL: apiUrl,
    EXABITS_API_BASE_URL: `${apiUrl}/api/v1`,
    EXABITS_AUTH_SOURCE: expect.stringMatching(/^[0-9a-f]{32}$/),
    EXABITS_AUTH_FINGERPRINT: expect.stringMatching(/^[0-9a-f]{32}$/),
    EXABITS_HEADERS_FILE: job.temporaryFiles()[0],
    EXABITS_API_TOKEN: apiToken,
  });
});

test('the header file contains the one header of an API token', async () => {
  const { outputs } = await new InProcessJob().main({ 'api-token': apiToken });
  expect(readFileSync(outputs['headers-file'] ?? '', 'utf8')).toBe(`Authorization: Bearer ${apiToken}\n`);
});

test('white space around the token is ignored', async () => {
  const { outputs } = await new InProcessJob().main({ 'api-token': ` ${apiToken}\n` });
  expect(outputs.token).toBe(apiToken);
});

describe('an API token', () => {
  test('wins over username and password, and a warning says so', async () => {
    const { outputs, log } = await new InProcessJob().main({ ...loginInputs, 'api-token': apiToken });
    expect(outputs['auth-method']).toBe('api-token');
    expect(log).toMatch(/^Warning: Both .*api-token is used.*no login happens/);
  });

  test.each(['username', 'password'])('causes the warning with a lone %s, too', async (name) => {
    const { outputs, log } = await new InProcessJob().main({ [name]: 'left over', 'api-token': apiToken });
    expect(outputs['auth-method']).toBe('api-token');
    expect(log).toMatch(/^Warning: .*api-token is used/);
  });

  test('causes no warning on its own', async () => {
    const { log } = await new InProcessJob().main({ 'api-token': apiToken });
    expect(log).not.toContain('Warning');
  });
});

describe('a token that is a JWT', () => {
  test('has its expiry in the outputs and in the log', async () => {
    const { outputs, log } = await new InProcessJob().main({ 'api-token': jwtUntil('2026-11-25T00:00:00Z') });
    expect(outputs['access-token-expires-at']).toBe('2026-11-25T00:00:00.000Z');
    expect(outputs['refresh-token-expires-at']).toBe('');
    expect(log).toBe(
      'Using the API token for gpu-api.exascalelabs.ai, which expires at 2026-11-25T00:00:00.000Z. It was not checked: set verify: true to find out here whether it works.',
    );
  });

  test('and has no expiry is exported like any other', async () => {
    const token = unsignedJwt({ sub: 'ada' });
    const { outputs } = await new InProcessJob().main({ 'api-token': token });
    expect(outputs).toMatchObject({ token, 'access-token-expires-at': '' });
  });

  test.each([
    ['a second ago', '2026-11-24T11:59:59Z'],
    ['at this moment', '2026-11-24T12:00:00Z'],
  ])('and expired %s is refused without a request', async (_when, expiry) => {
    const { log, exitCode } = await new InProcessJob().main({ 'api-token': jwtUntil(expiry) });
    expect(log).toMatch(/^Error: The API token expired at 2026-11-24T1\d:\d\d:\d\d\.000Z\. Create a new one/);
    expect(exitCode).toBe(1);
  });

  test('and expires in a second is accepted', async () => {
    const { exitCode } = await new InProcessJob().main({ 'api-token': jwtUntil('2026-11-24T12:00:01Z') });
    expect(exitCode).toBe(0);
  });
});

describe('a malformed token is refused:', () => {
  test.each([
    ['one with a line break', 'first-half\nsecond-half', /contains a line break/],
    ['one with a carriage return', 'first-half\rsecond-half', /contains a line break/],
    ['one with a space', 'first-half second-half', /contains a space/],
    ['one with "Bearer" in front', `Bearer ${apiToken}`, /contains a space.*without "Bearer"/],
    ['one with a non-ASCII letter', 'exa-tökén', /not allowed in an HTTP header/],
    ['one with a control character', 'exa-\u0007-token', /not allowed in an HTTP header/],
    ['one that is too long', 'x'.repeat(16_385), /longer than 16384 characters/],
  ])('%s', async (_name, token, words) => {
    const { log, exitCode, outputs } = await new InProcessJob().main({ 'api-token': token });
    expect(log).toMatch(words);
    expect(log).toMatch(/^Error: Input "api-token" /);
    expect(log).not.toContain('half');
    expect(exitCode).toBe(1);
    expect(outputs).toEqual({});
  });

  test('but one of the maximum length is accepted', async () => {
    const { exitCode } = await new InProcessJob().main({ 'api-token': 'x'.repeat(16_384) });
    expect(exitCode).toBe(0);
  });
});
