import { createServer, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { LocalServer } from '../../sandbox/local-server.ts';

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
  const server = createServer((_request, response) => response.writeHead(405).end());
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
    upstream.on('error', () => upstream.destroy());
    upstream.once('close', () => client.destroy());
    client.once('close', () => upstream.destroy());
  });
  const local = await LocalServer.start(server);
  return {
    url: `http://127.0.0.1:${local.port}`,
    targets,
    authorizations,
    close: () => local.close(),
  };
}
