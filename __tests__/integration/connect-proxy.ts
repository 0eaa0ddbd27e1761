import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';

/** What a proxy does with a request for a tunnel. */
export interface ConnectProxyOptions {
  /** Port on this machine for each `host:port` that it knows; for others it answers 502. */
  routes?: Readonly<Record<string, number>>;
  /** Answers with this status instead: the first request, or every one. */
  refuse?: { status: number; once?: boolean };
  /** Takes requests and says nothing. */
  hang?: boolean;
}

/** A proxy that has been asked for tunnels. */
export interface ConnectProxy {
  /** Its address, for `https_proxy`. */
  readonly url: string;
  /** The `host:port` of every tunnel that was asked for. */
  readonly targets: readonly string[];
  /** The Proxy-Authorization header of every request, empty where there was none. */
  readonly authorizations: readonly string[];
  close(): Promise<void>;
}

/** Starts an HTTP proxy on 127.0.0.1 that opens tunnels (RFC 9110, section 9.3.6). */
export async function startConnectProxy(options: ConnectProxyOptions): Promise<ConnectProxy> {
  const targets: string[] = [];
  const authorizations: string[] = [];
  const sockets = new Set<Socket>();
  const track = (socket: Socket): void => {
    sockets.add(socket);
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  };

  const server = createServer((_request, response) => response.writeHead(405).end());
  server.on('connection', track);
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    const target = request.url ?? '';
    targets.push(target);
    authorizations.push(request.headers['proxy-authorization'] ?? '');
    if (options.hang) return;
    const port = options.routes?.[target];
    const refusal = options.refuse?.once && targets.length > 1 ? undefined : options.refuse;
    if (port === undefined || refusal !== undefined) {
      client.end(`HTTP/1.1 ${refusal?.status ?? 502} Refused\r\n\r\n`);
      return;
    }
    const upstream = connect(port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    track(upstream);
    upstream.once('close', () => client.destroy());
    client.once('close', () => upstream.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('The proxy has no port');

  return {
    url: `http://127.0.0.1:${address.port}`,
    targets,
    authorizations,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}
