import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { text } from 'node:stream/consumers';
import { type DefaultHost, playDefaultHost } from './default-host.ts';
import { carriesOut, deliverFault, type Fault, FaultList, NO_ANSWER, pause, sendAnswer } from './faults.ts';
import { LocalServer } from './local-server.ts';
import type { Moment, RecordedRequest, RequestEventListener } from './request-history.ts';
import { type ApiLimits, Responder } from './responder.ts';
import {
  type Account,
  type ApiTokenRecord,
  AWKWARD_ACCOUNT,
  EXAMPLE_ACCOUNT,
  type MachineRecord,
  type NewApiToken,
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

/** The name of a token that a job created for itself. */
const EPHEMERAL_NAME = /^gha-\d+-\d+-[0-9a-f]{8}$/;

/**
 * Starts an embedded Exabits API on 127.0.0.1.
 *
 * @throws if the port is taken, or the key and certificate are unusable
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const { tls, port, asDefaultHost } = options;
  const server = tls === undefined ? createServer() : createTlsServer(tls);
  const local = await LocalServer.start(server, port);
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${local.port}`;
  const listener: RequestListener = (request, response) => void sandbox.serve(request, response);
  const defaultHost = asDefaultHost ? await playDefaultHost(server, url, listener) : undefined;
  const sandbox = new Sandbox(options, local, url, defaultHost);
  server.on('request', listener);
  return sandbox;
}

/** A running sandbox. */
export class Sandbox {
  /** The host alone, for example `http://127.0.0.1:40123`. */
  readonly url: string;
  readonly port: number;
  /** How to reach it as the default host, if it was started so. */
  readonly defaultHost: DefaultHost | undefined;
  /** Every request so far, in the order of arrival. */
  readonly requests: RecordedRequest[] = [];
  readonly faults = new FaultList();
  readonly #store: Store;
  readonly #responder: Responder;
  readonly #server: LocalServer;
  readonly #listeners = new Set<RequestEventListener>();
  /** Ends all waiting when it is aborted. */
  readonly #closing = new AbortController();

  constructor(
    options: SandboxOptions,
    server: LocalServer,
    url: string,
    defaultHost: DefaultHost | undefined,
  ) {
    const { accounts = [EXAMPLE_ACCOUNT, AWKWARD_ACCOUNT], machineStatus, machineStartSeconds } = options;
    const start = { status: machineStatus ?? 'running', seconds: machineStartSeconds ?? 1 };
    this.#store = new Store(accounts, start);
    this.#responder = new Responder(this.#store, options);
    this.#server = server;
    this.url = url;
    this.port = server.port;
    this.defaultHost = defaultHost;
  }

  clearRequests(): void {
    this.requests.length = 0;
  }

  /** The live API tokens of all accounts, oldest first. */
  apiTokens(): ApiTokenRecord[] {
    return this.#store.apiTokens();
  }

  /** Every token that was ever issued. */
  get issued(): readonly string[] {
    return this.#store.issued;
  }

  /** The live API tokens with a name that a job gave them. */
  orphans(): ApiTokenRecord[] {
    return this.apiTokens().filter(({ name }) => EPHEMERAL_NAME.test(name));
  }

  /** The machines of all accounts, oldest first. */
  machines(): MachineRecord[] {
    return this.#store.machines();
  }

  /** Creates a token of this account. */
  seedApiToken(account: Account, token: NewApiToken): ApiTokenRecord {
    return this.#store.createApiToken(account, token);
  }

  /** Moves the sandbox's clock forward. */
  advance(seconds: number): void {
    this.#store.advance(seconds);
  }

  /** Adds a listener; the returned function removes it. */
  onRequest(listener: RequestEventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Stops listening, aborts all requests and closes every connection. */
  async close(): Promise<void> {
    this.#closing.abort();
    this.defaultHost?.dispose();
    await this.#server.close();
  }

  /** Answers a request, or does to it what a fault says. */
  async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    try {
      await this.#answer(request, response);
    } catch (error) {
      // A client that hangs up, or is killed, in the middle of its request is not an error of the sandbox.
      if (request.destroyed && !request.complete) return;
      process.emitWarning(error instanceof Error ? error : String(error));
      response.destroy();
    }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', headers } = request;
    const { pathname: path, searchParams: query } = new URL(request.url ?? '/', 'http://sandbox');
    const body = await text(request);
    const flat = Object.entries(headers).map(([name, value]) => [name, String(value)]);
    const recorded: RecordedRequest = {
      ...{ at: Date.now(), method, path, body, status: undefined },
      headers: Object.fromEntries(flat),
    };
    this.requests.push(recorded);
    const nth = this.requests.filter((other) => other.method === method && other.path === path).length;
    const announce = async (moment: Moment): Promise<void> => {
      for (const listener of this.#listeners) await listener({ moment, method, path, nth });
    };
    await announce('received');

    const fault = await this.#nextFault(method, path);
    const carryOut = () => this.#responder.answer({ method, path, query, headers, body });
    const carriedOut = fault === undefined || carriesOut(fault);
    const answer = carriedOut ? carryOut() : NO_ANSWER;
    if (carriedOut) await announce('handled');
    const connection = this.#server.connectionBelow(request.socket);
    const wire = { response, connection, closing: this.#closing.signal };
    recorded.status = fault ? await deliverFault(fault, answer, wire) : await sendAnswer(answer, response);
    await announce('answered');
    if (fault?.carriedOutAfterMs === undefined) return;
    await pause(fault.carriedOutAfterMs, this.#closing.signal);
    carryOut();
  }

  /** Waits for the delays that hit a request. Returns the fault of its answer, if there is one. */
  async #nextFault(method: string, path: string): Promise<Fault | undefined> {
    const taken = this.faults.take(method, path);
    for (const fault of taken) {
      if (fault.effect === 'delay') await pause(fault.ms, this.#closing.signal);
    }
    return taken.at(-1);
  }
}
