import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from '../endpoint.ts';
import type { Redact } from '../secrets.ts';
import { seconds } from '../text.ts';
import { backoffMs } from './backoff.ts';
import { type Envelope, readEnvelope } from './envelope.ts';
import { createExchange, nameOf, type Request } from './exchange.ts';
import { lostFailure } from './lost.ts';
import { RequestFailure } from './request-failure.ts';

/** The limits shared by all requests of a conversation with Exabits. */
export interface Conversation {
  readonly endpoint: Endpoint;
  /** For all requests together, in milliseconds from the start of the conversation. */
  readonly timeoutMs: number;
  /** The most tries of one request. */
  readonly maxAttempts: number;
}

/** Makes the request of a try, given the failure of the try before. If it throws, there is no further try. */
export type NextTry = (failed?: RequestFailure) => Request;

/**
 * Makes the function that sends requests, with one deadline for all of them, which starts now. It retries transient
 * failures only: transport errors, 408, 429, 5xx. `onRetry` gets a line about each.
 *
 * @returns the function; it throws a RequestFailure if the last try was not answered or was refused, and any other
 *   Failure if the answer has the wrong form
 */
export function createSend(conversation: Conversation, redact: Redact, onRetry: (line: string) => void) {
  const { endpoint, timeoutMs, maxAttempts } = conversation;
  const { name: host } = endpoint;
  const exchange = createExchange(endpoint.apiBaseUrl);
  const endMs = monotonicMs() + timeoutMs;
  const remainingMs = (): number => Math.max(0, endMs - monotonicMs());
  // A try that hangs must leave time for another.
  const tryLimitMs = Math.max(10_000, timeoutMs / 3);
  /** Why no further request is sent. */
  let ended: RequestFailure | undefined;

  return async (next: NextTry): Promise<Envelope> => {
    let failed: RequestFailure | undefined;
    for (let tries = 1; ; ) {
      if (remainingMs() === 0) ended ??= outOfTime('none of it is left', failed);
      if (ended) throw ended;
      const request = next(failed);
      try {
        return await tryOnce(request);
      } catch (thrown) {
        if (!(thrown instanceof RequestFailure)) throw thrown;
        if (thrown.seen.endsAll) ended = thrown;
        if (!thrown.seen.transient) throw thrown;
        failed = thrown;
      }
      // It says nothing about the request, which goes out again at once. This try does not count.
      if (failed.seen.onStaleConnection) continue;
      await waitAfter(failed, tries, nameOf(request));
      tries += 1;
    }
  };

  function outOfTime(history: string, failed?: RequestFailure): RequestFailure {
    return new RequestFailure(
      `No usable answer from ${host} within ${seconds(timeoutMs)} (${history}).`,
      'Raise the input "timeout-seconds", or check the network between the runner and Exabits.',
      { saw: 'no time left', transient: false, changedNothing: true, ...failed?.seen, endsAll: true },
      failed,
    );
  }

  async function tryOnce(request: Request): Promise<Envelope> {
    // Rounded up: a timer drops fractions, which would leave a remainder too short for another try.
    const limitMs = Math.ceil(Math.min(tryLimitMs, remainingMs()));
    const { answer, lost } = await exchange(request, limitMs);
    if (lost) throw lostFailure(lost, host, limitMs, redact);
    return readEnvelope(answer, nameOf(request), endpoint, redact);
  }

  async function waitAfter(failed: RequestFailure, tries: number, request: string): Promise<void> {
    const leftMs = remainingMs();
    const { saw, status, retryAfterMs = 0 } = failed.seen;
    const giveUp = (problem: string, advice: string): RequestFailure =>
      new RequestFailure(problem, advice, failed.seen, failed);
    const history = `${tries === 1 ? '1 try' : `${tries} tries`}; last error: ${saw}`;
    if (leftMs === 0) {
      ended = outOfTime(history, failed);
      throw ended;
    }
    if (retryAfterMs >= leftMs) {
      throw giveUp(
        `${host} asks to wait ${seconds(retryAfterMs)} before the next try (${history}), and ${seconds(leftMs)} are left.`,
        'Raise the input "timeout-seconds", or run fewer jobs at the same time.',
      );
    }
    if (tries >= maxAttempts) {
      throw tries === 1 ? failed : giveUp(`After ${tries} tries: ${failed.problem}`, failed.advice);
    }
    const crowded = status === 429;
    const waitMs = backoffMs({ failedTries: tries, retryAfterMs, crowded, remainingMs: leftMs });
    onRetry(
      `Try ${tries} of ${maxAttempts} failed (${request}: ${saw}). Trying again in ${seconds(waitMs)}.`,
    );
    await sleep(waitMs);
  }
}

// `performance.now()` would do as well, but loads nine or more of Node's modules.
function monotonicMs(): number {
  return process.uptime() * 1000;
}
