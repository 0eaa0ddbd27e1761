import type { IncomingMessage, RequestOptions } from 'node:http';
import { getProxyUrl, HttpClient } from '@actions/http-client';
import { checkBypass } from '@actions/http-client/lib/proxy';
import { Failure } from '../failure.ts';
import { version } from '../version.ts';
import type { Answer } from './envelope.ts';

export interface Request {
  readonly method: 'GET' | 'POST' | 'DELETE';
  /** Below the base URL, with a leading slash. */
  readonly path: string;
  readonly headers?: Record<string, string>;
  readonly body?: Record<string, string>;
  /** For calls whose success brings nothing: an answer without a body is one, too. */
  readonly mayBeEmpty?: boolean;
}

const userAgent = `exabits-auth/${version}`;
const largestAnswer = 1024 * 1024;

/**
 * Sends a request once, through the proxy that the environment names, and reads the whole answer. Follows no redirect.
 *
 * @param baseUrl what the request's path is appended to
 * @param request what to send
 * @param signal gives the exchange up
 * @returns the answer, whatever its status
 * @throws Failure `proxy-failed` or `answer-too-large`; whatever else Node throws when the exchange breaks or is given up
 */
export async function exchange(baseUrl: string, request: Request, signal: AbortSignal): Promise<Answer> {
  const url = baseUrl + request.path;
  assertProxy(new URL(url));
  const client = new HttpClient(userAgent, [requestOptions(signal)], { allowRedirects: false });
  const headers: Record<string, string> = { Accept: 'application/json', ...request.headers };
  if (request.body) headers['Content-Type'] = 'application/json';

  const answered = client
    .request(request.method, url, request.body ? JSON.stringify(request.body) : null, headers)
    .then(({ message }) => readAnswer(message, request));
  // A proxy that never opens its tunnel gives the request no socket, and a signal stops only sockets.
  return Promise.race([answered, aborted(signal)]);
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
  for await (const chunk of message) {
    size += chunk.length;
    if (size > largestAnswer) {
      throw new Failure(
        'answer-too-large',
        `The answer to ${request} is larger than 1 MiB, and no answer of Exabits is. Check the address of the API.`,
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
