import { Failure } from './failure.ts';

/** One deployment of the API in its two spellings, neither with a slash at the end. */
export interface Endpoint {
  /** The host alone: what the official client calls `EXABITS_API_URL`. */
  readonly apiUrl: string;
  /** With the version path: what request paths are appended to. */
  readonly apiBaseUrl: string;
  /** The host as messages name it: with the setting that it is from, unless it is the default. */
  readonly name: string;
}

/** What may say where the API is. */
export type AddressSetting = 'input "api-url"' | 'variable EXABITS_API_URL';

/** Where the official client looks when nothing else is said. */
export const defaultApiUrl = 'https://gpu-api.exascalelabs.ai';

const versionPath = '/api/v1';

/**
 * Reads an API address in any of its spellings.
 *
 * @param text the host alone or with `/api/v1`, with or without slashes at the end
 * @param setting where it was set, for messages
 * @returns the endpoint
 * @throws Failure `invalid-input`, or `insecure-api-url` for http to anything but this machine
 */
export function parseEndpoint(text: string, setting?: AddressSetting): Endpoint {
  const what = `The ${setting ?? 'address of the API'}`;
  const invalid = (must: string) => new Failure('invalid-input', `${what} must ${must}.`);
  const url = URL.parse(text);
  if (!url || !['https:', 'http:'].includes(url.protocol)) {
    throw invalid(`begin with https:// and a host, as in ${defaultApiUrl}`);
  }
  if (url.username || url.password) {
    throw invalid('not hold a username or password; use the inputs of these names');
  }
  if (url.search || url.hash || !['', versionPath].includes(url.pathname.replace(/\/+$/, ''))) {
    throw invalid(`be the host alone or end in ${versionPath}, and have nothing after that`);
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new Failure(
      'insecure-api-url',
      `${what} is http, which would send your credentials to ${url.host} unencrypted. Use https; http is for loopback addresses only.`,
    );
  }
  const name = setting && url.origin !== defaultApiUrl ? `${url.host} (${setting})` : url.host;
  return { apiUrl: url.origin, apiBaseUrl: url.origin + versionPath, name };
}

// `URL` has already brought every spelling of an IPv4 address into dotted form.
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
