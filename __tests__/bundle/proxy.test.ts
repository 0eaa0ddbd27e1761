import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { makeCertificate } from '../../testbed/exabits/certificate.ts';
import { listen } from '../../testbed/exabits/local-server.ts';
import { atEnd, expectSuccess, startExabits, startJob, startScenario, trusting } from './support/scenario.ts';

const authority = await makeCertificate([]);
const tls = await makeCertificate(['exabits.test', '127.0.0.1'], authority);

/** Starts a job with an https sandbox whose name only a proxy knows, and that proxy. It may refuse with a status. */
async function startBehindProxy({ status, secure = false }: { status?: number; secure?: boolean }) {
  const tunnels: (string | undefined)[][] = [];
  const server = secure ? createTlsServer(tls) : createServer();
  const local = await listen(server);
  atEnd(() => local.close());
  const https_proxy = `${secure ? 'https' : 'http'}://someone:proxy-password@127.0.0.1:${local.port}`;
  const env = { ...trusting(authority.cert), https_proxy };
  const scenario = await startScenario({ sandbox: { tls }, job: { debug: true, env } });
  scenario.secrets.add('proxy-password');
  server.on('connect', ({ url: target, headers }, client: Socket) => {
    tunnels.push([target, headers['proxy-authorization']]);
    if (status) return client.end(`HTTP/1.1 ${status} Refused\r\n\r\n`);
    const upstream = connect(scenario.sandbox.port, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    return client.once('close', () => upstream.destroy());
  });
  return { scenario, tunnels };
}

const inputs = { 'api-url': 'https://exabits.test', 'ephemeral-api-token': 'true' };
const tunnel = ['exabits.test:443', `Basic ${Buffer.from('someone:proxy-password').toString('base64')}`];

test('A whole job reaches the default host through a proxy', async () => {
  const sandbox = await startExabits({ asDefaultHost: true });
  const scenario = startJob(sandbox, { env: { ...sandbox.defaultHost?.environment } });
  const step = await scenario.logIn({ ...inputs, 'api-url': '' });
  expectSuccess(step);
  expect(step.outputs['api-url']).toBe('https://gpu-api.exascalelabs.ai');
  await scenario.expectNothingLeft();
});

// What a job has shown is searched for the proxy's password when its test is over.
test.each([false, true])(
  "The proxy's password is used and not shown (proxy with https: %s)",
  async (secure) => {
    const { scenario, tunnels } = await startBehindProxy({ secure });
    expectSuccess(await scenario.logIn(inputs));
    // Two requests, one connection.
    expect(tunnels).toEqual([tunnel]);
    await scenario.expectNothingLeft();
    expect(tunnels).toEqual([tunnel, tunnel]);
  },
);

test('A proxy that refuses its password is asked once, and its password is not shown', async () => {
  const { scenario, tunnels } = await startBehindProxy({ status: 407 });
  const message = scenario.expectFailure(await scenario.logIn(inputs));
  expect(message).toMatch(/^The proxy did not connect to exabits\.test \(HTTP 407\)\./);
  expect(tunnels).toEqual([tunnel]);
});
