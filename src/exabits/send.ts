import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from '../endpoint.ts';
import { Failure } from '../failure.ts';
import type { Redact } from '../job/mask.ts';
import { seconds } from '../text.ts';
import { backoffMs, startDeadline } from './backoff.ts';
import { type Envelope, readEnvelope } from './envelope.ts';
import { exchange, nameOf, type Request } from './exchange.ts';
import { Fault } from './fault.ts';
import { transportFault } from './transport.ts';

/** The limits shared by all requests of a conversation with Exabits. */
export interface Conversation {
  readonly endpoint: Endpoint;
  /** For all requests together, in milliseconds from the start of the conversation. */
  readonly timeoutMs: number;
  /** The most tries of one request. */
  readonly maxAttempts: number;
}

/** Sends one request and returns its envelope. All requests to Exabits go through it. */
export type Send = (request: RepeatableRequest) => Promise<Envelope>;

export interface RepeatableRequest extends Request {
  /** Runs before each retry. If it throws, the request ends. */
  readonly beforeRetry?: () => Promise<void>;
}

/**
 * Makes the function that sends requests. Its deadline for all of them starts now. It retries transient failures
 * (transport errors, 408, 429, 5xx); any other failure is final.
 *
 * @param conversation limits shared by all requests
 * @param redact makes text from outside printable
 * @param onRetry gets one line about each failed try that is followed by another
 * @returns the function; it throws a Failure, which is a `Rejection` if Exabits refused the request
 */
export function createSend(
  { endpoint, timeoutMs, maxAttempts }: Conversation,
  redact: Redact,
  onRetry: (line: string) => void,
): Send {
  const host = endpoint.name;
  const deadline = startDeadline(timeoutMs);
  // A try that hangs must leave time for another.
  const tryLimitMs = Math.max(10_000, timeoutMs / 3);

  return async (request) => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await tryOnce(request);
      } catch (thrown) {
        if (!(thrown instanceof Fault && thrown.transient)) throw thrown;
        await waitAfter(thrown, tries, nameOf(request));
        await request.beforeRetry?.();
      }
    }
  };

  async function waitAfter(fault: Fault, tries: number, request: string): Promise<void> {
    const remainingMs = deadline.remainingMs();
    if (remainingMs === 0) throw timedOut(host, timeoutMs, tries, fault);
    if (fault.retryAfterMs >= remainingMs) throw waitTooLong(host, remainingMs, tries, fault);
    if (tries >= maxAttempts) throw exhausted(tries, fault);

    const { saw, retryAfterMs } = fault;
    const crowded = fault.code === 'rate-limited';
    const waitMs = backoffMs({ failedTries: tries, retryAfterMs, crowded, remainingMs });
    onRetry(
      `Try ${tries} of ${maxAttempts} failed (${request}: ${saw}). Trying again in ${seconds(waitMs)}.`,
    );
    await sleep(waitMs);
  }

  async function tryOnce(request: Request): Promise<Envelope> {
    // Rounded up: a timer drops fractions, which would leave a remainder too short for another try.
    const limitMs = Math.ceil(Math.min(tryLimitMs, deadline.remainingMs()));
    const limit = new AbortController();
    // Not `AbortSignal.timeout`: its timer does not keep the process alive, and a silent peer may leave nothing else
    // that does.
    const timer = setTimeout(() => limit.abort(), limitMs);
    try {
      return readEnvelope(await exchange(endpoint.apiBaseUrl, request, limit.signal), host, redact);
    } catch (thrown) {
      if (thrown instanceof Failure) throw thrown;
      throw limit.signal.aborted ? silence(host, limitMs) : transportFault(thrown, host, redact);
    } finally {
      clearTimeout(timer);
    }
  }
}

function silence(host: string, limitMs: number): Fault {
  const message = `${host} did not answer within ${seconds(limitMs)}. Run the job again later.`;
  return new Fault('timed-out', message, { saw: 'no answer', transient: true });
}

function timedOut(host: string, timeoutMs: number, tries: number, fault: Fault): Failure {
  return new Failure(
    'timed-out',
    `No usable answer from ${host} within ${seconds(timeoutMs)} (${times(tries)}; last error: ${fault.saw}). Raise the input "timeout-seconds", or check the network between the runner and Exabits.`,
    { cause: fault },
  );
}

function waitTooLong(host: string, remainingMs: number, tries: number, fault: Fault): Failure {
  return new Failure(
    'timed-out',
    `${host} asks to wait ${seconds(fault.retryAfterMs)} before the next try (${times(tries)}; last error: ${fault.saw}), and ${seconds(remainingMs)} are left. Raise the input "timeout-seconds", or run fewer jobs at the same time.`,
    { cause: fault },
  );
}

function exhausted(tries: number, fault: Fault): Failure {
  return new Failure(fault.code, `${fault.message} (${times(tries)})`, { cause: fault });
}

function times(tries: number): string {
  return tries === 1 ? '1 try' : `${tries} tries`;
}
