import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { skipWaits, stopCalendar } from './support/clock.ts';
import {
  apiToken,
  ephemeralToken,
  exabits,
  jwtUntil,
  loginInputs,
  no,
  password,
  passwordMd5,
  username,
  yes,
} from './support/exabits.ts';
import { InProcessJob, type Step } from './support/job.ts';

const accessToken = jwtUntil('2026-11-24T12:30:00Z');
const refreshToken = 'opaque-refresh-token';
const login = { access_token: accessToken, refresh_token: refreshToken, username };
const ephemeral = { ...loginInputs, 'ephemeral-api-token': 'true' };

skipWaits();
beforeEach(() => stopCalendar('2026-11-24T12:00:00Z'));

/** A job at an Exabits that accepts everything, and in which order it masks, prints, sends and exports. */
function watchedJob(env: Record<string, string> = {}) {
  const job = new InProcessJob({ RUNNER_DEBUG: '1', ...env });
  const events: string[] = [];
  const note = (event: string): void => {
    const files = (['GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_STATE'] as const).map((name) =>
      job.commandFile(name),
    );
    const exported =
      job.temporaryFiles().length > 0 || files.some((file) => readFileSync(file, 'utf8') !== '');
    if (exported && !events.includes('export')) events.push('export');
    events.push(event);
  };
  job.onLine = note;
  const calls: [string, string, object?][] = [
    ['POST', '/authenticate/login', login],
    ['POST', '/api-tokens', { id: 'tok-1', token: ephemeralToken }],
    ['DELETE', '/api-tokens/tok-1'],
    ['GET', '/billing/balance'],
  ];
  for (const [method, path, data] of calls) {
    const answer = () => {
      note(`${method} ${path}`);
      return yes(data);
    };
    exabits().intercept(path, method).optionally().reply(200, answer);
  }
  return { job, events };
}

const masks = (...secrets: string[]) => secrets.map((secret) => `::add-mask::${secret}`);

describe('before anything else is printed, exported or sent, the step masks', () => {
  const passwords = masks(password, passwordMd5, passwordMd5.toUpperCase());
  const signsIn = ['POST /authenticate/login', ...masks(accessToken, refreshToken)];
  const reuse = { 'use-existing-credentials': 'true' };
  const pair = { EXABITS_ACCESS_TOKEN: accessToken, EXABITS_REFRESH_TOKEN: refreshToken };
  const hashed = { username, password: ` ${passwordMd5}`, 'password-format': 'md5' };

  test.each<[string, Record<string, string>, string[], Record<string, string>?]>([
    ['the password, its MD5 and the tokens of a login', loginInputs, [...passwords, ...signsIn]],
    ['a password that is an MD5', hashed, [...masks(` ${passwordMd5}`), ...passwords.slice(1), ...signsIn]],
    [
      'an ephemeral token',
      ephemeral,
      [...passwords, ...signsIn, 'export', 'POST /api-tokens', ...masks(ephemeralToken)],
    ],
    ['an API token', { ...loginInputs, 'api-token': apiToken }, masks(password, apiToken)],
    ['existing tokens of a login', reuse, masks(accessToken, refreshToken), pair],
    ['an existing API token', reuse, masks(apiToken), { EXABITS_API_TOKEN: apiToken }],
    ['secrets even if another input is invalid', { username, password, verify: 'maybe' }, passwords],
    ['a secret even if its format is invalid', { password, 'password-format': 'x' }, masks(password)],
    ['a secret even if it is invalid itself', { 'api-token': 'two words' }, masks('two words')],
  ])('%s', async (_what, inputs, expected, env = {}) => {
    const { job, events } = watchedJob(env);
    await job.main(inputs);
    expect(events.slice(0, expected.length)).toEqual(expected);
  });

  test('the ephemeral token, again in the post step', async () => {
    const { job, events } = watchedJob();
    const main = await job.main(ephemeral);
    const begin = events.length;
    await job.post(main);
    const post = events.slice(begin);
    expect(post.indexOf('DELETE /api-tokens/tok-1')).toBeGreaterThan(
      post.indexOf(`::add-mask::${ephemeralToken}`),
    );
    expect(post).toEqual(expect.arrayContaining(masks(ephemeralToken)));
  });
});

describe('no secret is printed', () => {
  const secrets = [password, passwordMd5, apiToken, accessToken, refreshToken, ephemeralToken];
  const debug = { RUNNER_DEBUG: '1' };

  function expectNoSecretIn({ lines, summary }: Step, also = ''): void {
    const shown = lines.filter((line) => !line.startsWith('::add-mask::')).join('\n') + summary + also;
    for (const secret of secrets) expect(shown).not.toContain(secret);
  }

  test('or saved in the state, except for the ephemeral token, when everything succeeds', async () => {
    const { job } = watchedJob();
    const main = await job.main({ ...ephemeral, 'job-summary': 'true' });
    const { 'ephemeral-token': token, ...state } = main.state;
    expect([main.exitCode, token]).toEqual([0, ephemeralToken]);
    expectNoSecretIn(main, JSON.stringify(state));
    expectNoSecretIn(await job.post(main));
  });

  const echo = `you sent ${passwordMd5}`;

  test.each<[string, number, object | string, Record<string, string>]>([
    ['refuses the login', 401, no(echo), {}],
    ['does not send JSON', 200, 'text', { 'Content-Type': echo }],
    ['redirects', 302, '', { Location: `https://elsewhere.example/?${echo}` }],
  ])('when the server echoes it and %s', async (_what, status, body, headers) => {
    exabits().post('/authenticate/login').reply(status, body, headers);
    const step = await new InProcessJob(debug).main({ ...loginInputs, 'max-attempts': '1' });
    expect(step.log).toContain('you sent ***');
    expectNoSecretIn(step);
  });

  test('when a connection error contains it, whose stack goes to the debug log', async () => {
    exabits()
      .post('/authenticate/login')
      .replyWithError(new Error(`could not send ${passwordMd5}`));
    const step = await new InProcessJob(debug).main({ ...loginInputs, 'max-attempts': '1' });
    expect(step.debugLog).toContain('could not send ***');
    expectNoSecretIn(step);
  });
});
