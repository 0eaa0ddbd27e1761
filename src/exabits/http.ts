import type { IncomingMessage, RequestOptions } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { getProxyUrl, HttpClient } from '@actions/http-client';
import { checkBypass } from '@actions/http-client/lib/proxy';
import type { Endpoint } from '../endpoint.ts';
import { Failure } from '../failure.ts';
import type { Redact } from '../job/mask.ts';
import { seconds } from '../text.ts';
import { version } from '../version.ts';
import { backoffMs, type Deadline, retryAfterMs } from './backoff.ts';
import { type Answer, type Envelope, Rejection, readEnvelope } from './envelope.ts';
import { describeTransportError } from './transport.ts';

/** What one conversation with Exabits is held to. */
export interface Connection {
  readonly endpoint: Endpoint;
  readonly deadline: Deadline;
  /** Tries of one request. */
  readonly maxAttempts: number;
  readonly redact: Redact;
  /** Told, in one line, about every try that failed and is followed by another. */
  readonly onRetry: (line: string) => void;
}

export interface Request {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the base URL, with a leading slash. */
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: Record<string, string>;
  /** For calls whose success brings nothing: an answer without a body is one, too. */
  readonly mayBeEmpty?: boolean;
  /** Runs before every further try. What it throws ends the request. */
  readonly beforeRetry?: () => Promise<void>;
}

/** Sends one request and returns its envelope. The only way to Exabits. */
export type Send = (request: Request) => Promise<Envelope>;

const userAgent = `exabits-auth/${version}`;
const largestAnswer = 1024 * 1024;

/** A try that brought nothing, but another may. */
interface TransientFault {
  readonly failure: Failure;
  /** What the try saw, in a few words, for the message that sums up several tries. */
  readonly saw: string;
  readonly retryAfterMs: number;
}

/**
 * Makes the request path: a deadline for everything, retries of what may pass (transport errors, 408, 429, 5xx),
 * no redirects, and every other answer final at once.
 *
 * @param connection what the requests are held to
 * @returns the function that sends; it throws a Failure, a `Rejection` where Exabits answered and said no
 */
export function createSend(connection: Connection): Send {
  const { endpoint, deadline, maxAttempts, redact, onRetry } = connection;
  const { host } = new URL(endpoint.apiUrl);
  // A try that hangs must leave time for another.
  const tryLimitMs = Math.max(10_000, deadline.totalMs / 3);

  return async (request) => {
    for (let tries = 1; ; tries += 1) {
      const outcome = await tryOnce(request);
      if ('envelope' in outcome) return outcome.envelope;

      const remainingMs = deadline.remainingMs();
      if (remainingMs === 0) throw timedOut(tries, outcome);
      if (outcome.retryAfterMs >= remainingMs) throw waitTooLong(tries, outcome);
      if (tries >= maxAttempts) throw exhausted(tries, outcome);

      const crowded = outcome.failure.code === 'rate-limited';
      const waitMs = backoffMs({
        failedTries: tries,
        retryAfterMs: outcome.retryAfterMs,
        crowded,
        remainingMs,
      });
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
      return { envelope: readEnvelope(await exchange(request, limit.signal), redact) };
    } catch (thrown) {
      if (limit.signal.aborted) return silence(limitMs);
      if (thrown instanceof Rejection && thrown.transient) return trouble(thrown);
      if (thrown instanceof Failure) throw thrown;
      const { failure, saw, transient } = describeTransportError(thrown, host, redact);
      if (!transient) throw failure;
      return { failure, saw, retryAfterMs: 0 };
    } finally {
      clearTimeout(timer);
    }
  }

  async function exchange(request: Request, signal: AbortSignal): Promise<Answer> {
    assertProxy(new URL(endpoint.apiUrl));
    const client = new HttpClient(userAgent, [requestOptions(signal)], { allowRedirects: false });
    const headers: Record<string, string> = { Accept: 'application/json', ...request.headers };
    if (request.body) headers['Content-Type'] = 'application/json';

    const answered = client
      .request(
        request.method,
        endpoint.apiBaseUrl + request.path,
        request.body ? JSON.stringify(request.body) : null,
        headers,
      )
      .then(({ message }) => readAnswer(message, request));
    // A proxy that never opens its tunnel gives the request no socket, and a signal stops only sockets.
    return Promise.race([answered, aborted(signal)]);
  }

  function silence(limitMs: number): TransientFault {
    return {
      failure: new Failure(
        'timed-out',
        `${host} did not answer within ${seconds(limitMs)}. Run the job again later.`,
      ),
      saw: 'no answer',
      retryAfterMs: 0,
    };
  }

  function trouble(rejection: Rejection): TransientFault {
    return {
      failure: rejection,
      saw: rejection.saw,
      retryAfterMs: retryAfterMs(rejection.retryAfter, rejection.date, new Date()),
    };
  }

  function timedOut(tries: number, last: TransientFault): Failure {
    return new Failure(
      'timed-out',
      `No usable answer from ${host} within ${seconds(deadline.totalMs)} (${times(tries)}; the last try saw: ${last.saw}). Raise the input "timeout-seconds", or check the way from the runner to Exabits.`,
      { cause: last.failure },
    );
  }

  function waitTooLong(tries: number, last: TransientFault): Failure {
    return new Failure(
      'timed-out',
      `${host} asks to wait ${seconds(last.retryAfterMs)} before the next try (${times(tries)}; the last try saw: ${last.saw}), and ${seconds(deadline.remainingMs())} are left. Raise the input "timeout-seconds", or run fewer jobs at the same time.`,
      { cause: last.failure },
    );
  }

  function exhausted(tries: number, last: TransientFault): Failure {
    return new Failure(last.failure.code, `${last.failure.message} (${times(tries)})`, {
      cause: last.failure,
    });
  }
}

// With a proxy that it cannot read, the client would go around it, and take the credentials along.
function assertProxy(url: URL): void {
  const proxy = process.env.https_proxy || process.env.HTTPS_PROXY;
  if (url.protocol !== 'https:' || !proxy || checkBypass(url)) return;
  const readable = getProxyUrl(url.href);
  if (readable && new URL(readable).hostname) return;
  throw new Failure(
    'proxy-failed',
    'The variable https_proxy is not an address such as http://proxy.example:3128. Correct it, with a % in its password written as %25, or name the host in no_proxy.',
  );
}

function times(tries: number): string {
  return tries === 1 ? '1 try' : `${tries} tries`;
}

function requestOptions(signal: AbortSignal) {
  return {
    prepareRequest(options: RequestOptions): void {
      options.signal = signal;
      // The client adds the runner's orchestration id, which is none of Exabits' business.
      options.headers = { ...options.headers, 'user-agent': userAgent };
      // The client hands on an IPv6 address in the brackets of its URL, which no name server knows.
      options.host = String(options.host).replace(/^\[(.*)\]$/, '$1');
    },
    canHandleAuthentication: () => false,
    handleAuthentication: () => Promise.reject(new Error('never called: canHandleAuthentication is false')),
  };
}

async function readAnswer(
  message: IncomingMessage,
  { method, path, mayBeEmpty = false }: Request,
): Promise<Answer> {
  const request = `${method} ${path.replace(/\?.*/, '')}`;
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of message as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > largestAnswer) {
      throw new Failure(
        'answer-too-large',
        `The answer to ${request} is larger than 1 MiB, and no answer of Exabits is. Check the input "api-url".`,
      );
    }
    chunks.push(chunk);
  }
  return {
    request,
    status: Number(message.statusCode),
    headers: message.headers,
    mayBeEmpty,
    body: Buffer.concat(chunks).toString('utf8'),
  };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
