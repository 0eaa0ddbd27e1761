import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, beforeEach } from '@jest/globals';
import { RequestFailure } from '../../../src/exabits/request-failure.ts';
import { type KeyAndCertificate, makeCertificate } from '../../../testbed/exabits/certificate.ts';
import { type LocalServer, listen } from '../../../testbed/exabits/local-server.ts';
import { converse } from './conversation.ts';
import { failureOf } from './failure.ts';
import './realm.ts';

const servers: LocalServer[] = [];
const environment = process.env;

// Hides any proxy of this machine from the tests.
beforeEach(() => {
  process.env = Object.fromEntries(Object.entries(environment).filter(([name]) => !/_proxy$/i.test(name)));
});

afterEach(async () => {
  process.env = environment;
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/** An HTTP answer, as bytes. */
export function answer(status: number, body = '', headers = `Content-Length: ${body.length}\r\n`): string {
  return `HTTP/1.1 ${status} Status\r\n${headers}\r\n${body}`;
}

/** A whole answer that reports success. */
export const success = answer(200, '{"status":true}');

/** What a server does about bytes that arrive; `nth` counts them on their connection, from 1. */
export type Behaviour = (socket: Socket, nth: number) => unknown;
export type Scheme = 'http' | 'https';

/** A server on this machine that says any bytes. */
export interface RawServer {
  readonly url: string;
  readonly port: number;
  /** The requests that arrived, as text. */
  readonly requests: readonly string[];
  /** How many connections there were. */
  readonly connections: () => number;
}

/** Starts one until the end of the test; with https, its certificate is trusted, unless another is given. */
export async function serve(
  behave: Behaviour,
  scheme: Scheme = 'http',
  certificate?: KeyAndCertificate,
): Promise<RawServer> {
  const requests: string[] = [];
  let connections = 0;
  const take = (socket: Socket): void => {
    connections += 1;
    let nth = 0;
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      requests.push(String(bytes));
      nth += 1;
      behave(socket, nth);
    });
  };
  const server: Server =
    scheme === 'http' ? createServer(take) : createTlsServer(certificate ?? (await trusted()), take);
  const local = await listen(server);
  servers.push(local);
  const { port } = local;
  return { url: `${scheme}://127.0.0.1:${port}`, port, requests, connections: () => connections };
}

let made: Promise<KeyAndCertificate> | undefined;

function trusted(): Promise<KeyAndCertificate> {
  const make = async () => {
    const issuer = await makeCertificate([]);
    setDefaultCACertificates([...getCACertificates('default'), issuer.cert]);
    return makeCertificate(['127.0.0.1', 'api.example'], issuer);
  };
  made ??= make();
  return made;
}

/** How a call fails that is tried once. */
export async function failureAt(apiUrl: string, timeoutMs = 60_000): Promise<RequestFailure> {
  const { exabits, credential } = await converse({ apiUrl, timeoutMs, maxAttempts: 1 });
  const failure = await failureOf(() => exabits.check(credential));
  if (failure instanceof RequestFailure) return failure;
  throw failure;
}
