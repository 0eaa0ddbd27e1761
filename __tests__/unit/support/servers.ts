import type { Server } from 'node:net';
import { afterEach, beforeEach } from '@jest/globals';
import type { Failure } from '../../../src/failure.ts';
import { LocalServer } from '../../../testbed/exabits/local-server.ts';
import { converse } from './conversation.ts';
import { failureOf } from './failure.ts';

const servers: LocalServer[] = [];

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()));
});

/**
 * Starts a server on this machine until the end of the test.
 *
 * @returns its port
 */
export async function listen(server: Server): Promise<number> {
  const local = await LocalServer.start(server);
  servers.push(local);
  return local.port;
}

/** Hides any proxy variables of this machine from the tests of a file. */
export function forgetProxies(): void {
  const environment = process.env;
  beforeEach(() => {
    process.env = Object.fromEntries(Object.entries(environment).filter(([name]) => !/_proxy$/i.test(name)));
  });
  afterEach(() => {
    process.env = environment;
  });
}

/** How a call fails that is tried once. */
export async function failureAt(apiUrl: string, timeoutMs = 60_000): Promise<Failure> {
  const { exabits, credential } = await converse({ apiUrl, timeoutMs, maxAttempts: 1 });
  return failureOf(() => exabits.verify(credential));
}
