import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KeyAndCertificate } from './certificate.ts';
import { playDefaultHost } from './default-host.ts';
import { answerWith, carriesOut, deliver, FaultList, type PreparedAnswer } from './faults.ts';
import { listen } from './local-server.ts';
import type { Moment, RecordedRequest, RequestListener } from './request-history.ts';
import { API_BASE_PATH, type ApiLimits, Responder } from './responder.ts';
import { type Account, AWKWARD_ACCOUNT, EXAMPLE_ACCOUNT, type MachineStart, Store } from './store.ts';

export type { Fault, FaultEffect } from './faults.ts';
export { md5 } from './md5.ts';
export { type Moment, type RecordedRequest, tokensIn } from './request-history.ts';
export { type Account, AWKWARD_ACCOUNT, EXAMPLE_ACCOUNT } from './store.ts';

/** How a sandbox is started. Everything is optional. */
export interface SandboxOptions extends ApiLimits {
  /** Default 0: any free port. */
  port?: number;
  /** Default: EXAMPLE_ACCOUNT and AWKWARD_ACCOUNT. */
  accounts?: readonly Account[];
  /** Serves https with this private key and certificate (PEM). */
  tls?: KeyAndCertificate;
  /** Also answers for https://gpu-api.exascalelabs.ai, for programs that get the variables of `defaultHost`. */
  asDefaultHost?: boolean;
  /** What becomes of a new machine. Default: it runs after a second. */
  machineStart?: MachineStart;
}

/** A running sandbox. */
export type Sandbox = Awaited<ReturnType<typeof startSandbox>>;

/**
 * Starts an embedded Exabits API on 127.0.0.1.
 *
 * @returns its address, such as `http://127.0.0.1:40123`, its state, the faults to come, and every request so far
 * @throws if the port is taken, or the key and certificate are unusable
 */
export async function startSandbox(options: SandboxOptions = {}) {
  const { tls, accounts = [EXAMPLE_ACCOUNT, AWKWARD_ACCOUNT] } = options;
  const store = new Store(accounts, options.machineStart);
  const responder = new Responder(store, options);
  const requests: RecordedRequest[] = [];
  const faults = new FaultList();
  const listeners: RequestListener[] = [];
  const closing = new AbortController();
  const pause = (ms: number) => sleep(ms, undefined, { signal: closing.signal });

  const serve = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { method = '' } = incoming;
    const { pathname: path, searchParams: query } = new URL(incoming.url ?? '/', 'http://sandbox');
    const body = await text(incoming);
    const headers = Object.fromEntries(
      Object.entries(incoming.headers).map(([name, value]) => [name, String(value)]),
    );
    const call = `${method} ${path.replace(API_BASE_PATH, '')}`;
    const nth = 1 + requests.filter((other) => other.call === call).length;
    const request: RecordedRequest = { at: Date.now(), method, path, call, nth, headers, body };
    requests.push(request);
    const announce = async (moment: Moment): Promise<void> => {
      for (const listener of listeners) await listener(request, moment);
    };
    const carryOut = () => responder.answer({ method, path, query, headers, body });

    await announce('received');
    const fault = faults.take(method, path);
    if (fault?.delayMs) await pause(fault.delayMs);
    let answer = NO_ANSWER;
    if (fault === undefined || carriesOut(fault)) {
      answer = carryOut();
      await announce('handled');
    }
    if (fault) answer = answerWith(fault, answer);
    request.status = answer.status;
    await deliver(answer, fault, response, local.connectionBelow(incoming.socket));
    await announce('answered');
    if (fault?.carriedOutAfterMs) {
      await pause(fault.carriedOutAfterMs);
      carryOut();
    }
  };
  const listener = (incoming: IncomingMessage, response: ServerResponse): void => {
    serve(incoming, response).catch((error) => {
      // A client that hangs up, or is killed, in the middle of its request is not an error of the sandbox.
      if (closing.signal.aborted || (incoming.destroyed && !incoming.complete)) return;
      process.emitWarning(error instanceof Error ? error : String(error));
      response.destroy();
    });
  };

  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener);
  const local = await listen(server, options.port);
  const url = `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${local.port}`;
  const defaultHost = options.asDefaultHost ? await playDefaultHost(server, url, listener) : undefined;
  return {
    url,
    port: local.port,
    store,
    requests,
    faults,
    /** How to reach it as the default host, if it was started so. */
    defaultHost,
    onRequest: (listener: RequestListener): void => void listeners.push(listener),
    /** Stops listening, aborts all requests and closes every connection. */
    async close(): Promise<void> {
      closing.abort();
      defaultHost?.dispose();
      await local.close();
    },
  };
}

/** Stands for the answer to a request that is not carried out. */
const NO_ANSWER: PreparedAnswer = { status: 200, headers: {}, body: '{"status":true}' };
