import { createServer, type Socket } from 'node:net';
import { LocalServer } from '../../testbed/exabits/local-server.ts';
import type { Quote, ScriptedAnswer, World } from './worlds.ts';

/** A request as received. */
export interface ReceivedRequest {
  readonly method: string;
  readonly path: string;
  /** As received, with names in lower case. */
  readonly headers: readonly (readonly [string, string])[];
  readonly body: string;
  /** Whether the answer is final, so that a retry makes no sense. */
  readonly answeredForGood: boolean;
}

/** An Exabits that answers as a world says. */
export interface ScriptedExabits {
  readonly url: string;
  /** Requests since the last `play`. */
  readonly requests: readonly ReceivedRequest[];
  /** Tokens that it has returned since then in successful answers. */
  readonly served: ReadonlySet<string>;
  /** Continues with the answers of a world, the last of which repeats, and reports every request. */
  play(world: World, phase: 'main' | 'post', onRequest: (request: Request) => void): void;
  close(): Promise<void>;
}

/**
 * Starts a server on 127.0.0.1 that writes raw bytes, so that no HTTP library keeps it from sending nonsense.
 */
export async function startScriptedExabits(): Promise<ScriptedExabits> {
  let world: World | undefined;
  let answers: readonly ScriptedAnswer[] = [];
  let next = 0;
  let requests: ReceivedRequest[] = [];
  let served = new Set<string>();
  let notify: (request: Request) => void = () => {};

  const server = createServer((socket) => {
    let received = Buffer.alloc(0);
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk]);
      const request = parseRequest(received);
      if (!request || !world) return;
      const answer = answers[Math.min(next, answers.length - 1)] ?? { kind: 'closed' };
      next += 1;
      requests.push({ ...request, answeredForGood: isForGood(answer) });
      notify(request);
      respond(socket, answer, request, world, served);
    });
  });
  const local = await LocalServer.start(server);
  return {
    url: `http://127.0.0.1:${local.port}`,
    get requests() {
      return requests;
    },
    get served() {
      return served;
    },
    play(newWorld, phase, onRequest) {
      notify = onRequest;
      if (phase === 'main') served = new Set();
      requests = [];
      world = newWorld;
      answers = newWorld.answers[phase];
      next = 0;
    },
    close: () => local.close(),
  };
}

type Request = Omit<ReceivedRequest, 'answeredForGood'>;

function isForGood(answer: ScriptedAnswer): boolean {
  if (answer.kind === 'reset' || answer.kind === 'closed') return false;
  if (answer.kind === 'right' || answer.kind === 'changed') return true;
  return answer.status !== 408 && answer.status !== 429 && answer.status < 500;
}

function parseRequest(received: Buffer): Request | undefined {
  const end = received.indexOf('\r\n\r\n');
  if (end < 0) return undefined;
  const [start = '', ...lines] = received.subarray(0, end).toString('latin1').split('\r\n');
  const headers = lines.map((line): [string, string] => {
    const colon = line.indexOf(':');
    return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).trim()];
  });
  const length = Number(headers.find(([name]) => name === 'content-length')?.[1] ?? 0);
  const body = received.subarray(end + 4);
  if (body.length < length) return undefined;
  const [method = '', path = ''] = start.split(' ');
  return { method, path, headers, body: body.toString('utf8') };
}

function respond(
  socket: Socket,
  answer: ScriptedAnswer,
  request: Request,
  world: World,
  served: Set<string>,
): void {
  switch (answer.kind) {
    case 'reset':
      socket.resetAndDestroy();
      return;
    case 'closed':
      socket.end();
      return;
    case 'right':
      send(socket, 200, [], rightBody(request, world, served));
      return;
    case 'changed':
      send(socket, 200, [], rightBody(request, world, served, answer));
      return;
    case 'other':
      noteTokens(answer.body, served);
      send(socket, answer.status, answer.headers, answer.body);
      return;
    case 'quoting': {
      const words = answer.before + quoteOf(secretIn(request), answer.quote) + answer.after;
      const inHeader = words.replace(/[^\x20-\x7e]/g, '');
      const message = answer.where === 'message' ? words : 'no';
      const data = answer.where === 'deeper' ? { error_reason: { message: words } } : null;
      const headers: [string, string][] = [];
      if (answer.where === 'location') headers.push(['Location', inHeader]);
      if (answer.where === 'content-type') headers.push(['Content-Type', inHeader]);
      const body =
        answer.where === 'content-type' ? 'no JSON' : JSON.stringify({ status: false, message, data });
      send(socket, answer.status, headers, body);
    }
  }
}

function send(
  socket: Socket,
  status: number,
  headers: readonly (readonly [string, string])[],
  body: string | Uint8Array,
): void {
  const content = Buffer.from(body);
  const lines = [
    `HTTP/1.1 ${status} Whatever`,
    `Content-Length: ${content.length}`,
    'Connection: close',
    ...headers.map(([name, value]) => `${name}: ${value}`),
  ];
  socket.end(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), content]));
}

function rightBody(
  { method, path, body }: Request,
  { tokens }: World,
  served: Set<string>,
  change?: { readonly place: string; readonly value: unknown },
): string {
  const changed = (fields: Record<string, unknown>): Record<string, unknown> =>
    change && change.place in fields ? { ...fields, [change.place]: change.value } : fields;
  const dataOf = (): unknown => {
    if (path.endsWith('/authenticate/login')) {
      return changed({
        username: 'someone',
        email: 'someone@exabits.example',
        access_token: tokens.access,
        refresh_token: tokens.refresh,
      });
    }
    if (method === 'POST') return changed({ id: 4711, name: nameIn(body), token: tokens.api, created_at: 1 });
    if (method === 'GET' && path.includes('/api-tokens')) {
      if (!path.includes('offset=0')) return [];
      const stale = changed({ id: 'stale-1', name: 'gha-1-1-0123abcd', created_at: 1 });
      return change?.place === 'entry' ? [stale, change.value] : [stale];
    }
    return null;
  };
  const json = JSON.stringify(changed({ status: true, message: 'success', data: dataOf() }));
  noteTokens(json, served);
  return json;
}

function nameIn(body: string): unknown {
  try {
    return Object(JSON.parse(body)).name;
  } catch {
    return undefined;
  }
}

/** Notes the tokens of a successful answer, in every field where the API would have them. */
function noteTokens(body: string | Uint8Array, served: Set<string>): void {
  try {
    const { status, data } = Object(JSON.parse(Buffer.from(body).toString('utf8')));
    if (status !== true) return;
    for (const field of ['access_token', 'refresh_token', 'token']) {
      const token = Object(data)[field];
      if (typeof token === 'string') served.add(token);
    }
  } catch {
    // No JSON, no token.
  }
}

/** The secret that authenticates a request. */
function secretIn({ headers, body }: Request): string {
  const bearer = headers.find(([name]) => name === 'authorization')?.[1].replace(/^Bearer /, '');
  if (bearer !== undefined) return bearer;
  try {
    return String(Object(JSON.parse(body)).password);
  } catch {
    return '';
  }
}

function quoteOf(secret: string, quote: Quote): string {
  const shifted = (by: number): string => Buffer.from('::'.slice(0, by) + secret).toString('base64');
  switch (quote) {
    case 'plain':
      return secret;
    case 'json':
      return JSON.stringify({ secret });
    case 'uri':
      return encodeURIComponent(secret);
    case 'base64':
      return shifted(0);
    case 'base64 one byte on':
      return shifted(1);
    case 'base64 two bytes on':
      return shifted(2);
    case 'base64url':
      return Buffer.from(secret).toString('base64url');
    case 'upper case':
      // A hash in upper case is still the hash; a token in upper case is another token.
      return /^[0-9a-f]{32}$/.test(secret) ? secret.toUpperCase() : secret;
  }
}
