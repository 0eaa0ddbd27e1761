import { createServer, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import { makeAuthority, makeCertificate } from '../../../testbed/exabits/certificate.ts';
import { LocalServer, unusedPort } from '../../../testbed/exabits/local-server.ts';

/** An address at which no sign-in can work. */
export type DeadEnd =
  | 'no such host'
  | 'connection refused'
  | 'reset on connect'
  | 'closed on connect'
  | 'no answer'
  | 'endless headers'
  | 'endless interim answers'
  | 'TLS certificate of an unknown authority'
  | 'TLS certificate for another host'
  | 'TLS certificate that has expired'
  | 'TLS certificate that is not valid yet'
  | 'TLS port that speaks plain HTTP'
  | 'TLS handshake that hangs'
  | 'TLS handshake that is reset';

export interface DeadEnds {
  /** The value of the input `api-url` that leads there. */
  url(deadEnd: DeadEnd): string;
  /** PEM of the authority that signed the certificates whose defect is something else. */
  readonly authority: string;
  close(): Promise<void>;
}

const HOUR_MS = 3_600_000;

/** Opens every dead end on a separate port. */
export async function openDeadEnds(): Promise<DeadEnds> {
  const servers: LocalServer[] = [];
  const ports = new Map<DeadEnd, number>();

  const listen = async (
    deadEnd: DeadEnd,
    onConnection: (socket: Socket) => void,
    tls?: { key: string; cert: string },
  ) => {
    const server = tls ? createTlsServer(tls, onConnection) : createServer(onConnection);
    server.on('tlsClientError', () => {});
    const local = await LocalServer.start(server);
    ports.set(deadEnd, local.port);
    servers.push(local);
  };

  const ignore = (socket: Socket): void => {
    socket.resume();
  };
  const reset = (socket: Socket): void => {
    socket.resetAndDestroy();
  };
  // Sends an endless answer bit by bit, until the client disconnects.
  const drip = (first: string, more: string) => (socket: Socket) => {
    socket.resume();
    socket.write(first);
    const timer = setInterval(() => socket.write(more), 50);
    socket.once('close', () => clearInterval(timer));
  };

  await listen('reset on connect', reset);
  await listen('closed on connect', (socket) => socket.end());
  await listen('no answer', ignore);
  await listen('endless headers', drip('HTTP/1.1 200 OK\r\nX-First: 1\r\n', 'X-More: 1\r\n'));
  await listen('endless interim answers', drip('', 'HTTP/1.1 100 Continue\r\n\r\n'));
  await listen('TLS port that speaks plain HTTP', (socket) => {
    socket.resume();
    socket.end('HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n');
  });
  await listen('TLS handshake that hangs', ignore);
  await listen('TLS handshake that is reset', reset);

  const authority = await makeAuthority('The authority of the tests');
  const issue = (hosts: readonly string[], dates: { notBefore?: Date; notAfter?: Date } = {}) =>
    makeCertificate({ commonName: 'gpu-api.example', hosts, issuer: authority, ...dates });
  const inHours = (hours: number) => new Date(Date.now() + hours * HOUR_MS);
  await listen(
    'TLS certificate of an unknown authority',
    ignore,
    await makeCertificate({ commonName: '127.0.0.1', hosts: ['127.0.0.1'] }),
  );
  await listen('TLS certificate for another host', ignore, await issue(['another.example']));
  await listen(
    'TLS certificate that has expired',
    ignore,
    await issue(['127.0.0.1'], { notBefore: inHours(-48), notAfter: inHours(-24) }),
  );
  await listen(
    'TLS certificate that is not valid yet',
    ignore,
    await issue(['127.0.0.1'], { notBefore: inHours(24), notAfter: inHours(48) }),
  );

  ports.set('connection refused', await unusedPort());

  return {
    url(deadEnd) {
      if (deadEnd === 'no such host') return 'https://exabits.invalid';
      const scheme = deadEnd.startsWith('TLS') ? 'https' : 'http';
      return `${scheme}://127.0.0.1:${ports.get(deadEnd)}`;
    },
    authority: authority.cert,
    async close() {
      await Promise.all(servers.map((server) => server.close()));
    },
  };
}
