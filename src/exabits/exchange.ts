import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage, RequestOptions } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { HttpClient } from '@actions/http-client';
import { codeOf, Failure } from '../failure.ts';
import { type ProxySettings, readProxy } from './proxy.ts';

export interface Request {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Relative to the base URL, with a leading slash. */
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: Record<string, string>;
}

/** An HTTP answer, not yet interpreted. */
export interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Only what arrived of it, if the status is not 2xx. */
  readonly body: string;
}

/** A request whose answer did not arrive, or not whole. */
export interface Lost {
  /** What broke; undefined if the time ran out. */
  readonly error: unknown;
  /** Whether the host may have received the request. */
  readonly wasSent: boolean;
  /** Whether so much of an answer arrived that sending the request again would not help. */
  readonly isFinal: boolean;
  /** Whether the server had closed the kept connection already. */
  readonly onStaleConnection: boolean;
  /** The proxy, if it had not connected us to the host yet. */
  readonly proxy: URL | undefined;
}

export type Outcome =
  | { readonly answer: Answer; readonly lost?: undefined }
  | { readonly answer?: undefined; readonly lost: Lost };

/** Sends a request once, and reads the whole answer, within a time limit. Follows no redirects. */
export type Exchange = (request: Request, limitMs: number) => Promise<Outcome>;

/** A test makes sure that the version is that of package.json. */
const userAgent = 'exabits-auth/1.0.0';
const largestAnswer = 1024 * 1024;
/** Longer than any wait: the limit of the exchange ends a silence, not the socket's timeout. */
const neverMs = 2 ** 31 - 1;
/** A server that closes the connection after an answer has usually done so by then. */
const closingMs = 5;
/** With several addresses, Node gives each 250 ms: too little between continents (nodejs/node#54359). */
const addressAttemptMs = 2_000;

/** Method and path, for messages. */
export function nameOf({ method, path }: Request): string {
  return `${method} ${path.replace(/\?.*/, '')}`;
}

/**
 * Makes the function that exchanges a request for an answer, directly or through the proxy set in the environment. It
 * keeps its connection as long as each answer is a whole 2xx. It throws a Failure if the address of the proxy cannot be
 * read, or an answer is too large.
 */
export function createExchange(baseUrl: string): Exchange {
  const url = new URL(baseUrl);
  const isSecure = url.protocol === 'https:';
  const client = new HttpClient(undefined, [], { socketTimeout: neverMs });
  let agent: Agent | undefined;

  return async (request, limitMs) => {
    const proxy = readProxy(url);
    // Loaded when first needed: TLS takes longer to load than anything else.
    const { default: web } = await (isSecure ? import('node:https') : import('node:http'));
    // A server may close the connection right after an answer. Nobody would know the fate of a creation just then.
    if (agent && request.method === 'POST') await sleep(closingMs);
    agent ??= await createAgent(web, proxy);

    const connection = new Connection();
    const httpModule = Object.create(web, {
      request: {
        value: (options: RequestOptions, onAnswer: (answer: IncomingMessage) => void) =>
          connection.watch(web.request(options, onAnswer), isSecure),
      },
    });
    const options = { agent, ...optionsFor(request, url) };
    const body = request.body ? JSON.stringify(request.body) : null;

    let head: Omit<Answer, 'body'> | undefined;
    let isWhole = false;
    const chunks: Buffer[] = [];
    const read = async (): Promise<void> => {
      const { message } = await client.requestRaw({ httpModule, parsedUrl: url, options }, body);
      head = { status: Number(message.statusCode), headers: message.headers };
      let size = 0;
      for await (const chunk of message) {
        size += chunk.length;
        if (size > largestAnswer) throw tooLarge(request);
        chunks.push(chunk);
      }
      isWhole = true;
    };
    const thrown = await within(limitMs, read());

    const isSuccess = head !== undefined && head.status >= 200 && head.status < 300;
    if (!(isSuccess && isWhole)) {
      connection.abandon();
      agent.destroy();
      agent = undefined;
    }
    // Whatever becomes of the rest of an answer that is no success, its status counts.
    if (head && (isWhole || !isSuccess)) {
      return { answer: { ...head, body: Buffer.concat(chunks).toString('utf8') } };
    }
    if (thrown instanceof Failure) throw thrown;
    return { lost: connection.lost(thrown, head !== undefined, proxy) };
  };
}

/** Waits for something, at most so long. Returns what it throws. */
async function within(limitMs: number, work: Promise<void>): Promise<unknown> {
  const limit = Promise.withResolvers<void>();
  // Not `AbortSignal.timeout`: its timer does not keep the process alive, and with a silent peer nothing else may.
  const timer = setTimeout(limit.resolve, limitMs);
  try {
    await Promise.race([work, limit.promise]);
    return undefined;
  } catch (thrown) {
    return thrown;
  } finally {
    clearTimeout(timer);
  }
}

/** What happens to the connection of one request. */
class Connection {
  #request: ClientRequest | undefined;
  #socket: Socket | undefined;
  #bytesBefore = 0;
  #isConnected = false;
  #isReused = false;
  #error: unknown;

  watch(request: ClientRequest, isSecure: boolean): ClientRequest {
    this.#request = request;
    request.once('socket', (socket) => {
      this.#socket = socket;
      this.#bytesBefore = socket.bytesRead;
      this.#isReused = request.reusedSocket;
      // A kept connection is already there, and so is one behind a proxy.
      this.#isConnected = !socket.connecting;
      if (this.#isConnected) return;
      socket.once(isSecure ? 'secureConnect' : 'connect', () => {
        this.#isConnected = true;
      });
    });
    // Node's parser tells the request alone that an answer is malformed, not who reads it.
    return request.on('error', (error) => {
      this.#error ??= error;
    });
  }

  /** Keeps the request from being sent later: a proxy may still open its tunnel, of which the agent knows nothing. */
  abandon(): void {
    this.#request?.destroy();
  }

  lost(thrown: unknown, hasHead: boolean, proxy: ProxySettings | undefined): Lost {
    const error = this.#error ?? thrown;
    const hasBegun = this.#socket !== undefined && this.#socket.bytesRead > this.#bytesBefore;
    const isMalformed = codeOf(error).startsWith('HPE_');
    return {
      error,
      wasSent: this.#isConnected,
      // A 2xx whose connection broke may come whole next time.
      isFinal: hasHead ? error === undefined || isMalformed : hasBegun,
      onStaleConnection: this.#isReused && !hasBegun && codeOf(error) === 'ECONNRESET',
      proxy: this.#socket ? undefined : proxy?.url,
    };
  }
}

async function createAgent(
  web: typeof import('node:http') | typeof import('node:https'),
  proxy: ProxySettings | undefined,
): Promise<Agent> {
  const { setDefaultAutoSelectFamilyAttemptTimeout } = await import('node:net');
  setDefaultAutoSelectFamilyAttemptTimeout(addressAttemptMs);
  const proxyEnv = proxy && { https_proxy: proxy.url.href, no_proxy: proxy.exceptions };
  return new web.Agent({ keepAlive: true, ...(proxyEnv && { proxyEnv }) });
}

function optionsFor({ method, path, headers, body }: Request, url: URL): RequestOptions {
  return {
    method,
    // Name servers cannot resolve the brackets around an IPv6 address.
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port,
    path: url.pathname + path,
    headers: {
      Accept: 'application/json',
      'User-Agent': userAgent,
      ...headers,
      ...(body && { 'Content-Type': 'application/json' }),
    },
  };
}

function tooLarge(request: Request): Failure {
  return new Failure(
    `The answer to ${nameOf(request)} is larger than 1 MiB, which no answer from Exabits is.`,
    'Check the address of the API.',
  );
}
