import type { IncomingHttpHeaders } from 'node:http';
import type { Endpoint } from '../endpoint.ts';
import { Failure } from '../failure.ts';
import type { Redact } from '../secrets.ts';
import { httpDate, retryAfterMs } from './backoff.ts';
import type { Answer } from './exchange.ts';
import { RequestFailure } from './request-failure.ts';

/** The content of a successful answer from Exabits. */
export interface Envelope {
  readonly data: unknown;
  /** How many entries the whole list has. */
  readonly total: number | undefined;
  /** When it was sent, by the server's clock. */
  readonly date: Date | undefined;
}

/** A JSON object with unchecked fields. */
export type JsonObject = { readonly [key: string]: unknown };

/** Whether a value is a JSON object: neither null nor a list. */
export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Opens the envelope `{"status", "message", "data", "total"?}` around every answer from Exabits.
 *
 * @param request method and path, for messages
 * @throws RequestFailure if Exabits refuses, by the HTTP status or by `status: false`
 * @throws Failure if the answer is a redirect, or has no envelope
 */
export function readEnvelope(answer: Answer, request: string, endpoint: Endpoint, redact: Redact): Envelope {
  const { name: host } = endpoint;
  if (answer.status >= 300 && answer.status < 400) throw redirected(answer, request, endpoint, redact);

  const json = parseJson(answer.body);
  if (answer.status >= 400) throw refused(answer, request, host, json, redact);
  if (json === undefined) throw notJson(answer, request, host, redact);
  if (!isEnvelope(json)) {
    throw malformed(request, 'it lacks the envelope with a "status" that is true or false');
  }
  if (!json.status) throw refused(answer, request, host, json, redact);
  const { data, total } = json;
  return { data, total: typeof total === 'number' ? total : undefined, date: httpDate(answer.headers.date) };
}

/** The failure for JSON that is not in the form that the API promises; `defect` ends a sentence. */
export function malformed(request: string, defect: string): Failure {
  return new Failure(
    `The answer to ${request} is not what the Exabits API promises: ${defect}.`,
    'Check the address of the API; if it is right, tell Exabits.',
  );
}

function isEnvelope(json: unknown): json is JsonObject & { readonly status: boolean } {
  return isObject(json) && typeof json.status === 'boolean';
}

function redirected({ status, headers }: Answer, request: string, endpoint: Endpoint, redact: Redact) {
  const target = headers.location ? redact(headers.location) : 'an unspecified address';
  const url = URL.parse(headers.location ?? '', endpoint.apiBaseUrl);
  const isElsewhere = url?.protocol === 'https:' && url.origin !== endpoint.apiUrl;
  return new Failure(
    `${request} was redirected (HTTP ${status}) to ${target}. Redirects are not followed, because your credentials would follow them.`,
    isElsewhere ? 'If you trust that host, set the input "api-url" to it.' : 'Check the address of the API.',
  );
}

function notJson({ headers, body }: Answer, request: string, host: string, redact: Redact): Failure {
  const type = contentType(headers, redact);
  const what = body === '' ? 'is empty' : `is not JSON${type && ` (${type})`}`;
  return new Failure(
    `The answer from ${host} to ${request} ${what}.`,
    'Check the address, and whether a proxy or a sign-in page answers instead of Exabits.',
  );
}

function refused(answer: Answer, request: string, host: string, json: unknown, redact: Redact) {
  const { status, headers, body } = answer;
  const enveloped = isEnvelope(json);
  const words = redact(serverWords(json));
  const type = json === undefined && body !== '' ? contentType(headers, redact) : '';
  const saw = [`HTTP ${status}`, type, words && `"${words}"`].filter(Boolean).join(', ');
  const transient = isTransient(status);
  const seen = {
    saw,
    transient,
    changedNothing: status === 429 || (enveloped && !transient && status >= 400 && status < 500),
    status,
    enveloped,
    retryAfterMs: retryAfterMs(headers['retry-after'], headers.date, new Date()),
  };
  if (status === 429) {
    return new RequestFailure(
      `Too many requests to Exabits (${saw}).`,
      'Run fewer jobs at the same time, or raise the inputs "timeout-seconds" and "max-attempts".',
      seen,
    );
  }
  if (transient) {
    return new RequestFailure(`Exabits cannot answer now (${saw}).`, 'Run the job again later.', seen);
  }
  const [who, advice] = enveloped
    ? ['Exabits', 'Check the inputs of the step.']
    : [host, 'This is not how Exabits answers: check the address.'];
  return new RequestFailure(`${who} refused ${request} (${saw}).`, advice, seen);
}

// 501 is final: a method does not get implemented between two tries.
function isTransient(status: number): boolean {
  return status === 408 || status === 429 || (status >= 500 && status !== 501);
}

// The reason is in `message`, and sometimes deeper; the official client looks in the same places.
function serverWords(json: unknown): string {
  const field = (value: unknown, name: string): unknown => (isObject(value) ? value[name] : undefined);
  const data = field(json, 'data');
  const places = [
    field(json, 'message'),
    field(data, 'message'),
    field(field(data, 'error_reason'), 'message'),
  ];
  return [...new Set(places.filter((words) => typeof words === 'string' && words !== ''))].join(': ');
}

function contentType(headers: IncomingHttpHeaders, redact: Redact): string {
  return headers['content-type'] ? `content type ${redact(headers['content-type'])}` : '';
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
