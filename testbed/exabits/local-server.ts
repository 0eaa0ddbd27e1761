import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';

/** A server on this machine that can be closed even while connections are open. */
export class LocalServer {
  readonly port: number;
  readonly #server: Server;
  readonly #connections: ReadonlySet<Socket>;

  private constructor(server: Server, connections: ReadonlySet<Socket>, port: number) {
    this.#server = server;
    this.#connections = connections;
    this.port = port;
  }

  /**
   * Makes a server listen.
   *
   * @param port 0 for any free one
   * @param host a loopback address
   * @throws if the port is taken
   */
  static async start(server: Server, port = 0, host = '127.0.0.1'): Promise<LocalServer> {
    const connections = new Set<Socket>();
    server.on('connection', (connection: Socket) => {
      connections.add(connection);
      connection.on('error', () => connection.destroy());
      connection.once('close', () => connections.delete(connection));
    });
    server.listen(port, host);
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('The server has no port');
    return new LocalServer(server, connections, address.port);
  }

  /** The TCP connection of a socket: the socket itself, or the one below its TLS. */
  connectionBelow(socket: Socket): Socket {
    return [...this.#connections].findLast(({ remotePort }) => remotePort === socket.remotePort) ?? socket;
  }

  /** Stops listening, and ends every connection. */
  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const connection of this.#connections) connection.destroy();
    await closed;
  }
}

/** A port of this machine that nothing listens on: it was free a moment ago. */
export async function unusedPort(): Promise<number> {
  const local = await LocalServer.start(createServer());
  await local.close();
  return local.port;
}
