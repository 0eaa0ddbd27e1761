import { Agent as HttpAgent, type IncomingHttpHeaders, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Duplex } from 'node:stream';
import { HttpClient } from '@actions/http-client';
import { checkBypass } from '@actions/http-client/lib/proxy';
import { Failure } from '../failure.ts';
import { version } from '../version.ts';
import { type Answer, isFinal } from './envelope.ts';
import { isTlsError, ProxyError } from './transport.ts';

export interface Request {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Relative to the base URL, with a leading slash. */
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: Record<string, string>;
  /** Whether a successful answer may have no body. */
  readonly mayBeEmpty?: boolean;
}

const userAgent = `exabits-auth/${version}`;
const largestAnswer = 1024 * 1024;
/** How long to wait for the rest of an answer after a status that refuses the request. */
const refusalMs = 3_000;
const statusLine = /^HTTP\/1\.\d ([2-9]\d\d)/;
/** Empty lines and interim answers (RFC 9110, section 15.2), which come before the final one. */
const interim = /^(?:[\r\n]+|HTTP\/1\.\d 1\d\d[\s\S]*?\r?\n\r?\n)+/;
/** Node's limit for the head of an answer. */
const largestInterim = 16 * 1024;
/** Longer than any wait: a silence is ended by the signal, not by the socket's timeout. */
const neverMs = 2 ** 31 - 1;

/** Method and path, for messages. */
export function nameOf({ method, path }: Request): string {
  return `${method} ${path.replace(/\?.*/, '')}`;
}

/**
 * Sends a request once, through the proxy set in the environment, and reads the whole answer. Follows no redirects.
 *
 * @param baseUrl what the request's path is appended to
 * @param request what to send
 * @param signal aborts the exchange
 * @returns the answer, with any status. A final refusal, such as 403, is returned even if the rest of the answer is
 *   broken or missing: the server has seen the request, so sending it again would not help
 * @throws Failure `proxy-failed` or `answer-too-large`; or Node's error if the exchange breaks or is aborted
 */
export async function exchange(baseUrl: string, request: Request, signal: AbortSignal): Promise<Answer> {
  const { method, path, mayBeEmpty = false } = request;
  const url = baseUrl + path;
  const proxy = proxyFor(new URL(url));
  let status = 0;
  let headers: IncomingHttpHeaders = {};
  const chunks: Buffer[] = [];
  const answer = (): Answer => ({
    request: nameOf(request),
    status,
    headers,
    mayBeEmpty,
    body: Buffer.concat(chunks).toString('utf8'),
  });

  const refused = Promise.withResolvers<void>();
  const onStatus = (seen: number): void => {
    status = seen;
    if (isRefusal(status)) setTimeout(refused.resolve, refusalMs).unref();
  };
  const agent = agentFor(url, proxy, onStatus);
  const client = new HttpClient(userAgent, [requestOptions(agent, signal)], {
    allowRedirects: false,
    socketTimeout: neverMs,
  });
  const read = async (): Promise<void> => {
    const { message } = await client.request(
      method,
      url,
      request.body ? JSON.stringify(request.body) : null,
      requestHeaders(request),
    );
    onStatus(Number(message.statusCode));
    headers = message.headers;
    let size = 0;
    for await (const chunk of message) {
      size += chunk.length;
      if (size > largestAnswer) throw tooLarge(nameOf(request));
      chunks.push(chunk);
    }
  };

  try {
    // Until the proxy opens its tunnel, the request has no socket, and the signal only stops sockets.
    await Promise.race([read(), refused.promise, aborted(signal)]);
  } catch (thrown) {
    if (!isRefusal(status)) throw thrown;
  } finally {
    // Closes what is left of the connection, for example if the rest of the answer was not read.
    agent.destroy();
  }
  return answer();
}

function isRefusal(status: number): boolean {
  return status >= 300 && isFinal(status);
}

function requestHeaders({ headers, body }: Request): Record<string, string> {
  return {
    Accept: 'application/json',
    ...headers,
    ...(body ? { 'Content-Type': 'application/json' } : {}),
  };
}

function tooLarge(request: string): Failure {
  return new Failure(
    'answer-too-large',
    `The answer to ${request} is larger than 1 MiB, which no answer from Exabits is. Check the address of the API.`,
  );
}

// Node would silently bypass a proxy with an address that it cannot parse.
function proxyFor(url: URL): URL | undefined {
  const variable = process.env.https_proxy || process.env.HTTPS_PROXY;
  // http goes only to this machine, which bypasses the proxy too.
  if (!variable || checkBypass(url)) return undefined;
  const proxy = URL.parse(variable);
  if (proxy?.hostname && ['http:', 'https:'].includes(proxy.protocol) && isEscaped(proxy)) return proxy;
  throw new Failure(
    'proxy-failed',
    'The variable https_proxy is not a URL such as http://proxy.example:3128. Correct it (in the password, write % as %25), or add the host to no_proxy.',
  );
}

function isEscaped({ username, password }: URL): boolean {
  try {
    decodeURIComponent(username + password);
    return true;
  } catch {
    return false;
  }
}

function requestOptions(agent: HttpAgent, signal: AbortSignal) {
  return {
    prepareRequest(options: RequestOptions): void {
      options.signal = signal;
      options.agent = agent;
      // The client adds the runner's orchestration id, which is none of Exabits' business.
      options.headers = { ...options.headers, 'user-agent': userAgent };
      // The client keeps the brackets around the IPv6 address of a URL, which no name server can resolve.
      options.host = String(options.host).replace(/^\[(.*)\]$/, '$1');
    },
    canHandleAuthentication: () => false,
    handleAuthentication: () => Promise.reject(new Error('never called: canHandleAuthentication is false')),
  };
}

/**
 * Makes an agent for one request. Node handles the proxy, because the client cannot if the proxy speaks https or either
 * side has an IPv6 address.
 *
 * @param onStatus gets the status as soon as its line has arrived, because the rest may be too broken for Node's parser
 */
function agentFor(url: string, proxy: URL | undefined, onStatus: (status: number) => void): HttpAgent {
  const agent = url.startsWith('https:')
    ? new HttpsAgent({ proxyEnv: { https_proxy: proxy?.href } })
    : new HttpAgent();
  const connect = agent.createConnection.bind(agent);
  const watched = <Socket extends Duplex | null | undefined>(socket: Socket): Socket => {
    let start = '';
    const watch = (chunk: Buffer): void => {
      start = (start + chunk.toString('latin1')).replace(interim, '').slice(0, largestInterim);
      const status = statusLine.exec(start)?.[1];
      if (!status) return;
      socket?.off('data', watch);
      onStatus(Number(status));
    };
    socket?.on('data', watch);
    return socket;
  };
  agent.createConnection = (options, callback) => {
    const socket = connect(options, (error, tunnel) =>
      callback?.(error && behindProxy(error, proxy), error ? tunnel : watched(tunnel)),
    );
    // An answer from the proxy itself is not an answer from the API.
    return proxy ? socket : watched(socket);
  };
  return agent;
}

// With an http proxy, TLS is between us and the API, so its errors are not the proxy's.
function behindProxy(error: Error, proxy: URL | undefined): Error {
  return proxy && !(proxy.protocol === 'http:' && isTlsError(error)) ? new ProxyError(error, proxy) : error;
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
