import { setTimeout as sleep } from 'node:timers/promises';
import type { Endpoint } from '../endpoint.ts';
import { Failure } from '../failure.ts';
import type { Redact } from '../job/mask.ts';
import { seconds } from '../text.ts';
import { backoffMs, retryAfterMs, startDeadline } from './backoff.ts';
import { type Envelope, Rejection, readEnvelope } from './envelope.ts';
import { exchange, type Request } from './exchange.ts';
import { describeTransportError } from './transport.ts';

/** What one conversation with Exabits is held to. */
export interface Conversation {
  readonly endpoint: Endpoint;
  /** For all requests together, in milliseconds from the start of the conversation. */
  readonly timeoutMs: number;
  /** Tries of one request. */
  readonly maxAttempts: number;
}

/** Sends one request and returns its envelope. The only way to Exabits. */
export type Send = (request: RepeatableRequest) => Promise<Envelope>;

export interface RepeatableRequest extends Request {
  /** Runs before every further try. What it throws ends the request. */
  readonly beforeRetry?: () => Promise<void>;
}

/** A try that brought nothing, but another may. */
interface TransientFault {
  readonly failure: Failure;
  /** What the try saw, in a few words, for the message that sums up several tries. */
  readonly saw: string;
  /** What the server asked for. */
  readonly retryAfterMs: number;
}

/**
 * Makes the request path: a deadline for everything, which starts now, retries of what may pass (transport errors, 408,
 * 429, 5xx), and every other answer final at once.
 *
 * @param conversation what the requests are held to
 * @param redact makes text from outside printable
 * @param onRetry told, in one line, about every try that failed and is followed by another
 * @returns the function that sends; it throws a Failure, a `Rejection` where Exabits answered and said no
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
      const outcome = await tryOnce(request);
      if ('envelope' in outcome) return outcome.envelope;

      const remainingMs = deadline.remainingMs();
      if (remainingMs === 0) throw timedOut(host, timeoutMs, tries, outcome);
      if (outcome.retryAfterMs >= remainingMs) throw waitTooLong(host, remainingMs, tries, outcome);
      if (tries >= maxAttempts) throw exhausted(tries, outcome);

      const crowded = outcome.failure.code === 'rate-limited';
      const wait = { failedTries: tries, retryAfterMs: outcome.retryAfterMs, crowded, remainingMs };
      const waitMs = backoffMs(wait);
      onRetry(`Try ${tries} of ${maxAttempts} failed (${outcome.saw}). Trying again in ${seconds(waitMs)}.`);
      await sleep(waitMs);
      await request.beforeRetry?.();
    }
  };

  async function tryOnce(request: Request): Promise<{ envelope: Envelope } | TransientFault> {
    // Whole, and rounded up: a timer drops fractions, and would leave a rest too short for anything.
    const limitMs = Math.ceil(Math.min(tryLimitMs, deadline.remainingMs()));
    const limit = new AbortController();
    // Not `AbortSignal.timeout`: its timer does not keep the process alive, and a peer can leave nothing else that does.
    const timer = setTimeout(() => limit.abort(), limitMs);
    try {
      return {
        envelope: readEnvelope(await exchange(endpoint.apiBaseUrl, request, limit.signal), host, redact),
      };
    } catch (thrown) {
      if (limit.signal.aborted) return silence(host, limitMs);
      if (thrown instanceof Rejection && thrown.transient) return trouble(thrown);
      if (thrown instanceof Failure) throw thrown;
      const { failure, saw, transient } = describeTransportError(thrown, host, redact);
      if (!transient) throw failure;
      return { failure, saw, retryAfterMs: 0 };
    } finally {
      clearTimeout(timer);
    }
  }
}

function silence(host: string, limitMs: number): TransientFault {
  const message = `${host} did not answer within ${seconds(limitMs)}. Run the job again later.`;
  return { failure: new Failure('timed-out', message), saw: 'no answer', retryAfterMs: 0 };
}

function trouble(rejection: Rejection): TransientFault {
  return {
    failure: rejection,
    saw: rejection.saw,
    retryAfterMs: retryAfterMs(rejection.retryAfter, rejection.date, new Date()),
  };
}

function timedOut(host: string, timeoutMs: number, tries: number, { failure, saw }: TransientFault): Failure {
  return new Failure(
    'timed-out',
    `No usable answer from ${host} within ${seconds(timeoutMs)} (${times(tries)}; the last try saw: ${saw}). Raise the input "timeout-seconds", or check the way from the runner to Exabits.`,
    { cause: failure },
  );
}

function waitTooLong(host: string, remainingMs: number, tries: number, last: TransientFault): Failure {
  return new Failure(
    'timed-out',
    `${host} asks to wait ${seconds(last.retryAfterMs)} before the next try (${times(tries)}; the last try saw: ${last.saw}), and ${seconds(remainingMs)} are left. Raise the input "timeout-seconds", or run fewer jobs at the same time.`,
    { cause: last.failure },
  );
}

function exhausted(tries: number, { failure }: TransientFault): Failure {
  return new Failure(failure.code, `${failure.message} (${times(tries)})`, { cause: failure });
}

function times(tries: number): string {
  return tries === 1 ? '1 try' : `${tries} tries`;
}
