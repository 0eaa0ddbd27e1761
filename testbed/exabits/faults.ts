import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { finished } from 'node:stream/promises';
import { setTimeout as sleep } from 'node:timers/promises';

/** Text, or arbitrary bytes. */
export type Content = string | Uint8Array;

/** A complete answer of the API. */
export interface PreparedAnswer {
  status: number;
  headers: Record<string, string | string[]>;
  body: Content;
}

/** How far a request gets before its connection ends or falls silent. From `handled` on, Exabits carries it out. */
export type Progress = 'received' | 'handled' | 'mid-headers' | 'mid-body';

/** What goes wrong. */
export type FaultEffect =
  /** Another answer: by default of status 200, as JSON, with an error envelope. */
  | { answer: Partial<PreparedAnswer> }
  /** The right answer, with its JSON changed. */
  | { change: (json: Record<string, unknown>) => unknown }
  /** Resets the connection (TCP RST). */
  | { reset: Progress }
  /** Sends nothing more and keeps the connection open. */
  | { hang: Progress }
  /** Writes exactly these bytes to the connection and closes it. */
  | { raw: Content };

/** A fault, and when it happens. */
export type Fault = FaultEffect & {
  /** Which requests it hits; the path is a prefix (`/api/v1/api-tokens`), or a pattern. Default: all. */
  match?: { method?: string; path?: string | RegExp };
  /** How many of those it leaves alone first. Default: 0. */
  after?: number;
  /** How many it hits then. Default: 1. */
  times?: number;
  /** How long it keeps the request waiting first. */
  delayMs?: number;
  /** Whether Exabits carries out a request that gets another answer, or bytes. Default: no. */
  carriedOut?: boolean;
  /** It does so that long after the answer. */
  carriedOutAfterMs?: number;
};

/** The faults waiting for a request. */
export class FaultList {
  #armed: { fault: Fault; seen: number; used: number }[] = [];

  add(fault: Fault): void {
    this.#armed.push({ fault, seen: 0, used: 0 });
  }

  clear(): void {
    this.#armed = [];
  }

  /** The first fault that is due for this request. */
  take(method: string, path: string): Fault | undefined {
    const matching = this.#armed.filter(({ fault: { match = {} } }) => {
      const { method: only = method, path: start = '' } = match;
      return only === method && (typeof start === 'string' ? path.startsWith(start) : start.test(path));
    });
    for (const armed of matching) armed.seen += 1;
    const due = matching.find(
      ({ fault: { after = 0, times = 1 }, seen, used }) => seen > after && used < times,
    );
    if (due) due.used += 1;
    return due?.fault;
  }
}

/** Whether Exabits carries out a request before the fault is delivered. */
export function carriesOut(fault: Fault): boolean {
  if ('reset' in fault) return fault.reset !== 'received';
  if ('hang' in fault) return fault.hang !== 'received';
  return fault.carriedOut ?? 'change' in fault;
}

/** What is sent if this fault takes the place of the right answer. */
export function answerWith(fault: Fault, right: PreparedAnswer): PreparedAnswer {
  if ('change' in fault)
    return { ...right, body: JSON.stringify(fault.change(JSON.parse(String(right.body)))) };
  if (!('answer' in fault)) return right;
  const { status = 200, headers, body } = fault.answer;
  return {
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: body ?? JSON.stringify({ status: false, message: `Sandbox fault ${status}`, data: null }),
  };
}

/**
 * Sends an answer, or what a fault leaves of it. Resolves when it is handed to the operating system, or nobody listens.
 *
 * @param connection the one below TLS, which is the one that can be reset
 */
export async function deliver(
  answer: PreparedAnswer,
  fault: Fault | undefined,
  response: ServerResponse,
  connection: Socket,
): Promise<void> {
  const { socket } = response;
  if (fault && 'raw' in fault) socket?.end(fault.raw);
  else if (fault && 'hang' in fault) socket?.write(startOf(answer, fault.hang));
  else if (fault && 'reset' in fault) {
    socket?.write(startOf(answer, fault.reset));
    // Gives that a moment to arrive: a reset discards what is still in the send buffer.
    if (fault.reset.startsWith('mid-')) await sleep(20);
    connection.resetAndDestroy();
  } else {
    const { status, headers, body } = answer;
    const length = 'transfer-encoding' in headers ? {} : { 'content-length': Buffer.byteLength(body) };
    response.writeHead(status, { ...(status === 204 ? {} : length), ...headers });
    response.end(body);
    await finished(response).catch(() => undefined);
  }
}

/** The start of an answer as bytes on the wire, cut in the middle of its headers or of its body. */
function startOf({ status, headers, body }: PreparedAnswer, at: Progress): Buffer {
  if (!at.startsWith('mid-')) return Buffer.alloc(0);
  const bytes = Buffer.from(body);
  const lines = Object.entries({ ...headers, 'content-length': bytes.length });
  const head = `HTTP/1.1 ${status} Sandbox\r\n${lines.map((line) => `${line.join(': ')}\r\n`).join('')}\r\n`;
  if (at === 'mid-headers') return Buffer.from(head.slice(0, -6));
  return Buffer.concat([Buffer.from(head), bytes.subarray(0, bytes.length / 2)]);
}
