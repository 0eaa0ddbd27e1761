import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerResponse,
} from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { Api, envelope } from './api.ts';
import { answerControl, CONTROL_PATH } from './control.ts';
import { type Account, type ApiTokenRecord, AWKWARD_ACCOUNT, EXAMPLE_ACCOUNT, Exabits } from './exabits.ts';
import { type Answer, carriesOut, deliverFault, type Fault, FaultList, pause, sendAnswer } from './faults.ts';

export type { Account, ApiTokenRecord } from './exabits.ts';
export { AWKWARD_ACCOUNT, EXAMPLE_ACCOUNT, md5 } from './exabits.ts';
export type { Content, Fault, FaultEffect, FaultMatch, Progress } from './faults.ts';

/** How a sandbox is started. Everything is optional. */
export interface SandboxOptions {
  /** 0, the default, takes any free port. */
  port?: number;
  /** Default: EXAMPLE_ACCOUNT and AWKWARD_ACCOUNT. */
  accounts?: readonly Account[];
  /** Default 1800, as at Exabits. */
  accessTokenSeconds?: number;
  /** Default 7200, as at Exabits. */
  refreshTokenSeconds?: number;
  /** API tokens then carry an `exp` and expire; by default they do not. */
  apiTokenSeconds?: number;
  /** Logins beyond this many in a second are answered 429 with `Retry-After`. Default: no limit. */
  loginsPerSecond?: number;
  /** Serves https with this private key and certificate (PEM). */
  tls?: { key: string; cert: string };
  /** The most items that a list answers at once, whatever `limit` says. Default 100. */
  maxPageSize?: number;
}

/** A request that the sandbox received. */
export interface RecordedRequest {
  /** Milliseconds since the epoch, of the real clock. */
  at: number;
  method: string;
  path: string;
  query: Record<string, string>;
  /** Lower-case names. */
  headers: Record<string, string>;
  body: string;
  /** The status of the answer; undefined while there is none, or when a fault kept it from being sent whole. */
  status: number | undefined;
}

/** Where a request is: nothing done yet, carried out but not answered, or nothing more will be sent. */
export type Moment = 'received' | 'handled' | 'answered';

/** What a listener is told; `nth` counts the requests with this method and path, from 1. */
export interface RequestEvent {
  moment: Moment;
  method: string;
  path: string;
  nth: number;
}

/** Is called at each moment of each request, which goes on when the promise that it returns is settled. */
export type RequestEventListener = (event: RequestEvent) => void | Promise<void>;

/** A running sandbox. */
export interface Sandbox {
  /** The host alone, for example `http://127.0.0.1:40123`. */
  readonly url: string;
  readonly port: number;
  /** Every request so far, in the order of arrival, without those to the control endpoints. */
  readonly requests: readonly RecordedRequest[];
  clearRequests(): void;
  readonly faults: {
    add(fault: Fault): void;
    clear(): void;
    /** How many faults have not happened as often as they should. */
    readonly pending: number;
  };
  /** The live API tokens of all accounts, oldest first. */
  apiTokens(): ApiTokenRecord[];
  /** The live API tokens whose name says that a job created them. */
  orphans(): ApiTokenRecord[];
  /** Creates a token as if this account had; `createdAt` in Unix seconds. Throws for an unknown username. */
  seedApiToken(
    account: Account | string,
    token: { name: string; description?: string; createdAt?: number },
  ): ApiTokenRecord;
  /** Moves the sandbox's clock forward. */
  advance(seconds: number): void;
  /** The sandbox's clock, in milliseconds since the epoch. */
  now(): number;
  /** Adds a listener; the returned function removes it. */
  onRequest(listener: RequestEventListener): () => void;
  /** Stops listening, ends what is under way and closes every connection. */
  close(): Promise<void>;
}

const MAX_REQUEST_BYTES = 1024 * 1024;

/** The name of a token that a job created for itself. */
const EPHEMERAL_NAME = /^gha-\d+-\d+-[0-9a-f]{8}$/;

/**
 * Starts an embedded Exabits API on 127.0.0.1.
 * @throws when the port is taken or the key and certificate are unusable
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const exabits = new Exabits(options.accounts ?? [EXAMPLE_ACCOUNT, AWKWARD_ACCOUNT], {
    accessTokenSeconds: options.accessTokenSeconds ?? 1800,
    refreshTokenSeconds: options.refreshTokenSeconds ?? 7200,
    apiTokenSeconds: options.apiTokenSeconds,
  });
  const api = new Api(exabits, {
    maxPageSize: options.maxPageSize ?? 100,
    loginsPerSecond: options.loginsPerSecond,
  });
  const faults = new FaultList();
  const requests: RecordedRequest[] = [];
  const listeners = new Set<RequestEventListener>();
  const closing = new AbortController();

  const sandbox: Sandbox = {
    url: '',
    port: 0,
    requests,
    clearRequests: () => {
      requests.length = 0;
    },
    faults,
    apiTokens: () => exabits.apiTokens(),
    orphans: () => exabits.apiTokens().filter(({ name }) => EPHEMERAL_NAME.test(name)),
    seedApiToken(account, token) {
      const username = typeof account === 'string' ? account : account.username;
      const owner = exabits.account(username);
      if (owner === undefined) throw new Error(`The sandbox has no account ${username}`);
      return exabits.createApiToken(owner, token);
    },
    advance: (seconds) => exabits.advance(seconds),
    now: () => exabits.nowMs(),
    onRequest(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      closing.abort();
      const closed = once(server, 'close');
      server.close();
      for (const connection of connections.values()) connection.destroy();
      await closed;
    },
  };

  async function announce(moment: Moment, recorded: RecordedRequest, nth: number): Promise<void> {
    const { method, path } = recorded;
    for (const listener of listeners) await listener({ moment, method, path, nth });
  }

  async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', 'http://sandbox');
    const method = request.method ?? 'GET';
    const body = await readBody(request);
    if (url.pathname.startsWith(CONTROL_PATH)) {
      await sendAnswer(answerControl(sandbox, method, url.pathname, body ?? ''), response);
      return;
    }

    const recorded = record(request, url, body ?? '');
    requests.push(recorded);
    const nth = requests.filter((other) => other.method === method && other.path === url.pathname).length;
    await announce('received', recorded, nth);
    if (body === undefined) {
      const tooLarge = envelope(413, { status: false, message: 'The request is too large', data: null });
      recorded.status = await sendAnswer(tooLarge, response);
      return;
    }

    const taken = faults.take(method, url.pathname);
    for (const fault of taken) if (fault.effect === 'delay') await pause(fault.ms, closing.signal);
    const fault = taken.at(-1);
    let answer: Answer = envelope(200, { status: true, message: 'success', data: {} });
    if (fault === undefined || carriesOut(fault)) {
      answer = api.answer({
        method,
        path: url.pathname,
        query: url.searchParams,
        headers: request.headers,
        body,
      });
      await announce('handled', recorded, nth);
    }
    const connection = connections.get(request.socket.remotePort ?? 0) ?? request.socket;
    recorded.status =
      fault === undefined
        ? await sendAnswer(answer, response)
        : await deliverFault(fault, answer, { response, connection, closing: closing.signal });
    await announce('answered', recorded, nth);
  }

  const listener: RequestListener = (request, response) => {
    serve(request, response).catch((error: unknown) => {
      // A client that hangs up, or is killed, in the middle of its request is no fault of the sandbox.
      if (request.destroyed && !request.complete) return;
      process.emitWarning(error instanceof Error ? error : String(error));
      response.destroy();
    });
  };
  const server: Server =
    options.tls === undefined ? createServer(listener) : createTlsServer(options.tls, listener);
  const connections = connectionsOf(server);
  const port = await listen(server, options.port ?? 0);
  const scheme = options.tls === undefined ? 'http' : 'https';
  return Object.assign(sandbox, { url: `${scheme}://127.0.0.1:${port}`, port });
}

/** The open connections of a server by the port of the other end; those of https are not what its requests have. */
function connectionsOf(server: Server): ReadonlyMap<number, Socket> {
  const connections = new Map<number, Socket>();
  server.on('connection', (connection: Socket) => {
    const port = connection.remotePort ?? 0;
    connections.set(port, connection);
    connection.on('error', () => connection.destroy());
    connection.once('close', () => {
      if (connections.get(port) === connection) connections.delete(port);
    });
  });
  return connections;
}

async function listen(server: Server, wantedPort: number): Promise<number> {
  server.listen(wantedPort, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The sandbox has no port');
  return address.port;
}

function record(request: IncomingMessage, url: URL, body: string): RecordedRequest {
  return {
    at: Date.now(),
    method: request.method ?? 'GET',
    path: url.pathname,
    query: Object.fromEntries(url.searchParams),
    headers: flatHeaders(request),
    body,
    status: undefined,
  };
}

/** The body as text, or undefined when it is larger than the sandbox takes. */
async function readBody(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    size += chunk.length;
    if (size <= MAX_REQUEST_BYTES) chunks.push(chunk);
  }
  return size > MAX_REQUEST_BYTES ? undefined : Buffer.concat(chunks).toString('utf8');
}

function flatHeaders(request: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(request.headers).map(([name, value]) => [name, [value ?? ''].flat().join(', ')]),
  );
}
