import type { Server, Socket } from 'node:net';

/** The open TCP connections of a server, also those below TLS. */
export class Connections {
  readonly #byPort = new Map<number, Socket>();

  constructor(server: Server) {
    server.on('connection', (connection: Socket) => this.#track(connection));
  }

  /** The connection that carries this socket: the socket itself, or what is below its TLS. */
  below(socket: Socket): Socket {
    return this.#byPort.get(socket.remotePort ?? 0) ?? socket;
  }

  destroy(): void {
    for (const connection of this.#byPort.values()) connection.destroy();
  }

  #track(connection: Socket): void {
    const port = connection.remotePort ?? 0;
    this.#byPort.set(port, connection);
    connection.on('error', () => connection.destroy());
    connection.once('close', () => {
      if (this.#byPort.get(port) === connection) this.#byPort.delete(port);
    });
  }
}
