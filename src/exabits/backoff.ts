const firstCeilingMs = 1_000;
/** A rate limit means many jobs at once: 256 of them need this much room (docs/scaling.md). */
const firstCeilingInCrowdMs = 5_000;
const highestCeilingMs = 20_000;

/**
 * How long to wait before the next try: exponential backoff with full jitter, on top of the server's `Retry-After`, so
 * that jobs that failed together do not retry together.
 *
 * @param wait `failedTries` counts from 1; `crowded` means that the server reported too many requests
 * @param random a number from 0 (included) to 1
 * @returns milliseconds that leave time for another try, unless `Retry-After` alone uses it up
 */
export function backoffMs(
  wait: { failedTries: number; retryAfterMs: number; remainingMs: number; crowded: boolean },
  random = Math.random(),
): number {
  const { failedTries, retryAfterMs, crowded, remainingMs } = wait;
  const first = crowded ? firstCeilingInCrowdMs : firstCeilingMs;
  const ceiling = Math.min(highestCeilingMs, first * 2 ** (failedTries - 1));
  const leavesTime = Math.max(0, remainingMs - retryAfterMs) / 2;
  return Math.round(retryAfterMs + random * Math.min(ceiling, leavesTime));
}

/**
 * Reads a `Retry-After` header (RFC 9110, section 10.2.3): seconds, or a date by the server's clock (`serverDate`).
 * Returns milliseconds to wait; 0 if the header is missing, in the past, or invalid.
 */
export function retryAfterMs(header: string | undefined, serverDate: string | undefined, now: Date): number {
  if (header?.match(/^\d+$/)) return Number(header) * 1000;
  const waitMs = Number(httpDate(header)) - Number(httpDate(serverDate) ?? now);
  return waitMs > 0 ? waitMs : 0;
}

/** Reads an HTTP date (RFC 9110, section 5.6.7); undefined if it is none. */
export function httpDate(text: string | undefined): Date | undefined {
  // `Date` reads other text too, such as a number. Every HTTP date begins with a weekday.
  const date = new Date(text?.match(/^[A-Z][a-z]+,? /) ? text : Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
