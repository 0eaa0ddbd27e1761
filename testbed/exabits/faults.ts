import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';

/** How far an answer gets before something happens to it. */
export type Progress = 'before-headers' | 'mid-headers' | 'mid-body';

/** Text, or arbitrary bytes. */
export type Content = string | Uint8Array;

/** What goes wrong. */
export type FaultEffect =
  /** Answers with this status, and with an error envelope unless a body is given. */
  | { effect: 'status'; status: number; headers?: Record<string, string | string[]>; body?: Content }
  /** Waits, then carries on normally (with the next matching fault, if there is one). */
  | { effect: 'delay'; ms: number }
  /** Resets the connection (TCP RST). */
  | { effect: 'reset'; at: Progress }
  /** Sends nothing more and keeps the connection open. */
  | { effect: 'hang'; at: Progress }
  /** Sends the answer's body a few bytes at a time. */
  | { effect: 'drip'; bytes: number; everyMs: number }
  /** Writes exactly these bytes to the connection and closes it. */
  | { effect: 'raw'; bytes: Content }
  | { effect: 'redirect'; location: string; status?: number }
  /** Another body, by default with status 200 and the content type of JSON; '' leaves out that header. */
  | { effect: 'body'; body: Content; contentType?: string; status?: number }
  /** A well-formed envelope of exactly this many bytes; `chunked` leaves out its content length. */
  | { effect: 'oversized'; bytes: number; chunked?: boolean }
  /** Carries the request out, and changes the JSON of its answer. */
  | { effect: 'change'; change: (json: Record<string, unknown>) => unknown }
  /** Compresses the answer, although the client did not ask for it. */
  | { effect: 'gzip' }
  /** Carries the request out, then resets the connection instead of answering. */
  | { effect: 'answer-lost' };

/** Which requests a fault hits. */
export interface FaultMatch {
  method?: string;
  /** A string is a prefix of the path (`/api/v1/api-tokens`). */
  path?: string | RegExp;
}

/**
 * A fault and when it happens: of the matching requests, it skips the first `after` (default 0) and hits the next
 * `times` (default 1). `carriedOut` says whether the request still changes the state of Exabits; by default it does if
 * the normal answer is on its way (a reset or hang in the middle, delay, drip, change,
 * gzip, answer-lost). With
 * `carriedOutAfterMs`, it does so that long after the answer.
 */
export type Fault = FaultEffect & {
  match?: FaultMatch;
  times?: number;
  after?: number;
  carriedOut?: boolean;
  carriedOutAfterMs?: number;
};

/** A complete answer of the API. */
export interface PreparedAnswer {
  status: number;
  headers: Record<string, string | string[]>;
  body: Buffer;
}

/** Stands for the answer to a request that is not carried out. */
export const NO_ANSWER: PreparedAnswer = { status: 200, headers: {}, body: Buffer.from('{"status":true}') };

interface ArmedFault {
  fault: Fault;
  seen: number;
  used: number;
}

/** The faults waiting for a request. */
export class FaultList {
  #armed: ArmedFault[] = [];

  add(fault: Fault): void {
    this.#armed.push({ fault, seen: 0, used: 0 });
  }

  clear(): void {
    this.#armed = [];
  }

  /** The faults for this request, in order: any number of delays, then at most one of another kind. */
  take(method: string, path: string): Fault[] {
    const taken: Fault[] = [];
    let open = true;
    for (const armed of this.#armed) {
      if (!matches(armed.fault.match, method, path)) continue;
      armed.seen += 1;
      if (!open || armed.seen <= (armed.fault.after ?? 0) || armed.used >= (armed.fault.times ?? 1)) continue;
      armed.used += 1;
      taken.push(armed.fault);
      open = armed.fault.effect === 'delay';
    }
    return taken;
  }
}

function matches(match: FaultMatch | undefined, method: string, path: string): boolean {
  if (match?.method !== undefined && match.method.toUpperCase() !== method) return false;
  if (match?.path === undefined) return true;
  return typeof match.path === 'string' ? path.startsWith(match.path) : match.path.test(path);
}

/** Whether Exabits carries out a request that this fault hits. */
export function carriesOut(fault: Fault): boolean {
  if (fault.carriedOut !== undefined) return fault.carriedOut;
  if (fault.carriedOutAfterMs !== undefined) return false;
  if ('at' in fault) return fault.at !== 'before-headers';
  return ['delay', 'drip', 'change', 'gzip', 'answer-lost'].includes(fault.effect);
}

/** Access to the wire: the response, its TCP connection, and a signal that ends all waiting. */
export interface Wire {
  response: ServerResponse;
  /** The connection below TLS, which is the one that can be reset. */
  connection: Socket;
  closing: AbortSignal;
}

/**
 * Applies a fault to an answer. Resolves when nothing more will be sent.
 *
 * @returns the status that was sent; undefined if none was
 */
export async function deliverFault(
  fault: Fault,
  answer: PreparedAnswer,
  wire: Wire,
): Promise<number | undefined> {
  const { response } = wire;
  const send = (status: number, headers: PreparedAnswer['headers'], body: Content, chunked?: boolean) =>
    sendAnswer({ status, headers, body: Buffer.from(body) }, response, chunked);
  switch (fault.effect) {
    case 'delay':
      return sendAnswer(answer, response);
    case 'status': {
      const body = JSON.stringify({ status: false, message: `Sandbox fault ${fault.status}`, data: null });
      return send(fault.status, { ...JSON_TYPE, ...fault.headers }, fault.body ?? body);
    }
    case 'redirect':
      return send(fault.status ?? 302, { location: fault.location }, '');
    case 'body': {
      const { status = 200, contentType = 'application/json', body } = fault;
      return send(status, contentType === '' ? {} : { 'content-type': contentType }, body);
    }
    case 'change': {
      const changed = fault.change(JSON.parse(answer.body.toString()));
      return send(answer.status, answer.headers, JSON.stringify(changed));
    }
    case 'gzip': {
      const headers = { ...answer.headers, 'content-encoding': 'gzip' };
      return send(answer.status, headers, gzipSync(answer.body));
    }
    case 'oversized': {
      const empty = '{"status":true,"message":"","data":{}}';
      const body = empty.replace('""', `"${'x'.repeat(fault.bytes - empty.length)}"`);
      return send(200, JSON_TYPE, body, fault.chunked);
    }
    case 'drip':
      return drip(fault, answer, wire);
    case 'raw':
      await writeRaw(response, Buffer.from(fault.bytes));
      response.socket?.end();
      return undefined;
    case 'answer-lost':
      wire.connection.resetAndDestroy();
      return undefined;
    case 'reset':
      await writeRaw(response, partOf(answer, fault.at));
      // Gives the part a moment to arrive: a reset discards what is still in the send buffer.
      await pause(fault.at === 'before-headers' ? 0 : 20, wire.closing);
      wire.connection.resetAndDestroy();
      return undefined;
    case 'hang':
      await writeRaw(response, partOf(answer, fault.at));
      return undefined;
  }
}

const JSON_TYPE = { 'content-type': 'application/json' };

/**
 * Sends an answer. Resolves when it is handed to the operating system, or the client has gone.
 *
 * @param chunked leaves out the content length
 * @returns its status; undefined if the client has gone
 */
export async function sendAnswer(
  { status, headers, body }: PreparedAnswer,
  response: ServerResponse,
  chunked = false,
): Promise<number | undefined> {
  const bodiless = status === 204 || status === 304;
  const length = bodiless || chunked ? {} : { 'content-length': String(body.length) };
  response.writeHead(status, { ...length, ...headers });
  return end(response, bodiless ? Buffer.alloc(0) : body);
}

/** Waits, or returns at once when the sandbox closes. */
export async function pause(ms: number, closing: AbortSignal): Promise<void> {
  if (ms <= 0) return;
  await sleep(ms, undefined, { signal: closing }).catch(() => undefined);
}

function end(response: ServerResponse, body: Uint8Array): Promise<number | undefined> {
  return new Promise((resolve) => {
    const settle = (): void => resolve(response.writableFinished ? response.statusCode : undefined);
    if (response.destroyed) return settle();
    response.once('finish', settle);
    response.once('close', settle);
    response.end(body);
  });
}

async function drip(
  fault: { bytes: number; everyMs: number },
  answer: PreparedAnswer,
  wire: Wire,
): Promise<number | undefined> {
  const { response } = wire;
  response.writeHead(answer.status, { ...answer.headers, 'content-length': String(answer.body.length) });
  response.flushHeaders();
  for (let sent = 0; sent < answer.body.length; sent += fault.bytes) {
    await pause(fault.everyMs, wire.closing);
    if (response.destroyed || wire.closing.aborted) return undefined;
    response.write(answer.body.subarray(sent, sent + fault.bytes));
  }
  return end(response, Buffer.alloc(0));
}

/** The start of an answer as bytes on the wire, cut in the middle of its headers or of its body. */
function partOf(answer: PreparedAnswer, at: Progress): Buffer {
  if (at === 'before-headers') return Buffer.alloc(0);
  const head = [`HTTP/1.1 ${answer.status} Sandbox`, `content-length: ${answer.body.length}`];
  for (const [name, value] of Object.entries(answer.headers)) {
    for (const each of [value].flat()) head.push(`${name}: ${each}`);
  }
  const headers = Buffer.from(`${head.join('\r\n')}\r\n\r\n`);
  if (at === 'mid-headers') return headers.subarray(0, headers.length - 6);
  return Buffer.concat([headers, answer.body.subarray(0, Math.floor(answer.body.length / 2))]);
}

/** Bypasses the response and writes straight to its (possibly encrypted) socket. */
function writeRaw(response: ServerResponse, bytes: Buffer): Promise<void> {
  const { socket } = response;
  if (socket === null || socket.destroyed || bytes.length === 0) return Promise.resolve();
  return new Promise((resolve) => {
    socket.write(bytes, () => resolve());
  });
}
