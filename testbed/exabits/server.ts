import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { answerControl, CONTROL_PATH } from './control.ts';
import { type DefaultHost, playDefaultHost } from './default-host.ts';
import {
  carriesOut,
  deliverFault,
  type Fault,
  FaultList,
  type PreparedAnswer,
  pause,
  sendAnswer,
} from './faults.ts';
import { LocalServer } from './local-server.ts';
import { type RecordedRequest, type RequestEventListener, RequestHistory } from './request-history.ts';
import { type ApiLimits, envelope, Responder } from './responder.ts';
import {
  type Account,
  type ApiTokenRecord,
  AWKWARD_ACCOUNT,
  EXAMPLE_ACCOUNT,
  type MachineRecord,
  Store,
} from './store.ts';

export type { Content, Fault, FaultEffect, FaultMatch, Progress } from './faults.ts';
export { md5 } from './md5.ts';
export type { Moment, RecordedRequest, RequestEvent, RequestEventListener } from './request-history.ts';
export type { Account, ApiTokenRecord, MachineRecord } from './store.ts';
export { AWKWARD_ACCOUNT, EXAMPLE_ACCOUNT } from './store.ts';

/** How a sandbox is started. Everything is optional. */
export interface SandboxOptions extends ApiLimits {
  /** Default 0: any free port. */
  port?: number;
  /** Default: EXAMPLE_ACCOUNT and AWKWARD_ACCOUNT. */
  accounts?: readonly Account[];
  /** Serves https with this private key and certificate (PEM). */
  tls?: { key: string; cert: string };
  /** Also answers for https://gpu-api.exascalelabs.ai, for programs that get the variables of `defaultHost`. */
  asDefaultHost?: boolean;
  /** How long a new machine takes to start. Default 1. */
  machineStartSeconds?: number;
  /** The status of a new machine after that. Default: running. */
  machineStatus?: 'running' | 'error';
}

/** A running sandbox. */
export interface Sandbox {
  /** The host alone, for example `http://127.0.0.1:40123`. */
  readonly url: string;
  readonly port: number;
  /** How to reach it as the default host, if it was started so. */
  readonly defaultHost: DefaultHost | undefined;
  /** Every request so far, in the order of arrival, without those to the control endpoints. */
  readonly requests: readonly RecordedRequest[];
  clearRequests(): void;
  readonly faults: {
    add(fault: Fault): void;
    clear(): void;
    /** How many faults have not happened as often as they should yet. */
    readonly pending: number;
  };
  /** The live API tokens of all accounts, oldest first. */
  apiTokens(): ApiTokenRecord[];
  /** Every access token and API token that was ever issued. */
  readonly issued: readonly string[];
  /** The live API tokens with a name that a job gave them. */
  orphans(): ApiTokenRecord[];
  /** The machines of all accounts, oldest first. */
  machines(): MachineRecord[];
  /** Creates a token of this account; `createdAt` in Unix seconds. Throws for an unknown username. */
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
  /** Stops listening, aborts all requests and closes every connection. */
  close(): Promise<void>;
}

const MAX_REQUEST_BYTES = 1024 * 1024;

/** The name of a token that a job created for itself. */
const EPHEMERAL_NAME = /^gha-\d+-\d+-[0-9a-f]{8}$/;

/** The parts of a sandbox. */
interface Parts {
  readonly store: Store;
  readonly responder: Responder;
  readonly faults: FaultList;
  readonly history: RequestHistory;
  readonly server: LocalServer;
  /** Ends all waiting when it is aborted. */
  readonly closing: AbortController;
}

/**
 * Starts an embedded Exabits API on 127.0.0.1.
 *
 * @throws if the port is taken, or the key and certificate are unusable
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const server = options.tls === undefined ? createServer() : createTlsServer(options.tls);
  const parts = makeParts(options, await LocalServer.start(server, options.port));
  const url = `${options.tls === undefined ? 'http' : 'https'}://127.0.0.1:${parts.server.port}`;
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    serve(request, response, parts, sandbox).catch((error: unknown) => {
      // A client that hangs up, or is killed, in the middle of its request is not an error of the sandbox.
      if (request.destroyed && !request.complete) return;
      process.emitWarning(error instanceof Error ? error : String(error));
      response.destroy();
    });
  };
  const defaultHost = options.asDefaultHost ? await playDefaultHost(server, url, listener) : undefined;
  const sandbox = makeSandbox(parts, url, defaultHost);
  server.on('request', listener);
  return sandbox;
}

function makeParts(options: SandboxOptions, server: LocalServer): Parts {
  const {
    accounts = [EXAMPLE_ACCOUNT, AWKWARD_ACCOUNT],
    machineStatus = 'running',
    machineStartSeconds = 1,
  } = options;
  const store = new Store(accounts, { status: machineStatus, seconds: machineStartSeconds });
  return {
    store,
    responder: new Responder(store, options),
    faults: new FaultList(),
    history: new RequestHistory(),
    server,
    closing: new AbortController(),
  };
}

function makeSandbox(
  { store, faults, history, server, closing }: Parts,
  url: string,
  defaultHost: DefaultHost | undefined,
): Sandbox {
  return {
    url,
    port: server.port,
    defaultHost,
    requests: history.requests,
    clearRequests: () => void history.requests.splice(0),
    faults,
    apiTokens: () => store.apiTokens(),
    issued: store.issued,
    orphans: () => store.apiTokens().filter(({ name }) => EPHEMERAL_NAME.test(name)),
    machines: () => store.machines(),
    seedApiToken(account, token) {
      const username = typeof account === 'string' ? account : account.username;
      const owner = store.account(username);
      if (owner === undefined) throw new Error(`The sandbox has no account ${username}`);
      return store.createApiToken(owner, token);
    },
    advance: (seconds) => store.advance(seconds),
    now: () => store.nowMs(),
    onRequest: (listener) => history.onRequest(listener),
    async close() {
      closing.abort();
      defaultHost?.dispose();
      await server.close();
    },
  };
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  parts: Parts,
  sandbox: Sandbox,
): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://sandbox');
  const method = request.method ?? 'GET';
  const path = url.pathname;
  const body = await readBody(request);
  if (path.startsWith(CONTROL_PATH)) {
    await sendAnswer(answerControl(sandbox, method, path, body ?? ''), response);
    return;
  }

  const recorded: RecordedRequest = {
    at: Date.now(),
    method,
    path,
    query: Object.fromEntries(url.searchParams),
    headers: flatHeaders(request),
    body: body ?? '',
    status: undefined,
  };
  const announce = parts.history.record(recorded);
  await announce('received');
  if (body === undefined) {
    const tooLarge = envelope(413, { status: false, message: 'The request is too large', data: null });
    recorded.status = await sendAnswer(tooLarge, response);
    return;
  }

  const fault = await nextFault(parts, method, path);
  let answer: PreparedAnswer = envelope(200, { status: true, message: 'success', data: {} });
  const carryOut = (): PreparedAnswer =>
    parts.responder.answer({ method, path, query: url.searchParams, headers: request.headers, body });
  if (fault === undefined || carriesOut(fault)) {
    answer = carryOut();
    await announce('handled');
  }
  const connection = parts.server.connectionBelow(request.socket);
  recorded.status =
    fault === undefined
      ? await sendAnswer(answer, response)
      : await deliverFault(fault, answer, { response, connection, closing: parts.closing.signal });
  await announce('answered');
  if (fault?.carriedOutAfterMs === undefined) return;
  await pause(fault.carriedOutAfterMs, parts.closing.signal);
  carryOut();
}

/** Waits for the delays that hit a request. Returns the fault of its answer, if there is one. */
async function nextFault(
  { faults, closing }: Parts,
  method: string,
  path: string,
): Promise<Fault | undefined> {
  const taken = faults.take(method, path);
  for (const fault of taken) if (fault.effect === 'delay') await pause(fault.ms, closing.signal);
  return taken.at(-1);
}

/** The body as text, or undefined if it is too large. */
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
