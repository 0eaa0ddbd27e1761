/** A limit on time that several requests share. */
export interface Deadline {
  /** Milliseconds, from start to end. */
  readonly totalMs: number;
  /** Milliseconds that are left, never below 0. */
  remainingMs(): number;
}

/**
 * Starts a deadline.
 *
 * @param totalMs milliseconds from now
 * @returns the deadline
 */
export function startDeadline(totalMs: number): Deadline {
  const end = monotonicMs() + totalMs;
  return { totalMs, remainingMs: () => Math.max(0, end - monotonicMs()) };
}

// `performance.now()` would say the same, but loads nine or more of Node's modules.
function monotonicMs(): number {
  return process.uptime() * 1000;
}

const firstCeilingMs = 1_000;
/** Who is told to slow down is one of many: 256 jobs need this much room to spread (docs/scaling.md). */
const firstCeilingInCrowdMs = 5_000;
const highestCeilingMs = 20_000;

export interface Wait {
  /** How many tries have failed, from 1. */
  readonly failedTries: number;
  /** What the server asked for, in milliseconds; 0 when it asked for nothing. */
  readonly retryAfterMs: number;
  /** Whether the server said that there are too many requests. */
  readonly crowded: boolean;
  /** What is left of the deadline, in milliseconds. */
  readonly remainingMs: number;
}

/**
 * How long to wait before the next try: exponential backoff with full jitter, so that many jobs which failed
 * together do not come back together. What the server asked for is waited out first, the jitter comes on top.
 *
 * @param wait what is known about the wait
 * @param random a number from 0 (included) to 1
 * @returns milliseconds; they leave time for another try unless the server's wish alone leaves none
 */
export function backoffMs(wait: Wait, random = Math.random()): number {
  const { failedTries, retryAfterMs, crowded, remainingMs } = wait;
  const first = crowded ? firstCeilingInCrowdMs : firstCeilingMs;
  const ceiling = Math.min(highestCeilingMs, first * 2 ** (failedTries - 1));
  const leavesTime = Math.max(0, remainingMs - retryAfterMs) / 2;
  return Math.round(retryAfterMs + random * Math.min(ceiling, leavesTime));
}

/**
 * Reads a `Retry-After` header (RFC 9110, section 10.2.3).
 *
 * @param header seconds or an HTTP date
 * @param serverDate the `Date` header of the same answer: by its clock the date is meant
 * @param now the current time, for an answer without a `Date`
 * @returns milliseconds to wait; 0 where the header is missing, in the past, or makes no sense
 */
export function retryAfterMs(header: string | undefined, serverDate: string | undefined, now: Date): number {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1000;
  const at = httpDate(text);
  return at ? Math.max(0, at.getTime() - (httpDate(serverDate) ?? now).getTime()) : 0;
}

/**
 * Reads an HTTP date (RFC 9110, section 5.6.7).
 *
 * @param text the value of a header such as `Date`
 * @returns the time, or undefined where it is none
 */
export function httpDate(text = ''): Date | undefined {
  // Date.parse takes more than dates for one, such as a negative number; every HTTP date has a weekday.
  if (!/^[A-Z][a-z]+,? /.test(text)) return undefined;
  // The oldest form (that of C's asctime) leaves out that it is GMT.
  const date = new Date(text.endsWith('GMT') ? text : `${text} GMT`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
