import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { listen } from '../testbed/exabits/local-server.ts';

/**
 * Starts a relay that makes an https server of this machine as far away as a real one: a connection costs a round trip
 * before its first bytes leave, and each answer costs one.
 *
 * @param port the server's
 * @returns its URL, the connections so far, and the round-trip time in milliseconds, which may be set
 */
export async function startRelay(port: number) {
  const server = createServer((near) => {
    relay.connections += 1;
    const far = connect(port, '127.0.0.1');
    const opened = sleep(relay.roundTripMs);
    const pass = (from: Socket, to: Socket): void => {
      const later = (act: () => void) => void opened.then(() => sleep(relay.roundTripMs / 2)).then(act);
      from.setNoDelay();
      from.on('data', (bytes) => later(() => to.write(bytes)));
      from.on('end', () => later(() => to.end()));
      from.on('error', () => to.destroy());
    };
    pass(near, far);
    pass(far, near);
  });
  const local = await listen(server);
  const url = `https://127.0.0.1:${local.port}`;
  const relay = { url, roundTripMs: 0, connections: 0, close: local.close };
  return relay;
}
