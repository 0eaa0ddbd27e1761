import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { backoffMs, httpDate, retryAfterMs, startDeadline } from '../../src/exabits/backoff.ts';
import { skipWaits, stopCalendar } from './support/clock.ts';

const clock = skipWaits();
const plenty = 3_600_000;

describe('the wait before the next try', () => {
  const almostOne = 0.999999;
  const wait = { failedTries: 1, retryAfterMs: 0, crowded: false, remainingMs: plenty };

  test('doubles from 1 second up to 20', () => {
    const longest = [1, 2, 3, 4, 5, 6, 7, 50].map((failedTries) =>
      backoffMs({ ...wait, failedTries }, almostOne),
    );
    expect(longest).toEqual([1000, 2000, 4000, 8000, 16_000, 20_000, 20_000, 20_000]);
  });

  test('doubles from 5 seconds if the server has too many requests', () => {
    const longest = [1, 2, 3, 4, 50].map((failedTries) =>
      backoffMs({ ...wait, failedTries, crowded: true }, almostOne),
    );
    expect(longest).toEqual([5000, 10_000, 20_000, 20_000, 20_000]);
  });

  test('is anything from zero up to that: full jitter', () => {
    expect(backoffMs({ ...wait, failedTries: 3 }, 0)).toBe(0);
    expect(backoffMs({ ...wait, failedTries: 3 }, 0.25)).toBe(1000);
    expect(backoffMs({ ...wait, failedTries: 3 }, 0.5)).toBe(2000);
  });

  test('is random each time', () => {
    const draws = Array.from({ length: 20 }, () => backoffMs({ ...wait, failedTries: 6 }));
    expect(new Set(draws).size).toBeGreaterThan(10);
  });

  test('starts with what the server asks for', () => {
    expect(backoffMs({ ...wait, retryAfterMs: 7000 }, 0)).toBe(7000);
    expect(backoffMs({ ...wait, retryAfterMs: 7000 }, almostOne)).toBe(8000);
  });

  test('adds at most half of the time left after that, which allows for another try', () => {
    const late = { ...wait, failedTries: 6, remainingMs: 3000 };
    expect(backoffMs(late, almostOne)).toBe(1500);
    expect(backoffMs({ ...late, retryAfterMs: 2000 }, almostOne)).toBe(2500);
    expect(backoffMs({ ...late, retryAfterMs: 5000 }, almostOne)).toBe(5000);
  });

  test('is always a whole number of milliseconds, never shorter than the server asks for', () => {
    fc.assert(
      fc.property(
        fc.record({
          failedTries: fc.integer({ min: 1, max: 100 }),
          retryAfterMs: fc.integer({ min: 0, max: plenty }),
          crowded: fc.boolean(),
          remainingMs: fc.double({ min: 0, max: plenty, noNaN: true }),
        }),
        fc.double({ min: 0, max: almostOne, noNaN: true }),
        (anyWait, random) => {
          const ms = backoffMs(anyWait, random);
          const jitter = ms - anyWait.retryAfterMs;
          return Number.isInteger(ms) && jitter >= 0 && jitter <= 20_000;
        },
      ),
    );
  });
});

describe('Retry-After', () => {
  const now = new Date('2026-11-24T12:00:00Z');

  test.each([
    ['seconds', '120', 120_000],
    ['zero', '0', 0],
    ['a date', 'Tue, 24 Nov 2026 12:00:30 GMT', 30_000],
    ['a date in RFC 850 format', 'Tuesday, 24-Nov-26 12:00:30 GMT', 30_000],
    ['a date in asctime format, which is GMT', 'Tue Nov 24 12:00:30 2026', 30_000],
    ['more seconds than a number can hold', '9'.repeat(400), Number.POSITIVE_INFINITY],
    [
      'the last possible date',
      'Fri, 31 Dec 9999 23:59:59 GMT',
      Date.UTC(9999, 11, 31, 23, 59, 59) - now.getTime(),
    ],
    ['a date in the past', 'Tue, 24 Nov 2026 11:59:30 GMT', 0],
  ])('may be %s', (_what, header, ms) => {
    expect(retryAfterMs(header, undefined, now)).toBe(ms);
  });

  test.each([
    '-5',
    '1.5',
    '5 s',
    'soon',
    'Tuesday',
    'Tuesday evening',
    '2026-11-24T13:00:00Z',
    '',
    '+5',
    'Thu, 01 Foo 2099 99:99:99 GMT',
  ])('is ignored if it is invalid: %s', (header) => {
    expect(retryAfterMs(header, undefined, now)).toBe(0);
  });

  test('may be missing', () => {
    expect(retryAfterMs(undefined, undefined, now)).toBe(0);
  });

  test("is relative to the server's clock if the answer has a date", () => {
    const header = 'Tue, 24 Nov 2026 11:50:02 GMT';
    expect(retryAfterMs(header, 'Tue, 24 Nov 2026 11:50:00 GMT', now)).toBe(2000);
    expect(retryAfterMs(header, 'no date', now)).toBe(0);
  });
});

describe('an HTTP date', () => {
  test('ends with GMT or, in its oldest form, without', () => {
    const date = new Date('2026-11-24T12:00:30Z');
    expect(httpDate('Tue, 24 Nov 2026 12:00:30 GMT')).toEqual(date);
    expect(httpDate('Tue Nov 24 12:00:30 2026')).toEqual(date);
  });

  test.each([undefined, '', '-5', '24 Nov 2026 12:00:30 GMT', 'Tuesday'])('is not %j', (text) => {
    expect(httpDate(text)).toBeUndefined();
  });
});

describe('a deadline', () => {
  test('counts down from its start and never below zero', () => {
    const deadline = startDeadline(10_000);
    expect(deadline.totalMs).toBe(10_000);
    expect(deadline.remainingMs()).toBeGreaterThan(9000);
    expect(deadline.remainingMs()).toBeLessThanOrEqual(10_000);
    clock.skip(6000);
    expect(deadline.remainingMs()).toBeLessThanOrEqual(4000);
    clock.skip(6000);
    expect(deadline.remainingMs()).toBe(0);
  });

  test('does not move when the system clock is set', () => {
    const deadline = startDeadline(10_000);
    stopCalendar('2036-11-24T12:00:00Z');
    expect(deadline.remainingMs()).toBeGreaterThan(9000);
  });
});
