import { codeOf, Failure } from '../failure.ts';
import type { Redact } from '../job/mask.ts';

// Node's and OpenSSL's codes for a peer whose identity could not be established.
const certificateCode = /^(ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH$)/;
// And for one that speaks no TLS at all.
const protocolCode = /^(ERR_SSL_|EPROTO$)/;

/** A request that got no answer, and whether another try may get one. */
export interface TransportFault {
  readonly failure: Failure;
  /** What happened, in a few words. */
  readonly saw: string;
  readonly transient: boolean;
}

/**
 * Puts a transport error into words.
 *
 * @param thrown what the HTTP client threw
 * @param host the host that was called, as messages name it
 * @param redact makes the error's own text printable
 * @returns the failure, and whether to try again
 */
export function describeTransportError(thrown: unknown, host: string, redact: Redact): TransportFault {
  const code = codeOf(thrown);
  const reason = redact(thrown instanceof Error ? thrown.message || code : String(thrown));
  const fault = (transient: boolean, failureCode: Failure['code'], message: string): TransportFault => ({
    transient,
    saw: reason,
    failure: new Failure(failureCode, message, { cause: thrown }),
  });

  if (/tunneling socket/.test(reason)) {
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
  if (certificateCode.test(code) || protocolCode.test(code)) {
    return fault(
      false,
      'tls-failed',
      `No secure connection to ${host} (${code}: ${reason}). ${tlsAdvice(code)}`,
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
    return 'What listens there speaks no TLS, or none that this step can use: check the address and its port.';
  }
  return 'If the host or a proxy uses a private authority, name its certificate in NODE_EXTRA_CA_CERTS.';
}
