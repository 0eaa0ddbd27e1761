import { readFileSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { unsignedJwt } from '../../testbed/exabits/jwt.ts';
import { ownerOnly } from '../support/system.ts';
import { stopCalendar } from './support/clock.ts';
import {
  apiUrl,
  email,
  exabits,
  jwtUntil,
  loginInputs,
  passwordMd5,
  username,
  yes,
} from './support/exabits.ts';
import { InProcessJob } from './support/job.ts';

const accessToken = jwtUntil('2026-11-24T12:29:30Z');
const refreshToken = 'opaque-refresh-token';
const login = { access_token: accessToken, refresh_token: refreshToken, username, email };

beforeEach(() => stopCalendar('2026-11-24T12:00:00Z'));

function answerLogin(data: Record<string, unknown> = login): void {
  exabits().post('/authenticate/login').reply(200, yes(data));
}

test('a whole job with a login signs in and clears up', async () => {
  answerLogin();
  const job = new InProcessJob();
  const main = await job.main(loginInputs);
  const post = await job.post(main);

  expect(main.log).toBe(
    'Signed in to gpu-api.exascalelabs.ai as ada. The access token expires at 2026-11-24T12:29:30.000Z; for a longer job set ephemeral-api-token: true.',
  );
  expect(post.log).toBe(
    'Cleared EXABITS_API_URL, EXABITS_API_BASE_URL, EXABITS_AUTH_SOURCE, EXABITS_AUTH_FINGERPRINT, EXABITS_HEADERS_FILE, EXABITS_ACCESS_TOKEN, EXABITS_REFRESH_TOKEN, EXABITS_ACCESS_TOKEN_EXPIRES_AT, the header file.',
  );
  expect([main.exitCode, post.exitCode]).toEqual([0, 0]);
});

test('every output is set', async () => {
  answerLogin();
  const job = new InProcessJob();
  const { outputs } = await job.main(loginInputs);
  expect(outputs).toEqual({
    'auth-method': 'login',
    token: accessToken,
    'access-token': accessToken,
    'refresh-token': refreshToken,
    'api-token': '',
    'api-token-id': '',
    'access-token-expires-at': '2026-11-24T12:29:30.000Z',
    'refresh-token-expires-at': '2026-11-24T14:00:00.000Z',
    username: 'ada',
    email: 'ada@example.com',
    'api-url': apiUrl,
    'api-base-url': `${apiUrl}/api/v1`,
    'headers-file': job.temporaryFiles()[0],
  });
});

test('later steps find the token pair in their environment', async () => {
  answerLogin();
  const job = new InProcessJob();
  const { env } = await job.main(loginInputs);
  expect(env).toEqual({
    EXABITS_API_URL: apiUrl,
    EXABITS_API_BASE_URL: `${apiUrl}/api/v1`,
    EXABITS_AUTH_SOURCE: expect.stringMatching(/^[0-9a-f]{32}$/),
    EXABITS_AUTH_FINGERPRINT: expect.stringMatching(/^[0-9a-f]{32}$/),
    EXABITS_HEADERS_FILE: job.temporaryFiles()[0],
    EXABITS_ACCESS_TOKEN: accessToken,
    EXABITS_REFRESH_TOKEN: refreshToken,
    EXABITS_ACCESS_TOKEN_EXPIRES_AT: '2026-11-24T12:29:30.000Z',
  });
});

describe('the header file', () => {
  test('contains both headers of a login, one per line', async () => {
    answerLogin();
    const { outputs } = await new InProcessJob().main(loginInputs);
    expect(readFileSync(outputs['headers-file'] ?? '', 'utf8')).toBe(
      `Authorization: Bearer ${accessToken}\nrefresh-token: ${refreshToken}\n`,
    );
  });

  test("is in the runner's temporary folder, and only its owner may read it", async () => {
    answerLogin();
    const job = new InProcessJob();
    const { outputs } = await job.main(loginInputs);
    const path = outputs['headers-file'] ?? '';
    expect(dirname(path)).toBe(job.temp);
    expect(statSync(path).mode & 0o777).toBe(ownerOnly);
  });

  test('has a unique name for every invocation', async () => {
    const job = new InProcessJob();
    answerLogin();
    const first = await job.main(loginInputs);
    answerLogin();
    const second = await job.main(loginInputs);
    expect(basename(second.outputs['headers-file'] ?? '')).not.toBe(
      basename(first.outputs['headers-file'] ?? ''),
    );
    expect(job.temporaryFiles()).toHaveLength(2);
  });
});

test('the request contains the MD5 of the password and no other credential', async () => {
  let seen: Request | undefined;
  exabits()
    .post('/authenticate/login', { username: 'ada', password: passwordMd5 })
    .reply(200, (request: Request) => {
      seen = request;
      return yes(login);
    });
  await new InProcessJob().main(loginInputs);

  expect(seen?.headers.get('content-type')).toBe('application/json');
  expect(seen?.headers.get('accept')).toBe('application/json');
  expect(seen?.headers.has('authorization')).toBe(false);
  expect(seen?.headers.has('refresh-token')).toBe(false);
});

describe('the expiry of the tokens', () => {
  test('comes from the JWTs', async () => {
    answerLogin({ ...login, refresh_token: jwtUntil('2026-11-24T13:59:00Z') });
    const { outputs } = await new InProcessJob().main(loginInputs);
    expect(outputs['access-token-expires-at']).toBe('2026-11-24T12:29:30.000Z');
    expect(outputs['refresh-token-expires-at']).toBe('2026-11-24T13:59:00.000Z');
  });

  test('is 30 minutes and 2 hours after the answer if the tokens have none', async () => {
    exabits()
      .post('/authenticate/login')
      .reply(200, () => {
        jest.setSystemTime(Date.parse('2026-11-24T12:00:20Z'));
        return yes({ ...login, access_token: unsignedJwt({ sub: 'ada' }) });
      });
    const { outputs, env } = await new InProcessJob().main(loginInputs);
    expect(outputs['access-token-expires-at']).toBe('2026-11-24T12:30:20.000Z');
    expect(env.EXABITS_ACCESS_TOKEN_EXPIRES_AT).toBe('2026-11-24T12:30:20.000Z');
    expect(outputs['refresh-token-expires-at']).toBe('2026-11-24T14:00:20.000Z');
  });
});

describe('the account', () => {
  test('is the one that Exabits returns', async () => {
    answerLogin({ ...login, username: 'Ada Lovelace', email: 'lovelace@example.com' });
    const { outputs, log } = await new InProcessJob().main(loginInputs);
    expect(outputs).toMatchObject({ username: 'Ada Lovelace', email: 'lovelace@example.com' });
    expect(log).toContain('as Ada Lovelace.');
  });

  test('is the username of the inputs if the answer has none', async () => {
    answerLogin({ access_token: accessToken, refresh_token: refreshToken, username: null });
    const { outputs } = await new InProcessJob().main(loginInputs);
    expect(outputs).toMatchObject({ username: 'ada', email: '' });
  });

  test('contains no secret, not even part of one where it is cut', async () => {
    answerLogin({ ...login, username: `${'x'.repeat(290)}${refreshToken}` });
    const { outputs, log } = await new InProcessJob().main(loginInputs);
    expect(outputs.username).toBe(`${'x'.repeat(290)}***`);
    expect(log).not.toContain(refreshToken.slice(0, 8));
  });

  test('is one line of sensible length, whatever the answer contains', async () => {
    answerLogin({ ...login, username: 'ada\n::error::pwned', email: `${'e'.repeat(5000)}@example.com` });
    const { outputs, lines } = await new InProcessJob().main(loginInputs);
    expect(outputs.username).toBe('ada ::error::pwned');
    expect(outputs.email).toHaveLength(300);
    expect(lines.filter((line) => line.startsWith('::error'))).toEqual([]);
  });
});
