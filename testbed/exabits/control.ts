import type { Content, Fault, FaultEffect, FaultMatch, PreparedAnswer, Progress } from './faults.ts';
import { envelope } from './responder.ts';
import type { Sandbox } from './server.ts';

/** The prefix of the paths through which other processes control the sandbox. */
export const CONTROL_PATH = '/_sandbox/';

/**
 * Answers a request from another process that controls the sandbox:
 * GET or DELETE requests, POST or DELETE faults, POST advance, GET api-tokens, GET orphans, GET machines.
 */
export function answerControl(sandbox: Sandbox, method: string, path: string, body: string): PreparedAnswer {
  try {
    const data = control(sandbox, `${method} ${path.slice(CONTROL_PATH.length)}`, body);
    if (data === undefined) return envelope(404, { status: false, message: 'Not found', data: null });
    return envelope(200, { status: true, message: 'success', data });
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    return envelope(400, { status: false, message, data: null });
  }
}

function control(sandbox: Sandbox, call: string, body: string): unknown {
  switch (call) {
    case 'GET requests':
      return sandbox.requests;
    case 'DELETE requests':
      sandbox.clearRequests();
      return {};
    case 'POST faults':
      sandbox.faults.add(parseFault(body));
      return {};
    case 'DELETE faults':
      sandbox.faults.clear();
      return {};
    case 'POST advance':
      sandbox.advance(number(fields(JSON.parse(body)), 'seconds'));
      return { now: sandbox.now() };
    case 'GET api-tokens':
      return sandbox.apiTokens().map(({ token, ...rest }) => rest);
    case 'GET machines':
      return sandbox.machines();
    case 'GET orphans':
      return sandbox.orphans().map(({ token, ...rest }) => rest);
    default:
      return undefined;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Reads a fault from JSON: the same fields, with the path as a prefix, and bytes that are not text as
 * `{"base64": "…"}`.
 *
 * @throws an Error that names the wrong field
 */
export function parseFault(json: string): Fault {
  const fault = fields(JSON.parse(json));
  const { match, times, after, carriedOut, carriedOutAfterMs } = fault;
  return {
    ...parseEffect(fault),
    ...(match === undefined ? {} : { match: parseMatch(fields(match)) }),
    ...(times === undefined ? {} : { times: number(fault, 'times') }),
    ...(after === undefined ? {} : { after: number(fault, 'after') }),
    ...(carriedOut === undefined ? {} : { carriedOut: boolean(fault, 'carriedOut') }),
    ...(carriedOutAfterMs === undefined ? {} : { carriedOutAfterMs: number(fault, 'carriedOutAfterMs') }),
  };
}

function parseMatch(match: Fields): FaultMatch {
  return {
    ...(match.method === undefined ? {} : { method: string(match, 'method') }),
    ...(match.path === undefined ? {} : { path: string(match, 'path') }),
  };
}

function parseEffect(fault: Fields): FaultEffect {
  const effect = string(fault, 'effect');
  switch (effect) {
    case 'status':
      return {
        effect,
        status: number(fault, 'status'),
        ...(fault.headers === undefined ? {} : { headers: headers(fields(fault.headers)) }),
        ...(fault.body === undefined ? {} : { body: content(fault, 'body') }),
      };
    case 'delay':
      return { effect, ms: number(fault, 'ms') };
    case 'reset':
    case 'hang':
      return { effect, at: progress(fault) };
    case 'drip':
      return { effect, bytes: number(fault, 'bytes'), everyMs: number(fault, 'everyMs') };
    case 'raw':
      return { effect, bytes: content(fault, 'bytes') };
    case 'redirect':
      return {
        effect,
        location: string(fault, 'location'),
        ...(fault.status === undefined ? {} : { status: number(fault, 'status') }),
      };
    case 'body':
      return {
        effect,
        body: content(fault, 'body'),
        ...(fault.contentType === undefined ? {} : { contentType: string(fault, 'contentType') }),
        ...(fault.status === undefined ? {} : { status: number(fault, 'status') }),
      };
    case 'oversized':
      return {
        effect,
        bytes: number(fault, 'bytes'),
        ...(fault.chunked === undefined ? {} : { chunked: boolean(fault, 'chunked') }),
      };
    case 'gzip':
    case 'answer-lost':
      return { effect };
    default:
      throw new Error(`effect: there is none called ${effect}`);
  }
}

function fields(value: unknown): Fields {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('Expected an object');
  return Object.fromEntries(Object.entries(value));
}

function string(from: Fields, name: string): string {
  const value = from[name];
  if (typeof value !== 'string') throw new Error(`${name}: expected a string`);
  return value;
}

function number(from: Fields, name: string): number {
  const value = from[name];
  if (typeof value !== 'number' || value < 0)
    throw new Error(`${name}: expected a number that is not negative`);
  return value;
}

function boolean(from: Fields, name: string): boolean {
  const value = from[name];
  if (typeof value !== 'boolean') throw new Error(`${name}: expected true or false`);
  return value;
}

function progress(from: Fields): Progress {
  const { at } = from;
  if (at !== 'before-headers' && at !== 'mid-headers' && at !== 'mid-body') {
    throw new Error('at: expected before-headers, mid-headers or mid-body');
  }
  return at;
}

function content(from: Fields, name: string): Content {
  const value = from[name];
  if (typeof value === 'string') return value;
  return Buffer.from(string(fields(value), 'base64'), 'base64');
}

function headers(from: Fields): Record<string, string | string[]> {
  return Object.fromEntries(
    Object.entries(from).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.map(String) : string(from, name),
    ]),
  );
}
