import { codeOf, type FailureCode } from '../failure.ts';
import type { Redact } from '../job/mask.ts';
import { Fault } from './fault.ts';

// Node's and OpenSSL's codes for a peer that could not be verified.
const certificateCode = /^(ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH$)/;
// And for one that does not speak TLS at all.
const protocolCode = /^(ERR_SSL_|EPROTO$)/;

/** Whether an error is about the identity or the protocol of a TLS peer. */
export function isTlsError(error: unknown): boolean {
  const code = codeOf(error);
  return certificateCode.test(code) || protocolCode.test(code);
}

/**
 * The proxy did not connect us to the API. The original error is left out, because it contains the proxy's password.
 */
export class ProxyError extends Error {
  constructor(error: Error, { password }: URL) {
    const message = error.message.replace(/^Failed to establish tunnel to .*: (?=HTTP)/, '');
    const secrets = [password, decodeURIComponent(password)].filter(Boolean);
    super(secrets.reduce((text, secret) => text.replaceAll(secret, '***'), message));
  }
}

/**
 * Describes a transport error.
 *
 * @param thrown what the HTTP client threw
 * @param host the host that was called, for messages
 * @param redact makes the error's own text printable
 * @returns the fault, which says whether to try again
 */
export function transportFault(thrown: unknown, host: string, redact: Redact): Fault {
  const code = codeOf(thrown);
  const reason = redact(thrown instanceof Error ? thrown.message || code : String(thrown));
  const fault = (transient: boolean, failureCode: FailureCode, message: string): Fault =>
    new Fault(failureCode, message, { saw: reason, transient, cause: thrown });

  if (thrown instanceof ProxyError) {
    return fault(
      true,
      'proxy-failed',
      `The proxy did not connect to ${host} (${reason}). Check https_proxy and no_proxy.`,
    );
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    return fault(
      true,
      'host-not-found',
      `Host ${host} was not found (${code}). Check the address, and the runner's DNS.`,
    );
  }
  if (code === 'ECONNREFUSED') {
    return fault(
      true,
      'connection-refused',
      `${host} refused the connection. Check the address, and that the service is up.`,
    );
  }
  if (isTlsError(thrown)) {
    return fault(
      false,
      'tls-failed',
      // OpenSSL puts its reason between error numbers, library names and lines of its sources.
      `No secure connection to ${host} (${code}: ${reason.replace(/^.*:SSL routines:[^:]*:([^:]+):.*$/, '$1')}). ${tlsAdvice(code)}`,
    );
  }
  return fault(
    true,
    'connection-lost',
    `The connection to ${host} broke (${reason}). Check the network between the runner and Exabits, then run the job again.`,
  );
}

function tlsAdvice(code: string): string {
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID')
    return 'The certificate is for another host: check the address.';
  if (code === 'CERT_HAS_EXPIRED' || code === 'CERT_NOT_YET_VALID') {
    return 'The certificate is not valid today: check the clock of the runner, or tell whoever runs the host.';
  }
  if (!certificateCode.test(code)) {
    return 'The server does not speak TLS, or no TLS that this step can use: check the address and port. On a loopback address, http:// works, too.';
  }
  return 'If the host or a proxy uses a private certificate authority, set NODE_EXTRA_CA_CERTS to its certificate file.';
}
