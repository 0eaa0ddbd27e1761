import { isLoopback } from '../endpoint.ts';
import { Failure } from '../failure.ts';

/** The proxy set in the environment, for Node's agent, which knows how to use it. */
export interface ProxySettings {
  readonly url: URL;
  /** The hosts that do not need it, as Node writes them. */
  readonly exceptions: string;
}

/**
 * Reads `https_proxy` and `no_proxy`, in either case; undefined if `url`, which will be called, needs no proxy.
 * Throws a Failure if the address of the proxy cannot be read: Node would silently go around it.
 */
export function readProxy(url: URL): ProxySettings | undefined {
  const { https_proxy, HTTPS_PROXY, no_proxy, NO_PROXY } = process.env;
  const text = https_proxy || HTTPS_PROXY;
  // http only goes to this machine.
  if (!text || url.protocol === 'http:' || isLoopback(url)) return undefined;
  try {
    const proxy = new URL(text.includes('://') ? text : `http://${text}`);
    // Node does the same with each, and throws.
    for (const part of [proxy.username, proxy.password]) decodeURIComponent(part);
    if (['http:', 'https:'].includes(proxy.protocol)) {
      const exceptions = (no_proxy || NO_PROXY || '').split(/[\s,]+/).map(withSubdomains);
      return { url: proxy, exceptions: exceptions.join() };
    }
  } catch {}
  throw new Failure(
    'The variable https_proxy is not a URL such as http://proxy.example:3128.',
    'Correct it; in the password, write % as %25.',
  );
}

// For most programs, a host name covers its subdomains; for Node, only one with a dot before it does.
function withSubdomains(entry: string): string {
  return /^[\w-][\w.-]*$/.test(entry) && /[a-z]/i.test(entry) ? `.${entry}` : entry;
}
