import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { skipWaits } from './support/clock.ts';
import { converse } from './support/conversation.ts';
import { exabits, loginInputs, no, yes } from './support/exabits.ts';
import { failureOf } from './support/failure.ts';
import { InProcessJob } from './support/job.ts';
import { silenceOutput } from './support/output.ts';

const clock = skipWaits();
silenceOutput();

const path = '/billing/balance';

/** The time limits of the tries, in milliseconds. Those of hanging tries pass at once. */
const limits: number[] = [];
let hanging = 0;

beforeEach(() => {
  limits.length = 0;
  hanging = 0;
  const start = setTimeout;
  jest.spyOn(globalThis, 'setTimeout').mockImplementation((act, ms = 0) => {
    limits.push(ms);
    if (hanging === 0) return start(act, ms);
    hanging -= 1;
    return start(() => {
      clock.skip(ms);
      act();
    }, 5);
  });
});

afterEach(() => {
  jest.mocked(setTimeout).mockRestore();
});

/** Leaves the next requests unanswered. */
function hang(times: number): void {
  hanging = times;
  exabits().get(path).times(times).delay(600_000).reply(200, yes());
}

describe('the deadline', () => {
  test('covers all tries of a request together', async () => {
    exabits().get(path).reply(503, '', { 'Retry-After': '40' });
    exabits().get(path).reply(503, '', { 'Retry-After': '40' });
    const { exabits: api, credential, retries } = await converse();
    const failure = await failureOf(() => api.verify(credential));
    expect(failure.code).toBe('timed-out');
    expect(retries).toHaveLength(1);
  });

  test('covers all requests of a step together', async () => {
    exabits()
      .get(path)
      .reply(200, () => {
        clock.skip(50_000);
        return yes();
      });
    exabits().get(path).reply(503, no('down'), { 'Retry-After': '15' });
    const { exabits: api, credential } = await converse();
    await api.verify(credential);
    const failure = await failureOf(() => api.verify(credential));
    expect(failure.code).toBe('timed-out');
    expect(failure.message).toMatch(/asks to wait 15 s .* (10|9\.\d) s are left/);
  });

  test('has passed if the first request of a step comes too late', async () => {
    const { exabits: api, credential } = await converse({ timeoutMs: 20_000 });
    clock.skip(20_000);
    exabits().get(path).optionally().delay(600_000).reply(200, yes());
    const failure = await failureOf(() => api.verify(credential));
    expect(failure.code).toBe('timed-out');
  });

  test('comes from the input', async () => {
    exabits()
      .post('/authenticate/login')
      .reply(503, () => {
        clock.skip(90_000);
        return no('down');
      });
    const step = await new InProcessJob().main({ ...loginInputs, 'timeout-seconds': '90' });
    expect(step.log).toMatch(
      /^Error: No usable answer from gpu-api\.exascalelabs\.ai within 90 s \(1 try; last error: HTTP 503, "down"\)/,
    );
    expect(step.exitCode).toBe(1);
  });
});

describe('a try that gets no answer', () => {
  test('is given up while there is time for others, and the message counts them', async () => {
    hang(3);
    const { exabits: api, credential, retries } = await converse();
    const failure = await failureOf(() => api.verify(credential));
    expect(failure.code).toBe('timed-out');
    expect(failure.message).toMatch(
      /^No usable answer from gpu-api\.exascalelabs\.ai within 60 s \(\d tries; last error: no answer\)\. Raise/,
    );
    expect(retries[0]).toMatch(/^Try 1 of 5 failed \(GET \/billing\/balance: no answer\)/);
    expect(limits[0]).toBe(20_000);
    expect(limits).toHaveLength(3);
  });

  test('has at least ten seconds, as far as the deadline allows', async () => {
    hang(1);
    exabits().get(path).reply(200, yes());
    const { exabits: api, credential } = await converse({ timeoutMs: 15_000 });
    await api.verify(credential);
    expect(limits[0]).toBe(10_000);
    expect(limits[1]).toBeLessThanOrEqual(5000);
  });

  test.each([
    [40, 13_334],
    [100, 33_334],
  ])('has a third of a deadline of %d seconds, even if that is not a whole number', async (s, ms) => {
    exabits().get(path).reply(200, yes());
    const { exabits: api, credential } = await converse({ timeoutMs: s * 1000 });
    await api.verify(credential);
    expect(limits[0]).toBe(ms);
  });

  test('is followed by one that gets an answer', async () => {
    hang(1);
    exabits().get(path).reply(200, yes());
    const { exabits: api, credential, retries } = await converse();
    await api.verify(credential);
    expect(retries).toEqual([
      expect.stringMatching(/^Try 1 of 5 failed \(GET \/billing\/balance: no answer\)\. Trying again/),
    ]);
  });

  test('is reported as a timeout if it was the only one', async () => {
    hang(1);
    const { exabits: api, credential } = await converse({ maxAttempts: 1 });
    const failure = await failureOf(() => api.verify(credential));
    expect(failure.code).toBe('timed-out');
    expect(failure.message).toMatch(/did not answer within 20 s\. .*\(1 try\)$/);
  });

  test('is replaced in the message by a later error', async () => {
    hang(1);
    exabits()
      .get(path)
      .reply(502, () => {
        clock.skip(60_000);
        return no('bad gateway');
      });
    const { exabits: api, credential } = await converse();
    const failure = await failureOf(() => api.verify(credential));
    expect(failure.code).toBe('timed-out');
    expect(failure.message).toContain('(2 tries; last error: HTTP 502, "bad gateway")');
  });
});
