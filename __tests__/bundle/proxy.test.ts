import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import { expect, test } from '@jest/globals';
import { makeCertificate } from '../../testbed/exabits/certificate.ts';
import { listen } from '../../testbed/exabits/local-server.ts';
import { atEnd, expectSuccess, startExabits, startJob, startScenario, trusting } from './support/scenario.ts';

const authority = await makeCertificate([]);
const tls = await makeCertificate(['exabits.test', '127.0.0.1'], authority);
const url = { 'api-url': 'https://exabits.test' };

/** Starts an https sandbox whose name only a proxy knows, and that proxy. */
async function startBehindProxy({ status, secure = false }: { status?: number; secure?: boolean } = {}) {
  const scenario = await startScenario({ sandbox: { tls }, job: { debug: true } });
  scenario.expectSecret('proxy-password');
  const tunnels: (string | undefined)[][] = [];
  const server = secure ? createTlsServer(tls) : createServer();
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
  const local = await listen(server);
  atEnd(() => local.close());
  const https_proxy = `${secure ? 'https' : 'http'}://someone:proxy-password@127.0.0.1:${local.port}`;
  const env = { ...trusting(authority.cert), https_proxy };
  return { scenario, tunnels, env };
}

const tunnel = ['exabits.test:443', `Basic ${Buffer.from('someone:proxy-password').toString('base64')}`];

test('A whole job reaches the default host through a proxy', async () => {
  const sandbox = await startExabits({ asDefaultHost: true });
  const scenario = startJob(sandbox, { env: { ...sandbox.defaultHost?.environment } });
  const step = await scenario.logIn({ 'api-url': '', 'ephemeral-api-token': 'true' });
  expectSuccess(step);
  expect(step.outputs['api-url']).toBe('https://gpu-api.exascalelabs.ai');
  expect(scenario.tokensLeft).toHaveLength(1);
  expectSuccess(await scenario.post());
  expect(scenario.tokensLeft).toEqual([]);
});

test.each([false, true])(
  "The proxy's password is used and not shown (proxy with https: %s)",
  async (secure) => {
    const { scenario, tunnels, env } = await startBehindProxy({ secure });
    expectSuccess(await scenario.logIn({ ...url, 'ephemeral-api-token': 'true' }, { env }));
    // Two requests, one connection.
    expect(tunnels).toEqual([tunnel]);
    await scenario.expectNothingLeft();
    expect(tunnels).toEqual([tunnel, tunnel]);
    scenario.expectNoSecretShown();
  },
);

test('A proxy that refuses its password is asked once, and its password is not shown', async () => {
  const { scenario, tunnels, env } = await startBehindProxy({ status: 407 });
  const message = scenario.expectFailure(await scenario.logIn(url, { env }));
  expect(message).toMatch(/^The proxy did not connect to exabits\.test \(HTTP 407\)\./);
  expect(tunnels).toEqual([tunnel]);
  scenario.expectNoSecretShown();
});

test('A proxy that cannot reach the host is named in the error', async () => {
  const { scenario, tunnels, env } = await startBehindProxy({ status: 502 });
  const message = scenario.expectFailure(await scenario.logIn({ ...url, 'max-attempts': '2' }, { env }));
  expect(message).toMatch(/^After 2 tries: The proxy did not connect to exabits\.test \(HTTP 502\)\./);
  expect(tunnels).toHaveLength(2);
});

test('The host behind a proxy is verified, even if the job turns verification off', async () => {
  const { scenario, env } = await startBehindProxy();
  const off = { ...env, NODE_EXTRA_CA_CERTS: '', NODE_TLS_REJECT_UNAUTHORIZED: '0' };
  const message = scenario.expectFailure(await scenario.logIn(url, { env: off }));
  expect(message).toMatch(/^No secure connection to exabits\.test /);
  expect(scenario.calls).toEqual([]);
});

test('A proxy address that cannot be read is an error, and the proxy is not gone around', async () => {
  const { scenario, env } = await startBehindProxy();
  const https_proxy = 'http://someone:50%@proxy.example:3128';
  const message = scenario.expectFailure(await scenario.logIn(url, { env: { ...env, https_proxy } }));
  expect(message).toMatch(/^The variable https_proxy is not a URL/);
  expect(scenario.calls).toEqual([]);
});

test('A host in no_proxy is reached without the proxy', async () => {
  const { scenario, tunnels, env } = await startBehindProxy();
  const inputs = { ...url, 'max-attempts': '1' };
  const step = await scenario.logIn(inputs, { env: { ...env, no_proxy: 'exabits.test' } });
  expect(scenario.expectFailure(step)).toMatch(/^Host exabits\.test was not found/);
  expect(tunnels).toEqual([]);
});

test('A loopback host never uses a proxy, with http or https', async () => {
  const { scenario, tunnels, env } = await startBehindProxy();
  const { https_proxy } = env;
  const proxies = { http_proxy: https_proxy, HTTP_PROXY: https_proxy, ALL_PROXY: https_proxy };
  expectSuccess(await scenario.logIn({}, { env: { ...env, ...proxies } }));
  const plain = startJob(await startExabits());
  expectSuccess(await plain.logIn({}, { env: { ...env, ...proxies } }));
  expect(tunnels).toEqual([]);
});
