import { createServer, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer, getCACertificates, setDefaultCACertificates } from 'node:tls';
import { afterEach, beforeEach } from '@jest/globals';
import { RequestFailure } from '../../../src/exabits/request-failure.ts';
import {
  type KeyAndCertificate,
  makeAuthority,
  makeCertificate,
} from '../../../testbed/exabits/certificate.ts';
import { LocalServer } from '../../../testbed/exabits/local-server.ts';
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

/**
 * Starts a server on this machine until the end of the test.
 *
 * @returns its port
 */
export async function listen(server: Server): Promise<number> {
  const local = await LocalServer.start(server);
  servers.push(local);
  return local.port;
}

/** An HTTP answer, as bytes. */
export function answer(status: number, body = '', headers = `Content-Length: ${body.length}\r\n`): string {
  return `HTTP/1.1 ${status} Status\r\n${headers}\r\n${body}`;
}

/** A whole answer that reports success. */
export const success = answer(200, '{"status":true}');

/** What a server does about a request; `nth` counts those on its connection, and `connection` the connections. */
export type Behaviour = (socket: Socket, nth: number, connection: number) => void;

/** A server that says any bytes. */
export interface RawServer {
  readonly port: number;
  /** The requests that arrived, as text. */
  readonly requests: readonly string[];
  /** How many connections there were. */
  readonly connections: () => number;
}

/** Starts one, which speaks TLS if it has a certificate. */
export async function serve(behave: Behaviour, certificate?: KeyAndCertificate): Promise<RawServer> {
  const requests: string[] = [];
  let connections = 0;
  const take = (socket: Socket): void => {
    connections += 1;
    const connection = connections;
    let nth = 0;
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      requests.push(String(bytes));
      nth += 1;
      behave(socket, nth, connection);
    });
  };
  const server = certificate ? createTlsServer(certificate, take) : createServer(take);
  return { port: await listen(server), requests, connections: () => connections };
}

let authority: Promise<KeyAndCertificate> | undefined;

/** Makes a certificate of an authority that this process trusts from then on. */
export async function trustedCertificate(
  request: Partial<Parameters<typeof makeCertificate>[0]> = {},
): Promise<KeyAndCertificate> {
  authority ??= makeAuthority();
  const issuer = await authority;
  setDefaultCACertificates([...getCACertificates('default'), issuer.cert]);
  return makeCertificate({ commonName: 'api', hosts: ['127.0.0.1'], issuer, ...request });
}

/** How a call fails that is tried once. */
export async function failureAt(apiUrl: string, timeoutMs = 60_000): Promise<RequestFailure> {
  const { exabits, credential } = await converse({ apiUrl, timeoutMs, maxAttempts: 1 });
  const failure = await failureOf(() => exabits.check(credential));
  if (failure instanceof RequestFailure) return failure;
  throw failure;
}
