import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { skipWaits, stopCalendar } from './support/clock.ts';
import { converse } from './support/conversation.ts';
import { apiUrl, exabits, jwtUntil, loginInputs, no, yes } from './support/exabits.ts';
import { failureOf } from './support/failure.ts';
import { InProcessJob } from './support/job.ts';
import { silenceOutput } from './support/output.ts';

const clock = skipWaits();
silenceOutput();

beforeEach(() => {
  clock.waits.length = 0;
});

const path = '/billing/balance';

describe('another try follows', () => {
  test.each([408, 429, 500, 502, 503, 504, 599])('HTTP %d', async (status) => {
    exabits().get(path).reply(status, no('not now'));
    exabits().get(path).reply(200, yes());
    const { exabits: api, credential, retries } = await converse();
    await api.verify(credential);
    expect(retries).toHaveLength(1);
    expect(retries[0]).toMatch(
      new RegExp(
        `^Try 1 of 5 failed \\(GET /billing/balance: HTTP ${status}, "not now"\\)\\. Trying again in [\\d.]+ s\\.$`,
      ),
    );
    expect(clock.waits).toHaveLength(1);
  });

  test.each(['ECONNRESET', 'ECONNREFUSED', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EPIPE', 'ENETUNREACH'])(
    'a failed connection: %s',
    async (code) => {
      exabits()
        .get(path)
        .replyWithError(Object.assign(new Error('it broke'), { code }));
      exabits().get(path).reply(200, yes());
      const { exabits: api, credential, retries } = await converse();
      await api.verify(credential);
      expect(retries).toHaveLength(1);
      expect(retries[0]).toMatch(/^Try 1 of 5 failed \(GET \/billing\/balance: it broke\)/);
    },
  );

  test('different faults in a row', async () => {
    exabits().get(path).reply(503);
    exabits()
      .get(path)
      .replyWithError(Object.assign(new Error('reset'), { code: 'ECONNRESET' }));
    exabits().get(path).reply(429, '');
    exabits().get(path).reply(200, yes());
    const { exabits: api, credential, retries } = await converse();
    await api.verify(credential);
    expect(retries.map((line) => line.replace(/Trying.*/, ''))).toEqual([
      'Try 1 of 5 failed (GET /billing/balance: HTTP 503). ',
      'Try 2 of 5 failed (GET /billing/balance: reset). ',
      'Try 3 of 5 failed (GET /billing/balance: HTTP 429). ',
    ]);
  });

  test('with the same body', async () => {
    const bodies: string[] = [];
    const note = (body: string) => bodies.push(body) > 0;
    exabits().post('/authenticate/login', note).reply(500);
    exabits()
      .post('/authenticate/login', note)
      .reply(200, yes({ access_token: 'a', refresh_token: 'r' }));
    const { exabits: api, passwordMd5 } = await converse();
    await api.login('ada', passwordMd5);
    expect(bodies).toHaveLength(2);
    expect(bodies[1]).toEqual(bodies[0]);
  });
});

describe('the first answer is final', () => {
  test.each([400, 401, 403, 404, 405, 409, 410, 418, 422, 451])('when it is HTTP %d', async (status) => {
    exabits().get(path).reply(status, no('never'));
    const { exabits: api, credential, retries } = await converse();
    await failureOf(() => api.verify(credential));
    expect(retries).toEqual([]);
    expect(clock.waits).toEqual([]);
  });

  test.each([
    ['reports a failure with HTTP 200', 200, no('never')],
    ['is a redirect', 307, ''],
    ['is not JSON', 200, '<html>'],
    ['has the wrong shape', 200, '[]'],
    ['is too large', 200, 'x'.repeat(1024 * 1024 + 1)],
  ])('when it %s', async (_what, status, body) => {
    exabits().get(path).reply(status, body);
    const { exabits: api, credential, retries } = await converse();
    await failureOf(() => api.verify(credential));
    expect(retries).toEqual([]);
  });

  test('so that a wrong password is sent once and cannot lock an account', async () => {
    for (const [status, body] of [
      [401, no('wrong password')],
      [200, no('wrong password')],
    ] as const) {
      exabits().post('/authenticate/login').reply(status, body);
      const step = await new InProcessJob().main(loginInputs);
      expect(step.exitCode).toBe(1);
      expect(step.log).not.toContain('Try');
    }
  });

  test('when the certificate is not trusted', async () => {
    exabits()
      .get(path)
      .replyWithError(Object.assign(new Error('certificate has expired'), { code: 'CERT_HAS_EXPIRED' }));
    const { exabits: api, credential, retries } = await converse();
    expect((await failureOf(() => api.verify(credential))).code).toBe('tls-failed');
    expect(retries).toEqual([]);
  });
});

describe('max-attempts', () => {
  test.each([1, 2, 7])('%d limits the tries of a request', async (maxAttempts) => {
    exabits().get(path).times(maxAttempts).reply(503, no('down'));
    const { exabits: api, credential, retries } = await converse({ maxAttempts, timeoutMs: 3_600_000 });
    const failure = await failureOf(() => api.verify(credential));
    expect(failure.code).toBe('unavailable');
    expect(failure.message).toMatch(
      maxAttempts === 1 ? /\(1 try\)$/ : new RegExp(`\\(${maxAttempts} tries\\)$`),
    );
    expect(retries).toHaveLength(maxAttempts - 1);
  });

  test('applies to each request separately', async () => {
    exabits().get(path).reply(503);
    exabits().get(path).reply(200, yes());
    exabits().get(path).reply(503);
    exabits().get(path).reply(200, yes());
    const { exabits: api, credential } = await converse({ maxAttempts: 2 });
    await api.verify(credential);
    await expect(api.verify(credential)).resolves.toBeUndefined();
  });

  test('comes from the input', async () => {
    exabits().post('/authenticate/login').times(2).reply(500, no('oops'));
    const step = await new InProcessJob().main({ ...loginInputs, 'max-attempts': '2' });
    expect(step.log).toMatch(/^Try 1 of 2 failed.*\nError: .*HTTP 500, "oops".*\(2 tries\)$/);
  });
});

describe('Retry-After', () => {
  beforeEach(() => stopCalendar('2026-11-24T12:00:00Z'));

  test.each([
    ['seconds', 503, '7', 8000],
    ['a date', 503, 'Tue, 24 Nov 2026 12:00:07 GMT', 8000],
    ['seconds, with HTTP 408', 408, '7', 8000],
    ['seconds, with more jitter for HTTP 429', 429, '7', 12_000],
  ])('is respected: %s', async (_what, status, header, longest) => {
    // One draw close to the longest wait, and one without jitter.
    for (const [draw, least] of [
      [0.9, (7000 + longest) / 2],
      [0, 7000],
    ] as const) {
      clock.waits.length = 0;
      jest.spyOn(Math, 'random').mockReturnValue(draw);
      exabits().get(path).reply(status, no('slow down'), { 'Retry-After': header });
      exabits().get(path).reply(200, yes());
      const { exabits: api, credential, retries } = await converse();
      await api.verify(credential);
      jest.mocked(Math.random).mockRestore();
      expect(clock.waits).toHaveLength(1);
      expect(clock.waits[0]).toBeGreaterThanOrEqual(least);
      expect(clock.waits[0]).toBeLessThanOrEqual(longest);
      expect(retries[0]).toMatch(new RegExp(`Trying again in ${Number(clock.waits[0]) / 1000} s\\.$`));
    }
  });

  test.each([
    ['seconds', '61'],
    ['a date', 'Tue, 24 Nov 2026 12:01:01 GMT'],
    ['exactly the time left', '60'],
  ])('beyond the deadline ends the step at once, and the message says so: %s', async (_what, header) => {
    exabits().get(path).reply(429, no('slow down'), { 'Retry-After': header });
    const { exabits: api, credential, retries } = await converse();
    const failure = await failureOf(() => api.verify(credential));
    expect(failure.code).toBe('timed-out');
    expect(failure.message).toMatch(
      /asks to wait 6[01] s before the next try \(1 try; last error: HTTP 429, "slow down"\).*\b60 s are left/,
    );
    expect(failure.message).toContain('"timeout-seconds"');
    expect(retries).toEqual([]);
    expect(clock.waits).toEqual([]);
  });
});

test('the log of a successful step shows a failed try', async () => {
  stopCalendar('2026-11-24T12:00:00Z');
  exabits()
    .post('/authenticate/login')
    .reply(502, '<html>Bad gateway</html>', { 'Content-Type': 'text/html' });
  exabits()
    .post('/authenticate/login')
    .reply(
      200,
      yes({ access_token: jwtUntil('2026-11-24T12:30:00Z'), refresh_token: 'refresh', username: 'ada' }),
    );
  const { log, outputs } = await new InProcessJob().main(loginInputs);
  expect(log.replace(/in [\d.]+ s/, 'in N s')).toBe(
    [
      'Try 1 of 5 failed (POST /authenticate/login: HTTP 502 with content type text/html). Trying again in N s.',
      'Signed in to gpu-api.exascalelabs.ai as ada. The access token expires at 2026-11-24T12:30:00.000Z; for a longer job set ephemeral-api-token: true.',
    ].join('\n'),
  );
  expect(outputs['api-url']).toBe(apiUrl);
});
