import { readFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from '@jest/globals';
import type nock from 'nock';
import { skipWaits, stopCalendar } from './support/clock.ts';
import {
  apiToken,
  email,
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
const login = { access_token: accessToken, refresh_token: refreshToken, username, email };
const created = { id: 'tok-1', token: ephemeralToken };

skipWaits();
beforeEach(() => stopCalendar('2026-11-24T12:00:00Z'));

/** Expects the lines to be only masks, and to include these secrets. */
function expectMasks(lines: readonly string[], ...secrets: string[]): void {
  expect(lines.filter((line) => !line.startsWith('::add-mask::'))).toEqual([]);
  expect(lines).toEqual(expect.arrayContaining(secrets.map((secret) => `::add-mask::${secret}`)));
}

/** The lines before the first that is not a mask. */
function firstMasks({ lines }: Step): readonly string[] {
  const end = lines.findIndex((line) => !line.startsWith('::add-mask::'));
  return lines.slice(0, end < 0 ? lines.length : end);
}

/** Lets Exabits answer a request, and returns what the job had printed by then. */
function printedBefore(job: InProcessJob, request: nock.Interceptor, data: unknown): () => readonly string[] {
  const printed: string[] = [];
  job.onLine = (line) => printed.push(line);
  let whenSent: readonly string[] = [];
  request.reply(200, () => {
    whenSent = [...printed];
    return yes(data);
  });
  return () => whenSent;
}

/** Whether the step has written anything to the runner's files or to the header file. */
function handedOn(job: InProcessJob): boolean {
  const files = [
    job.commandFile('GITHUB_ENV'),
    job.commandFile('GITHUB_OUTPUT'),
    job.commandFile('GITHUB_STATE'),
  ];
  return job.temporaryFiles().length > 0 || files.some((file) => readFileSync(file, 'utf8') !== '');
}

describe('before it prints, exports or sends anything else, the step masks', () => {
  test('the password and its MD5', async () => {
    const job = new InProcessJob();
    const whenSent = printedBefore(job, exabits().post('/authenticate/login'), login);
    await job.main(loginInputs);
    expectMasks(whenSent(), password, passwordMd5);
  });

  test('a password stored as its MD5, in upper and lower case', async () => {
    const job = new InProcessJob();
    const whenSent = printedBefore(job, exabits().post('/authenticate/login'), login);
    await job.main({ username, password: ` ${passwordMd5} `, 'password-format': 'md5' });
    expectMasks(whenSent(), ` ${passwordMd5} `, passwordMd5, passwordMd5.toUpperCase());
  });

  test('both tokens of a login', async () => {
    exabits().post('/authenticate/login').reply(200, yes(login));
    const job = new InProcessJob();
    const handedOnAt = new Map<string, boolean>();
    job.onLine = (line) => handedOnAt.set(line, handedOn(job));
    const step = await job.main(loginInputs);

    expectMasks(firstMasks(step), password, passwordMd5, accessToken, refreshToken);
    expect(firstMasks(step).map((line) => handedOnAt.get(line))).not.toContain(true);
    expect(handedOn(job)).toBe(true);
  });

  test('an API token', async () => {
    const job = new InProcessJob();
    const handedOnAt = new Map<string, boolean>();
    job.onLine = (line) => handedOnAt.set(line, handedOn(job));
    const step = await job.main({ ...loginInputs, 'api-token': apiToken });
    expectMasks(firstMasks(step), password, apiToken);
    expect(handedOnAt.get(`::add-mask::${apiToken}`)).toBe(false);
    expect(step.log).toMatch(/^Warning: /);
  });

  test('the tokens of the login that creates an ephemeral token, and then that token', async () => {
    const job = new InProcessJob();
    exabits().post('/authenticate/login').reply(200, yes(login));
    const whenSent = printedBefore(job, exabits().post('/api-tokens'), created);
    const step = await job.main({ ...loginInputs, 'ephemeral-api-token': 'true' });
    expectMasks(whenSent(), password, passwordMd5, accessToken, refreshToken);
    expectMasks(firstMasks(step), ephemeralToken);
  });

  test('existing credentials', async () => {
    const first = { EXABITS_ACCESS_TOKEN: accessToken, EXABITS_REFRESH_TOKEN: refreshToken };
    const step = await new InProcessJob(first).main({ 'use-existing-credentials': 'true' });
    expect(step.outputs['auth-method']).toBe('existing');
    expectMasks(firstMasks(step), accessToken, refreshToken);

    const other = await new InProcessJob({ EXABITS_API_TOKEN: apiToken }).main({
      'use-existing-credentials': 'true',
    });
    expect(other.outputs['auth-method']).toBe('existing');
    expectMasks(firstMasks(other), apiToken);
  });

  test('secrets even if an input is invalid', async () => {
    const step = await new InProcessJob().main({ username, password, verify: 'maybe' });
    expectMasks(firstMasks(step), password, passwordMd5);
    expect(step.log).toMatch(/^Error: Input "verify"/);
    const other = await new InProcessJob().main({ 'api-token': 'two words' });
    expectMasks(firstMasks(other), 'two words');
    expect(other.log).toMatch(/^Error: Input "api-token"/);
  });

  test('the ephemeral token, again in the post step', async () => {
    const job = new InProcessJob();
    exabits().post('/authenticate/login').reply(200, yes(login));
    exabits().post('/api-tokens').reply(200, yes(created));
    const main = await job.main({ ...loginInputs, 'ephemeral-api-token': 'true', 'stale-token-hours': '0' });
    const whenSent = printedBefore(job, exabits().delete('/api-tokens/tok-1'), null);
    await job.post(main);
    expect(whenSent()).toContain(`::add-mask::${ephemeralToken}`);
  });
});

describe('no secret is printed or saved in the state', () => {
  const secrets = [password, passwordMd5, apiToken, accessToken, refreshToken, ephemeralToken];
  const echo = `you sent ${password} (${encodeURIComponent(password)}, ${btoa(password)}) and ${passwordMd5}`;

  function expectNoSecretIn({ lines, state }: Step): void {
    const shown = lines.filter((line) => !line.startsWith('::add-mask::')).join('\n') + JSON.stringify(state);
    for (const secret of secrets) {
      for (const form of [secret, encodeURIComponent(secret), btoa(secret)])
        expect(shown).not.toContain(form);
    }
  }

  const debug = { RUNNER_DEBUG: '1' };

  test('when everything succeeds', async () => {
    const job = new InProcessJob(debug);
    exabits().post('/authenticate/login').reply(200, yes(login));
    exabits().post('/api-tokens').reply(200, yes(created));
    exabits().get('/billing/balance').reply(200, yes());
    const main = await job.main({
      ...loginInputs,
      'ephemeral-api-token': 'true',
      verify: 'true',
      'job-summary': 'true',
    });
    expect(main.exitCode).toBe(0);
    expectNoSecretIn(main);
    for (const secret of secrets) expect(main.summary).not.toContain(secret);

    exabits()
      .get('/api-tokens')
      .query(true)
      .reply(200, yes([], { total: 0 }));
    exabits().delete('/api-tokens/tok-1').reply(200, yes());
    expectNoSecretIn(await job.post(main));
  });

  test.each([
    ['refuses the login', 401, no(echo)],
    ['reports a failure with HTTP 200', 200, no(echo)],
    ['refuses the request', 400, no(echo)],
    ['does not send JSON', 200, 'text'],
  ])('when the server echoes it and %s', async (_what, status, body) => {
    exabits().post('/authenticate/login').reply(status, body, { 'Content-Type': echo });
    const step = await new InProcessJob(debug).main(loginInputs);
    expect(step.exitCode).toBe(1);
    expect(step.log).toContain('you sent *** (***, ***) and ***');
    expectNoSecretIn(step);
  });

  test('when the server returns a malformed token', async () => {
    exabits()
      .post('/authenticate/login')
      .reply(200, yes({ ...login, refresh_token: 'two words' }));
    const step = await new InProcessJob(debug).main(loginInputs);
    expect(step.exitCode).toBe(1);
    expectNoSecretIn(step);
    expect(step.log + step.debugLog).not.toContain('two words');
  });

  test('when a redirect contains it', async () => {
    const location = `https://elsewhere.example/?password=${encodeURIComponent(password)}&md5=${passwordMd5}`;
    exabits().post('/authenticate/login').reply(302, '', { Location: location });
    const step = await new InProcessJob(debug).main(loginInputs);
    expect(step.log).toContain('https://elsewhere.example/?password=***&md5=***');
    expectNoSecretIn(step);
  });

  test('when every failed try echoes it', async () => {
    exabits()
      .post('/authenticate/login')
      .times(5)
      .reply(503, no(`no ${password}, no ${passwordMd5}`));
    const step = await new InProcessJob(debug).main(loginInputs);
    expect(step.log).toContain('Try 1 of 5 failed');
    expectNoSecretIn(step);
  });

  test('when a connection error contains it, and its stack goes to the debug log', async () => {
    exabits()
      .post('/authenticate/login')
      .times(5)
      .replyWithError(new Error(`could not send ${password} or ${passwordMd5}`));
    const step = await new InProcessJob(debug).main(loginInputs);
    expect(step.debugLog).toContain('could not send *** or ***');
    expectNoSecretIn(step);
  });

  test('when the API token is refused', async () => {
    exabits()
      .get('/billing/balance')
      .reply(401, no(`unknown token ${apiToken}`));
    const step = await new InProcessJob(debug).main({ 'api-token': apiToken, verify: 'true' });
    expect(step.exitCode).toBe(1);
    expectNoSecretIn(step);
  });
});

describe('text from the server', () => {
  async function logOf(status: number, message: string): Promise<Step> {
    exabits().post('/authenticate/login').reply(status, no(message));
    return new InProcessJob().main(loginInputs);
  }

  test('cannot start a line, and so cannot be a workflow command', async () => {
    const message =
      'no\n::set-output name=token::evil\r::stop-commands::x\u2028::add-mask::y\u0085::error::z';
    const { lines } = await logOf(400, message);
    expect(lines.filter((line) => /^::(?!add-mask|error|debug)/.test(line))).toEqual([]);
    expect(lines.filter((line) => line.startsWith('::error'))).toHaveLength(1);
    expect(lines.join('\n')).toContain('no ::set-output name=token::evil ::stop-commands::x ::add-mask::y');
  });

  test('cannot be an old-style workflow command, which the runner finds anywhere in a line', async () => {
    exabits().post('/authenticate/login').reply(503, no('##[set-output name=token]evil'));
    exabits()
      .post('/authenticate/login')
      .reply(200, yes({ ...login, username: '##[add-mask]e' }));
    const { log, lines } = await new InProcessJob().main(loginInputs);
    expect(lines.join('\n')).not.toContain('##[');
    expect(log).toContain('set-output name=token');
    expect(log).toContain('add-mask');
  });

  test('cannot colour or reorder the log', async () => {
    const { log } = await logOf(400, '\u001b[31mred\u202edlrow');
    expect(log).toContain('[31mred dlrow');
    expect(log).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  test('is cut to a sensible length', async () => {
    const { log, debugLog } = await logOf(400, 'so sorry '.repeat(10_000));
    expect(log).toContain('so sorry so sorry');
    expect(log.length).toBeLessThan(600);
    for (const line of debugLog.split('\n')) expect(line.length).toBeLessThanOrEqual(300);
  });

  test('is quoted when it is useful', async () => {
    const { log } = await logOf(401, 'Account is locked until noon');
    expect(log).toContain('"Account is locked until noon"');
  });
});
