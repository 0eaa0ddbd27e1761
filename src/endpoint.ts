import { Failure } from './failure.ts';

/** One deployment of the API, in both spellings of its address, without a trailing slash. */
export interface Endpoint {
  /** Without a path, which the official client calls `EXABITS_API_URL`. */
  readonly apiUrl: string;
  /** With the version path. Request paths are appended to it. */
  readonly apiBaseUrl: string;
  /** The host, with its port if that is unusual, for messages. */
  readonly name: string;
}

/** The official client's default. */
export const defaultApiUrl = 'https://gpu-api.exascalelabs.ai';

const versionPath = '/api/v1';

/**
 * Reads an API address, with or without `/api/v1` and trailing slashes; `setting` is where it was set, for messages.
 * Throws a Failure if it is not an address of the API, or is http to anything but this machine.
 */
export function parseEndpoint(text: string, setting = 'address of the API'): Endpoint {
  const url = URL.parse(text);
  if (!url || !['https:', 'http:'].includes(url.protocol)) {
    throw new Failure(
      `The ${setting} must be a URL that begins with https://, as in ${defaultApiUrl}.`,
      'For loopback addresses, http:// works, too.',
    );
  }
  if (url.username || url.password) {
    throw new Failure(
      `The ${setting} must not hold a username or password.`,
      'Use the inputs username and password.',
    );
  }
  if (url.search || url.hash || !['', versionPath].includes(url.pathname.replace(/\/+$/, ''))) {
    throw new Failure(
      `The ${setting} has something after the host other than ${versionPath}.`,
      `Write it like ${defaultApiUrl} or ${defaultApiUrl}${versionPath}.`,
    );
  }
  if (url.protocol === 'http:' && !isLoopback(url)) {
    throw new Failure(
      `The ${setting} uses http, which would send your credentials to ${url.host} unencrypted.`,
      'Use https; http is for loopback addresses only.',
    );
  }
  return { apiUrl: url.origin, apiBaseUrl: url.origin + versionPath, name: url.host };
}

/** Whether a URL leads to this machine. `URL` has already put IPv4 addresses into dotted form. */
export function isLoopback({ hostname }: URL): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
}
