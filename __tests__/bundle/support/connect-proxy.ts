import { createServer, type IncomingMessage, type RequestListener } from 'node:http';
import { createServer as createHttpsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import { LocalServer } from '../../../testbed/exabits/local-server.ts';

/** How a proxy responds to CONNECT requests. */
export interface ConnectProxyOptions {
  /** The local port for each `host:port` that it knows; for others it answers 502. */
  routes?: Readonly<Record<string, number>>;
  /** Answers with this status instead: the first request, or every one. */
  refuse?: { status: number; once?: boolean };
  /** Accepts requests and never answers. */
  hang?: boolean;
  /** Speaks https with this private key and certificate (PEM). */
  tls?: { key: string; cert: string };
  /** Where it listens. Default: 127.0.0.1. */
  host?: '127.0.0.1' | '::1';
}

/** A running proxy, and the requests that it has received. */
export interface ConnectProxy {
  /** Its address, for `https_proxy`. */
  readonly url: string;
  /** The `host:port` of every tunnel that was requested. */
  readonly targets: readonly string[];
  /** The Proxy-Authorization header of every request, empty if there was none. */
  readonly authorizations: readonly string[];
  close(): Promise<void>;
}

/** Starts a proxy on this machine that opens tunnels (RFC 9110, section 9.3.6). */
export async function startConnectProxy(options: ConnectProxyOptions): Promise<ConnectProxy> {
  const targets: string[] = [];
  const authorizations: string[] = [];
  const refuse: RequestListener = (_request, response) => response.writeHead(405).end();
  const { tls, host = '127.0.0.1' } = options;
  const server = tls ? createHttpsServer(tls, refuse) : createServer(refuse);
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
  const local = await LocalServer.start(server, 0, host);
  return {
    url: `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${local.port}`,
    targets,
    authorizations,
    close: () => local.close(),
  };
}
