import type { ApiTokenRecord, RecordedRequest } from '../../testbed/exabits/server.ts';

/** An API token as the sandbox shows it to other processes: without its value. */
export type ShownApiToken = Omit<ApiTokenRecord, 'token'>;

/** What the jobs request from the sandbox that runs beside them. */
export interface SandboxClient {
  readonly url: string;
  requests(): Promise<RecordedRequest[]>;
  apiTokens(): Promise<ShownApiToken[]>;
  /** The live API tokens that a job created for itself. */
  orphans(): Promise<ShownApiToken[]>;
}

/**
 * A client for the control endpoints of a sandbox.
 *
 * @param url the sandbox's host, for example `http://127.0.0.1:40123`
 */
export function sandboxClient(url: string): SandboxClient {
  const get = (what: string) => getJson(`${url}/_sandbox/${what}`);
  return {
    url,
    requests: () => get('requests'),
    apiTokens: () => get('api-tokens'),
    orphans: () => get('orphans'),
  };
}

/**
 * Gets the `data` of an answer in the API's envelope.
 *
 * @throws when the answer is not a success
 */
export async function getJson(url: string, headers: Record<string, string> = {}) {
  return dataOf(await fetch(url, { headers, signal: AbortSignal.timeout(10_000) }));
}

/** Posts JSON and returns the `data` of the answer. */
export async function postJson(url: string, body: unknown, headers: Record<string, string> = {}) {
  return dataOf(
    await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...headers },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(10_000),
    }),
  );
}

async function dataOf(response: Response) {
  const text = await response.text();
  if (!response.ok) throw new Error(`${response.url} answered ${response.status}: ${text}`);
  return JSON.parse(text).data;
}
