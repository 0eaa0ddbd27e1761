import type { IncomingHttpHeaders } from 'node:http';
import { Failure, type FailureCode } from '../failure.ts';
import type { Redact } from '../job/mask.ts';
import { httpDate, retryAfterMs } from './backoff.ts';
import { Fault } from './fault.ts';

/** An HTTP answer, not yet interpreted. */
export interface Answer {
  /** Method and path, for messages. */
  readonly request: string;
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  /** Whether a successful answer may have no body. */
  readonly mayBeEmpty: boolean;
}

/** The content of a successful answer from Exabits. */
export interface Envelope {
  readonly data: unknown;
  /** How many entries the whole list has. */
  readonly total: number | undefined;
  /** When it was sent, by the server's clock. */
  readonly date: Date | undefined;
}

/** An answer that refuses the request. */
export class Rejection extends Fault {
  readonly status: number;
  /** Whether the answer was an envelope, and so really from Exabits. */
  readonly enveloped: boolean;

  /** Who answered, for messages. */
  readonly host: string;

  constructor(
    code: FailureCode,
    message: string,
    answer: Answer,
    seen: { host: string; saw: string; enveloped: boolean },
  ) {
    super(code, message, {
      saw: seen.saw,
      transient: !isFinal(answer.status),
      retryAfterMs: retryAfterMs(answer.headers['retry-after'], answer.headers.date, new Date()),
    });
    this.status = answer.status;
    this.host = seen.host;
    this.enveloped = seen.enveloped;
  }
}

/**
 * Whether a status means that the same request will not succeed later: all but 408, 429 and 5xx. 501 is final too: a
 * method does not get implemented between two tries.
 *
 * @param status the HTTP status
 */
export function isFinal(status: number): boolean {
  return (status < 500 || status === 501) && status !== 408 && status !== 429;
}

/** A JSON object with unchecked fields. */
export type JsonObject = { readonly [key: string]: unknown };

/** Whether a value is a JSON object (and neither null nor a list). */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Opens the envelope `{"status", "message", "data", "total"?}` around every answer from Exabits.
 *
 * @param answer the HTTP answer
 * @param host who answered, for messages
 * @param redact makes the server's message printable
 * @returns its content; no data if the answer is empty and may be
 * @throws Rejection if Exabits refuses, by the HTTP status or by `status: false`
 * @throws Failure `redirected`, `answer-not-json` or `answer-malformed`
 */
export function readEnvelope(answer: Answer, host: string, redact: Redact): Envelope {
  if (answer.status >= 300 && answer.status < 400) throw redirected(answer, redact);

  const json = parseJson(answer.body);
  const date = httpDate(answer.headers.date);
  if (answer.status >= 400) throw rejected(answer, host, json, redact);
  if (answer.body === '' && answer.mayBeEmpty) return { data: undefined, total: undefined, date };
  if (json === undefined) throw notJson(answer, host, redact);
  if (!isEnvelope(json)) {
    throw malformed(answer.request, 'it lacks the envelope with a "status" that is true or false');
  }
  if (!json.status) throw rejected(answer, host, json, redact);
  const { data, total } = json;
  return { data, total: typeof total === 'number' ? total : undefined, date };
}

/**
 * The failure for an answer that is JSON, but not in the form that the API promises.
 *
 * @param request method and path
 * @param defect what is wrong with it, as the end of a sentence
 */
export function malformed(request: string, defect: string): Failure {
  return new Failure(
    'answer-malformed',
    `The answer to ${request} is not what the Exabits API promises: ${defect}. Check the address of the API; if it is right, tell Exabits.`,
  );
}

function isEnvelope(json: unknown): json is JsonObject & { readonly status: boolean } {
  return isObject(json) && typeof json.status === 'boolean';
}

function redirected({ request, status, headers }: Answer, redact: Redact): Failure {
  const target = headers.location ? redact(headers.location) : 'an unspecified address';
  return new Failure(
    'redirected',
    `${request} was redirected (HTTP ${status}) to ${target}. Redirects are not followed, because your credentials would follow them: if you trust that address, set the input "api-url" to it.`,
  );
}

function notJson({ request, headers, body }: Answer, host: string, redact: Redact): Failure {
  const encoding = headers['content-encoding']
    ? `, content encoding ${redact(headers['content-encoding'])}`
    : '';
  const what =
    body === '' ? 'is empty' : `is not JSON (content type ${contentType(headers, redact)}${encoding})`;
  return new Failure(
    'answer-not-json',
    `The answer from ${host} to ${request} ${what}. Check the address, and whether a proxy or a sign-in page answers instead of Exabits.`,
  );
}

function rejected(answer: Answer, host: string, json: unknown, redact: Redact): Rejection {
  const words = redact(serverWords(json));
  const type =
    json === undefined && answer.body !== ''
      ? ` with content type ${contentType(answer.headers, redact)}`
      : '';
  const saw = `HTTP ${answer.status}${type}${words ? `, "${words}"` : ''}`;
  const enveloped = isEnvelope(json);
  const seen = { host, saw, enveloped };
  if (answer.status === 429) {
    return new Rejection(
      'rate-limited',
      `Too many requests to Exabits (${saw}). Run fewer jobs at the same time, or raise the inputs "timeout-seconds" and "max-attempts".`,
      answer,
      seen,
    );
  }
  if (!isFinal(answer.status)) {
    return new Rejection(
      'unavailable',
      `Exabits cannot answer now (${saw}). Run the job again later.`,
      answer,
      seen,
    );
  }
  const [who, advice] = enveloped
    ? ['Exabits', 'Check the inputs of the step.']
    : [host, 'This is not how Exabits answers: check the address.'];
  return new Rejection('rejected', `${who} refused ${answer.request} (${saw}). ${advice}`, answer, seen);
}

// The reason is in `message`, and sometimes deeper; the official client looks in the same places.
function serverWords(json: unknown): string {
  const places: unknown[] = [];
  if (isObject(json)) {
    places.push(json.message);
    if (isObject(json.data)) {
      places.push(json.data.message);
      if (isObject(json.data.error_reason)) places.push(json.data.error_reason.message);
    }
  }
  return [...new Set(places.filter((words) => typeof words === 'string' && words !== ''))].join(': ');
}

function contentType(headers: IncomingHttpHeaders, redact: Redact): string {
  return headers['content-type'] ? redact(headers['content-type']) : 'not given';
}

// An id may be a number of any length, but JavaScript numbers are exact only up to 2^53. So its source text is used.
const readId = (key: string, value: unknown, { source }: { source: string }): unknown =>
  key === 'id' && typeof value === 'number' ? source : value;

// ECMAScript passes the source text to a reviver; TypeScript does not know that yet.
const parse = JSON.parse as (text: string, reviver: typeof readId) => unknown;

function parseJson(text: string): unknown {
  try {
    return parse(text, readId);
  } catch {
    return undefined;
  }
}
