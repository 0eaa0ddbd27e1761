import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { makeAuthority, makeCertificate } from '../../testbed/exabits/certificate.ts';
import { type ConnectProxyOptions, startConnectProxy } from './support/connect-proxy.ts';
import { atEnd, expectSuccess, startScenario } from './support/scenario.ts';

const HOST = 'exabits.test';
const DEFAULT_HOST = 'gpu-api.exascalelabs.ai';
const authority = await makeAuthority();
const V6_HOST = '[2001:db8::1]';
const tls = await makeCertificate({
  commonName: HOST,
  hosts: [HOST, DEFAULT_HOST, '2001:db8::1'],
  issuer: authority,
});
const proxyTls = await makeCertificate({ commonName: 'proxy', hosts: ['127.0.0.1'], issuer: authority });

/** Starts a sandbox whose name only a proxy can resolve, and a job whose variables name that proxy. */
async function startBehindProxy(options: ConnectProxyOptions = {}, variable = 'https_proxy') {
  const scenario = await startScenario({ sandbox: { tls } });
  const routes = Object.fromEntries(
    [`${HOST}:443`, `${HOST}:8443`, `${DEFAULT_HOST}:443`, `${V6_HOST}:443`].map((target) => [
      target,
      scenario.sandbox.port,
    ]),
  );
  const proxy = await startConnectProxy({ routes, ...options });
  atEnd(() => proxy.close());
  const directory = mkdtempSync(join(tmpdir(), 'authority-'));
  atEnd(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'authority.pem');
  writeFileSync(file, authority.cert);
  return { scenario, proxy, env: { NODE_EXTRA_CA_CERTS: file, [variable]: proxy.url } };
}

describe('Through a proxy', () => {
  test.each(['https_proxy', 'HTTPS_PROXY'])(
    'the host is reached when %s names the proxy',
    async (variable) => {
      const { scenario, proxy, env } = await startBehindProxy({}, variable);
      const step = await scenario.logIn({ 'api-url': `https://${HOST}` }, { env });
      expectSuccess(step);
      expect(step.outputs['api-url']).toBe(`https://${HOST}`);
      expect(proxy.targets).toEqual([`${HOST}:443`]);
      expect(scenario.calls).toEqual(['POST /authenticate/login']);
    },
  );

  test.each<[string, ConnectProxyOptions, string]>([
    ['an https proxy', { tls: proxyTls }, HOST],
    ['a proxy at an IPv6 address', { host: '::1' }, HOST],
    ['an API at an IPv6 address', {}, V6_HOST],
    ['an API at an IPv6 address behind an https proxy', { tls: proxyTls }, V6_HOST],
  ])('a login works with %s', async (_what, options, host) => {
    const { scenario, proxy, env } = await startBehindProxy(options);
    expectSuccess(await scenario.logIn({ 'api-url': `https://${host}` }, { env }));
    expect(proxy.targets).toEqual([`${host}:443`]);
    expect(scenario.calls).toEqual(['POST /authenticate/login']);
  });

  test('a custom port is kept', async () => {
    const { scenario, proxy, env } = await startBehindProxy();
    expectSuccess(await scenario.logIn({ 'api-url': `https://${HOST}:8443/api/v1/` }, { env }));
    expect(proxy.targets).toEqual([`${HOST}:8443`]);
  });

  test('the step calls the default host if no address is set', async () => {
    const { scenario, proxy, env } = await startBehindProxy();
    const step = await scenario.logIn({ 'api-url': '' }, { env });
    expectSuccess(step);
    expect(proxy.targets).toEqual([`${DEFAULT_HOST}:443`]);
    expect(step.outputs).toMatchObject({
      'api-url': `https://${DEFAULT_HOST}`,
      'api-base-url': `https://${DEFAULT_HOST}/api/v1`,
    });
  });

  test('a whole job works, including the deletion of its token', async () => {
    const { scenario, proxy, env } = await startBehindProxy();
    const inputs = { 'api-url': `https://${HOST}`, 'ephemeral-api-token': 'true', verify: 'true' };
    expectSuccess(await scenario.logIn(inputs, { env }));
    expect(scenario.sandbox.orphans()).toHaveLength(1);
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.orphans()).toEqual([]);
    expect(new Set(proxy.targets)).toEqual(new Set([`${HOST}:443`]));
  });

  test("the host's certificate is still verified", async () => {
    const { scenario, env } = await startBehindProxy();
    const step = await scenario.logIn(
      { 'api-url': `https://${HOST}` },
      { env: { ...env, NODE_EXTRA_CA_CERTS: '' } },
    );
    expect(scenario.expectFailure(step)).toMatch(new RegExp(`^No secure connection to ${HOST} `));
    expect(scenario.calls).toEqual([]);
  });

  test("the host's certificate is verified even if the job turns verification off", async () => {
    const { scenario, env } = await startBehindProxy();
    const step = await scenario.logIn(
      { 'api-url': `https://${HOST}` },
      { env: { ...env, NODE_EXTRA_CA_CERTS: '', NODE_TLS_REJECT_UNAUTHORIZED: '0' } },
    );
    expect(scenario.expectFailure(step)).toMatch(new RegExp(`^No secure connection to ${HOST} `));
    expect(scenario.calls).toEqual([]);
  });

  test.each(['proxy.example:3128', 'http://someone:50%@proxy.example:3128'])(
    'an invalid proxy URL is an error, and the credentials do not bypass the proxy: %s',
    async (https_proxy) => {
      const { scenario, env } = await startBehindProxy();
      const step = await scenario.logIn({ 'api-url': `https://${HOST}` }, { env: { ...env, https_proxy } });
      expect(scenario.expectFailure(step)).toMatch(/^The variable https_proxy is not a URL/);
      expect(scenario.calls).toEqual([]);
    },
  );

  test("the proxy's username and password are used and not shown", async () => {
    const { scenario, proxy, env } = await startBehindProxy();
    scenario.expectSecret('proxy-password');
    const https_proxy = proxy.url.replace('//', '//someone:proxy-password@');
    const step = await scenario.logIn({ 'api-url': `https://${HOST}` }, { env: { ...env, https_proxy } });
    expectSuccess(step);
    expect(step.visible).toMatch(/^Signed in to [^\n]*\n$/);
    expect(proxy.authorizations).toEqual([
      `Basic ${Buffer.from('someone:proxy-password').toString('base64')}`,
    ]);
  });
});

describe('The variable no_proxy', () => {
  test.each([
    ['no_proxy', HOST],
    ['NO_PROXY', `other.test, ${HOST}`],
    ['no_proxy', '.test'],
    ['no_proxy', '*'],
  ])('makes the step bypass the proxy: %s=%s', async (variable, value) => {
    const { scenario, proxy, env } = await startBehindProxy();
    const step = await scenario.logIn(
      { 'api-url': `https://${HOST}`, 'max-attempts': '1' },
      { env: { ...env, [variable]: value } },
    );
    // Without the proxy, the host name does not resolve.
    expect(scenario.expectFailure(step)).toMatch(/^Host exabits\.test \(input "api-url"\) was not found/);
    expect(proxy.targets).toEqual([]);
  });

  test('has no effect on other hosts', async () => {
    const { scenario, proxy, env } = await startBehindProxy();
    const step = await scenario.logIn(
      { 'api-url': `https://${HOST}` },
      { env: { ...env, no_proxy: 'other.test' } },
    );
    expectSuccess(step);
    expect(proxy.targets).toHaveLength(1);
  });

  test('is not needed for loopback addresses', async () => {
    const { scenario, proxy, env } = await startBehindProxy();
    const { port } = scenario.sandbox;
    const step = await scenario.logIn(
      { 'api-url': `https://127.0.0.1:${port}`, 'max-attempts': '1' },
      { env },
    );
    expect(scenario.expectFailure(step)).toContain('The certificate is for another host');
    expect(proxy.targets).toEqual([]);
  });
});

describe('A failing proxy', () => {
  test.each([407, 403, 502, 503])('is named in the error if it answers %d', async (status) => {
    const { scenario, proxy, env } = await startBehindProxy({ refuse: { status } });
    const step = await scenario.logIn({ 'api-url': `https://${HOST}`, 'max-attempts': '1' }, { env });
    expect(scenario.expectFailure(step)).toBe(
      `The proxy did not connect to ${HOST} (input "api-url") (HTTP/1.1 ${status} Refused). Check https_proxy and no_proxy. (1 try)`,
    );
    expect(proxy.targets).toEqual([`${HOST}:443`]);
    expect(scenario.calls).toEqual([]);
  });

  test('is named in the error if it is unreachable', async () => {
    const { scenario, proxy, env } = await startBehindProxy();
    await proxy.close();
    const step = await scenario.logIn({ 'api-url': `https://${HOST}`, 'max-attempts': '1' }, { env });
    expect(scenario.expectFailure(step)).toMatch(
      /^The proxy did not connect to exabits\.test \(.*ECONNREFUSED.*\)\. Check https_proxy/,
    );
  });

  test('ends the step at the deadline if it never answers', async () => {
    const start = performance.now();
    const { scenario, env } = await startBehindProxy({ hang: true });
    const step = await scenario.logIn({ 'api-url': `https://${HOST}`, 'timeout-seconds': '1' }, { env });
    expect(scenario.expectFailure(step)).toMatch(
      /^No usable answer from exabits\.test \(input "api-url"\) within 1 s \(1 try; last error: no answer\)/,
    );
    expect(performance.now() - start).toBeLessThan(15_000);
  });

  test('is named in the error if it does not know the host', async () => {
    const { scenario, env } = await startBehindProxy();
    const step = await scenario.logIn({ 'api-url': 'https://other.test', 'max-attempts': '1' }, { env });
    expect(scenario.expectFailure(step)).toContain('The proxy did not connect to other.test');
  });

  test('does not show its password in the log', async () => {
    const { scenario, proxy, env } = await startBehindProxy({ refuse: { status: 407 } });
    scenario.expectSecret('hunter2-of-the-proxy');
    const https_proxy = proxy.url.replace('//', '//me:hunter2-of-the-proxy@');
    const inputs = { 'api-url': `https://${HOST}`, 'max-attempts': '1' };
    const step = await scenario.logIn(inputs, { env: { ...env, https_proxy, RUNNER_DEBUG: '1' } });
    expect(scenario.expectFailure(step)).toContain('(HTTP/1.1 407 Refused)');
  });

  test('is named in the error if its certificate authority is unknown', async () => {
    const { scenario, env } = await startBehindProxy({
      tls: await makeCertificate({ commonName: 'proxy', hosts: ['127.0.0.1'] }),
    });
    const step = await scenario.logIn({ 'api-url': `https://${HOST}`, 'max-attempts': '1' }, { env });
    expect(scenario.expectFailure(step)).toMatch(
      /^The proxy did not connect to exabits\.test \(.*certificate.*\)\. Check https_proxy/,
    );
  });

  test('is tried again, and works if it refuses only once', async () => {
    const { scenario, proxy, env } = await startBehindProxy({ refuse: { status: 503, once: true } });
    const step = await scenario.logIn({ 'api-url': `https://${HOST}` }, { env });
    expectSuccess(step);
    expect(step.visible).toContain('Try 1 of 5 failed (POST /authenticate/login: HTTP/1.1 503 Refused)');
    expect(proxy.targets).toHaveLength(2);
  });
});
