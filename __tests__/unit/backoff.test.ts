import { describe, expect, test } from '@jest/globals';
import { backoffMs, httpDate, retryAfterMs } from '../../src/exabits/backoff.ts';

describe('the wait before the next try', () => {
  const almostOne = 0.999999;
  const plenty = 3_600_000;
  const wait = { failedTries: 1, retryAfterMs: 0, crowded: false, remainingMs: plenty };
  const longest = (more: object) => backoffMs({ ...wait, ...more }, almostOne);

  test('doubles from 1 second up to 20, or from 5 if the server has too many requests', () => {
    const waits = (crowded: boolean) =>
      [1, 2, 3, 5, 6, 50].map((failedTries) => longest({ failedTries, crowded }));
    expect(waits(false)).toEqual([1000, 2000, 4000, 16_000, 20_000, 20_000]);
    expect(waits(true)).toEqual([5000, 10_000, 20_000, 20_000, 20_000, 20_000]);
  });

  test('is anything from zero up to that: full jitter', () => {
    const waits = [0, 0.25, 0.5, 0.5001].map((random) => backoffMs({ ...wait, failedTries: 3 }, random));
    expect(waits).toEqual([0, 1000, 2000, 2000]);
    const draws = Array.from({ length: 20 }, () => backoffMs({ ...wait, failedTries: 6 }));
    expect(new Set(draws).size).toBeGreaterThan(10);
  });

  test('starts with what the server asks for', () => {
    expect(backoffMs({ ...wait, retryAfterMs: 7000 }, 0)).toBe(7000);
    expect(longest({ retryAfterMs: 7000 })).toBe(8000);
  });

  test('adds at most half of the time left after that, which allows for another try', () => {
    const late = { failedTries: 6, remainingMs: 3000 };
    expect([0, 2000, 5000].map((ms) => longest({ ...late, retryAfterMs: ms }))).toEqual([1500, 2500, 5000]);
  });
});

describe('Retry-After', () => {
  const now = new Date('2026-11-24T12:00:00Z');

  test.each([
    ['seconds', '120', 120_000],
    ['a date', 'Tue, 24 Nov 2026 12:00:30 GMT', 30_000],
    ['a date in RFC 850 format', 'Tuesday, 24-Nov-26 12:00:30 GMT', 30_000],
    ['a date in asctime format, which is GMT', 'Tue Nov 24 12:00:30 2026', 30_000],
    ['more seconds than a number can hold', '9'.repeat(400), Number.POSITIVE_INFINITY],
    ['a date in the past', 'Tue, 24 Nov 2026 11:59:30 GMT', 0],
    ['missing', undefined, 0],
    ...['1.5', '5 s', 'x5', ''].map((text) => [`invalid (${text})`, text, 0] as const),
  ])('may be %s', (_what, header, ms) => {
    expect(retryAfterMs(header, undefined, now)).toBe(ms);
  });

  test("is relative to the server's clock if the answer has a date", () => {
    const header = 'Tue, 24 Nov 2026 11:50:02 GMT';
    expect(retryAfterMs(header, 'Tue, 24 Nov 2026 11:50:00 GMT', now)).toBe(2000);
    expect(retryAfterMs(header, 'no date', now)).toBe(0);
  });
});

test.each([
  undefined,
  '-5',
  '24 Nov 2026 12:00:30 GMT',
  'on Tue, 24 Nov 2026 12:00:30 GMT',
  'Tuesday',
  'T 5',
])('an HTTP date is not %j', (text) => {
  expect(httpDate(text)).toBeUndefined();
});
