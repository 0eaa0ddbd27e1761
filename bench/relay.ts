import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * Starts a relay that makes a server of this machine as far away as a real one: a connection costs a round trip before
 * its first bytes leave, and each answer costs one.
 *
 * @param port the server's
 * @returns its URL, the round-trip time in milliseconds, which may be set, and the connections so far
 */
export async function startRelay(port: number) {
  const server = createServer((near) => {
    relay.connections += 1;
    const far = connect(port, '127.0.0.1');
    const opened = sleep(relay.roundTripMs);
    pass(near, far, opened);
    pass(far, near, opened);
  });
  const relay = { url: '', roundTripMs: 0, connections: 0, close: () => server.close() };
  function pass(from: Socket, to: Socket, opened: Promise<unknown>): void {
    let arrived: Promise<unknown> = opened;
    const later = (act: () => void): void => {
      arrived = Promise.all([arrived, opened.then(() => sleep(relay.roundTripMs / 2))]).then(act);
    };
    from.setNoDelay();
    from.on('data', (bytes) => later(() => to.write(bytes)));
    from.on('end', () => later(() => to.end()));
    from.on('error', () => to.destroy());
  }
  await once(server.listen(0, '127.0.0.1'), 'listening');
  relay.url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return relay;
}
