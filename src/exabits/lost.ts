import { readFileSync } from 'node:fs';
import { codeOf, reasonOf } from '../failure.ts';
import type { Redact } from '../secrets.ts';
import { seconds } from '../text.ts';
import type { Lost } from './exchange.ts';
import { RequestFailure } from './request-failure.ts';

// Node's and OpenSSL's codes for a peer that could not be verified, and for one that does not speak TLS at all.
const certificateCode = /^(ERR_TLS_|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_|HOSTNAME_MISMATCH$)/;
const protocolCode = /^(ERR_SSL_|EPROTO$)/;

/** The failure for a request whose answer did not arrive within `limitMs`. */
export function lostFailure(lost: Lost, host: string, limitMs: number, redact: Redact): RequestFailure {
  const { saw, problem, advice, ends } = describe(lost, host, seconds(limitMs), redact);
  const { wasSent, onStaleConnection, proxy, error } = lost;
  const seen = { saw, transient: !ends, changedNothing: !wasSent, onStaleConnection };
  const endsAll = ends === 'all' && { endsAll: true };
  // A proxy's own words, which may echo its password, go to no log.
  return new RequestFailure(problem, advice, { ...seen, ...endsAll }, proxy ? undefined : error);
}

interface Description {
  readonly saw: string;
  readonly problem: string;
  readonly advice: string;
  /** Whether sending this request again would not help, or not even sending another. */
  readonly ends?: 'this' | 'all' | undefined;
}

function describe({ error, isFinal, proxy }: Lost, host: string, limit: string, redact: Redact): Description {
  const code = codeOf(error);
  const saw = error === undefined ? 'no answer' : redact(reasonOf(error) || code);
  if (isFinal) {
    const what = error === undefined ? `no end within ${limit}` : saw;
    const problem = `${host} began to answer, but not in a way that can be read (${what}).`;
    const advice = 'Check the address, and whether something else answers there.';
    return { saw, problem, advice, ends: 'this' };
  }
  const isTls = certificateCode.test(code) || protocolCode.test(code);
  // With an http proxy, TLS is between us and the API, so its errors are not the proxy's.
  if (proxy && !(proxy.protocol === 'http:' && isTls)) return describeProxy(error, host, limit);
  if (error === undefined) {
    return { saw, problem: `${host} did not answer within ${limit}.`, advice: 'Run the job again later.' };
  }
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    const advice = "Check the address, and the runner's name server.";
    return { saw, problem: `Host ${host} was not found (${code}).`, advice };
  }
  if (code === 'ECONNREFUSED') {
    const advice = 'Check the address, and that the service is up.';
    return { saw, problem: `${host} refused the connection.`, advice };
  }
  if (isTls) {
    // OpenSSL puts its reason between error numbers, library names and lines of its sources.
    const words = saw.replace(/^.*:SSL routines:[^:]*:([^:]+):.*$/, '$1');
    const what = certificateCode.test(code) ? code : `${code}: ${words}`;
    const problem = `No secure connection to ${host} (${what}).`;
    return { saw: what, problem, advice: tlsAdvice(code), ends: 'this' };
  }
  const advice = 'Check the network between the runner and Exabits, then run the job again.';
  return { saw, problem: `The connection to ${host} broke (${saw}).`, advice };
}

// Of what a proxy says, only the status is shown: the rest may echo its password.
function describeProxy(error: unknown, host: string, limit: string): Description {
  const status = error instanceof Error && 'statusCode' in error ? Number(error.statusCode) : 0;
  const saw = error === undefined ? `no answer within ${limit}` : status ? `HTTP ${status}` : codeOf(error);
  // Five wrong passwords may lock an account.
  const isRefused = status === 407;
  return {
    saw: `${saw} from the proxy`,
    problem: `The proxy did not connect to ${host} (${saw}).`,
    advice: isRefused ? 'Check the username and password in https_proxy.' : 'Check https_proxy and no_proxy.',
    ends: isRefused ? 'all' : undefined,
  };
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
  const file = process.env.NODE_EXTRA_CA_CERTS;
  if (file && !isPem(file)) {
    return 'Node ignores the file that NODE_EXTRA_CA_CERTS names, because it cannot be read or is not in PEM format: correct it.';
  }
  return 'If the host or a proxy uses a private certificate authority, set the variable NODE_EXTRA_CA_CERTS to its certificate file (PEM), or NODE_USE_SYSTEM_CA=1 if the runner already trusts it.';
}

function isPem(path: string): boolean {
  try {
    return readFileSync(path, 'latin1').includes('-----BEGIN ');
  } catch {
    return false;
  }
}
