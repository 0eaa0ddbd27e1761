import { Failure } from './failure.ts';

/** One deployment of the API, in both spellings of its address, without a trailing slash. */
export interface Endpoint {
  /** Without a path, which the official client calls `EXABITS_API_URL`. */
  readonly apiUrl: string;
  /** With the version path. Request paths are appended to it. */
  readonly apiBaseUrl: string;
  /** The host as shown in messages: with the setting it comes from, unless it is the default. */
  readonly name: string;
}

/** The settings that can name the API's address. */
export type AddressSetting = 'input "api-url"' | 'variable EXABITS_API_URL';

/** The official client's default. */
export const defaultApiUrl = 'https://gpu-api.exascalelabs.ai';

const versionPath = '/api/v1';

/**
 * Reads an API address in any of its spellings.
 *
 * @param text the URL, which may end in `/api/v1`, with or without trailing slashes
 * @param setting where it was set, for messages
 * @returns the endpoint
 * @throws Failure `invalid-input`, or `insecure-api-url` for http to anything but this machine
 */
export function parseEndpoint(text: string, setting?: AddressSetting): Endpoint {
  const what = `The ${setting ?? 'address of the API'}`;
  const invalid = (must: string) => new Failure('invalid-input', `${what} must ${must}.`);
  const url = URL.parse(text);
  if (!url || !['https:', 'http:'].includes(url.protocol)) {
    throw invalid(
      `be a URL that begins with https://, as in ${defaultApiUrl}; http:// is for loopback addresses only`,
    );
  }
  if (url.username || url.password) {
    throw invalid('not hold a username or password; use the inputs username and password');
  }
  if (url.search || url.hash || !['', versionPath].includes(url.pathname.replace(/\/+$/, ''))) {
    throw invalid(`end after the host or after ${versionPath}, as in ${defaultApiUrl}`);
  }
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) {
    throw new Failure(
      'insecure-api-url',
      `${what} uses http, which would send your credentials to ${url.host} unencrypted. Use https; http is for loopback addresses only.`,
    );
  }
  const name = setting && url.origin !== defaultApiUrl ? `${url.host} (${setting})` : url.host;
  return { apiUrl: url.origin, apiBaseUrl: url.origin + versionPath, name };
}

// `URL` has already normalised IPv4 addresses to dotted form.
function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
