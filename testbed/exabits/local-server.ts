import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** A server on this machine that can be closed even while connections are open. */
export interface LocalServer {
  readonly port: number;
  /** The TCP connection of a socket: the socket itself, or the one below its TLS. */
  connectionBelow(socket: Socket): Socket;
  /** Stops listening, and ends every connection. */
  close(): Promise<unknown>;
}

/**
 * Makes a server listen.
 *
 * @param port 0 for any free one
 * @param host a loopback address
 * @throws if the port is taken
 */
export async function listen(server: Server, port = 0, host = '127.0.0.1'): Promise<LocalServer> {
  const connections = new Set<Socket>();
  server.on('connection', (connection: Socket) => {
    connections.add(connection);
    connection.on('error', () => connection.destroy());
    connection.once('close', () => connections.delete(connection));
  });
  await once(server.listen(port, host), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    connectionBelow: (socket) =>
      [...connections].findLast(({ remotePort }) => remotePort === socket.remotePort) ?? socket,
    close() {
      const closed = once(server, 'close');
      server.close();
      for (const connection of connections) connection.destroy();
      return closed;
    },
  };
}

/** A port of this machine that nothing listens on: it was free a moment ago. */
export async function unusedPort(): Promise<number> {
  const local = await listen(createServer());
  await local.close();
  return local.port;
}
