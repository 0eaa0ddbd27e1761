import type { AddressInfo, Server, Socket } from 'node:net';
import { afterEach, beforeEach } from '@jest/globals';

const servers: Server[] = [];
const sockets = new Set<Socket>();

afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  for (const server of servers.splice(0)) server.close();
});

/**
 * Starts a server on this machine until the end of the test.
 *
 * @returns its port
 */
export async function listen(server: Server, host = '127.0.0.1'): Promise<number> {
  servers.push(server);
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((resolve, reject) => {
    server.on('error', reject);
    server.listen(0, host, resolve);
  });
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string') throw new Error('The server has no port');
  return address.port;
}

/** Takes the variables of a proxy, which this machine may have, away from the tests of a file; each has its own environment. */
export function forgetProxies(): void {
  const environment = process.env;
  beforeEach(() => {
    process.env = Object.fromEntries(Object.entries(environment).filter(([name]) => !/_proxy$/i.test(name)));
  });
  afterEach(() => {
    process.env = environment;
  });
}
