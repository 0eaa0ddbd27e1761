import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { readProxy } from '../../src/exabits/proxy.ts';
import type { KeyAndCertificate } from '../../testbed/exabits/certificate.ts';
import { makeCertificate } from '../../testbed/exabits/certificate.ts';
import { unusedPort } from '../../testbed/exabits/local-server.ts';
import { converse } from './support/conversation.ts';
import { failureAt, listen, serve, success, trustedCertificate } from './support/servers.ts';

/** A host that only a proxy can find. */
const host = 'api.example:8443';
const apiUrl = `https://${host}`;

describe('the variables', () => {
  function read(env: Record<string, string>, url = apiUrl) {
    Object.assign(process.env, env);
    const proxy = readProxy(new URL(url));
    return proxy && [proxy.url.href, proxy.exceptions];
  }

  test.each<[string, Record<string, string>, string[] | undefined]>([
    ['may be missing', {}, undefined],
    ['may be empty', { https_proxy: '', HTTPS_PROXY: '' }, undefined],
    ['may be in capitals', { HTTPS_PROXY: 'http://p:1', NO_PROXY: 'a' }, ['http://p:1/', '.a']],
    [
      'count in small letters first',
      { https_proxy: 'http://p:1', HTTPS_PROXY: 'http://q:1', no_proxy: 'a', NO_PROXY: 'b' },
      ['http://p:1/', '.a'],
    ],
    [
      'count in capitals if the others are empty',
      { https_proxy: '', HTTPS_PROXY: 'http://q:1', no_proxy: '', NO_PROXY: 'b' },
      ['http://q:1/', '.b'],
    ],
    [
      'need no scheme: as for curl, that means http',
      { https_proxy: 'proxy.example:3128' },
      ['http://proxy.example:3128/', ''],
    ],
    [
      'may name a proxy that speaks https, and a password',
      { https_proxy: 'https://me:s3cr%25t@p' },
      ['https://me:s3cr%25t@p/', ''],
    ],
    [
      'for other schemes do not count',
      { http_proxy: 'http://p:1', HTTP_PROXY: 'http://p:1', all_proxy: 'http://p:1' },
      undefined,
    ],
  ])('%s', (_what, env, proxy) => {
    expect(read(env)).toEqual(proxy);
  });

  test.each([
    'http://api.example',
    'http://localhost',
    'https://localhost',
    'https://127.0.0.1',
    'https://[::1]',
  ])('do not count for %s', (url) => {
    expect(read({ https_proxy: 'no URL' }, url)).toBeUndefined();
  });

  test.each(['no URL', 'socks5://proxy.example:1080', '://x', 'http://', 'http://a:50%@p', 'http://%zz@p'])(
    'must be readable, or nothing is sent: %s',
    (https_proxy) => {
      expect(() => read({ https_proxy, no_proxy: '*' })).toThrow(
        'The variable https_proxy is not a URL such as http://proxy.example:3128. Correct it; in the password, write % as %25.',
      );
    },
  );

  test('may list exceptions, where a bare name covers its subdomains', () => {
    const no_proxy =
      'one.example, .two.example\tthree_x *.four.example,five.example:8443 10.0.0.1 10.0.0.1-10.0.0.9 -a';
    expect(read({ https_proxy: 'p', no_proxy })?.[1]).toBe(
      '.one.example,.two.example,.three_x,*.four.example,five.example:8443,10.0.0.1,10.0.0.1-10.0.0.9,.-a',
    );
  });
});

describe('a request through a proxy', () => {
  let certificate: KeyAndCertificate;
  beforeAll(async () => {
    certificate = await trustedCertificate({ hosts: ['api.example'] });
  });

  /** Starts a proxy that does this with every request, sets the variable, and returns the requests. */
  async function useProxy(behave: (socket: Socket) => void, user = ''): Promise<readonly string[]> {
    const { port, requests } = await serve((socket, nth) => nth === 1 && behave(socket));
    process.env.https_proxy = `http://${user}127.0.0.1:${port}`;
    return requests;
  }

  /** Opens a tunnel to a port, whatever the host was. */
  function tunnelTo(port: number): (socket: Socket) => void {
    return (socket) => {
      const tunnel = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(tunnel).pipe(socket);
      });
      tunnel.on('error', () => socket.destroy());
      socket.on('close', () => tunnel.destroy());
    };
  }

  test('shares a tunnel with those before it, and authenticates once', async () => {
    const { port, requests } = await serve((socket) => socket.write(success), certificate);
    const asked = await useProxy(tunnelTo(port), 'me:s3cr%25t@');
    const { exabits, credential } = await converse({ apiUrl });
    await exabits.check(credential);
    await exabits.check(credential);
    expect(requests).toHaveLength(2);
    expect(asked.filter((text) => text.startsWith('CONNECT'))).toEqual([
      expect.stringMatching(
        new RegExp(
          `^CONNECT ${host} HTTP/1.1\r\n(.*\r\n)*proxy-authorization: Basic ${btoa('me:s3cr%t')}\r\n`,
        ),
      ),
    ]);
  });

  test('gets a new tunnel at once if the kept one was closed', async () => {
    const { port } = await serve(
      (socket, nth) => void (nth === 1 ? socket.write(success) : socket.destroy()),
      certificate,
    );
    const asked = await useProxy(tunnelTo(port));
    const { exabits, credential } = await converse({ apiUrl, maxAttempts: 1 });
    await exabits.check(credential);
    await exabits.check(credential);
    expect(asked.filter((text) => text.startsWith('CONNECT'))).toHaveLength(2);
  });

  test('that breaks behind the tunnel is not the fault of the proxy', async () => {
    const { port } = await serve((socket) => void socket.destroy(), certificate);
    await useProxy(tunnelTo(port));
    const { message, seen } = await failureAt(apiUrl);
    expect(message).toMatch(/^The connection to api\.example:8443 broke/);
    expect(seen).toMatchObject({ transient: true, changedNothing: false });
  });

  test('is not sent to a host with a certificate that cannot be verified', async () => {
    const { port, requests } = await serve(
      () => {},
      await makeCertificate({ commonName: 'x', hosts: ['api.example'] }),
    );
    await useProxy(tunnelTo(port));
    const { message, seen } = await failureAt(apiUrl);
    expect(message).toMatch(
      /^No secure connection to api\.example:8443 \(DEPTH_ZERO_SELF_SIGNED_CERT\)\..*NODE_EXTRA_CA_CERTS/,
    );
    expect(seen).toMatchObject({ transient: false, changedNothing: true });
    expect(requests).toEqual([]);
  });

  const echo = 'not s3cr%t or s3cr%25t';
  const refuses = (status: number) => (socket: Socket) =>
    void socket.end(`HTTP/1.1 ${status} No, ${echo}\r\nX: ${echo}\r\n\r\n`);

  test.each<[string, (socket: Socket) => void, string, boolean]>([
    ['wants another password', refuses(407), 'HTTP 407', false],
    ['refuses the host', refuses(403), 'HTTP 403', true],
    ['is overloaded', refuses(503), 'HTTP 503', true],
    ['hangs up', (socket) => void socket.destroy(), 'ERR_PROXY_TUNNEL', true],
    ['says nothing', () => {}, 'no answer within 0.3 s', true],
  ])('fails if the proxy %s', async (_what, behave, saw, transient) => {
    const asked = await useProxy(behave, 'someone:s3cr%25t@');
    const failure = await failureAt(apiUrl, 300);
    if (saw.startsWith('no'))
      expect(failure.message).toMatch(
        /\(no answer within 0\.3 s\)|last error: no answer within 0\.3 s from the proxy/,
      );
    else {
      const advice = transient
        ? 'Check https_proxy and no_proxy.'
        : 'Check the username and password in https_proxy.';
      expect(failure.message).toBe(`The proxy did not connect to ${host} (${saw}). ${advice}`);
    }
    expect(failure.seen).toMatchObject({ saw: `${saw} from the proxy`, transient, changedNothing: true });
    expect(asked).toHaveLength(1);
  });

  test.each([
    ['refuses the connection', async () => `127.0.0.1:${await unusedPort()}`, 'ECONNREFUSED'],
    ['cannot be found', async () => 'no-such-host.invalid:3128', '(ENOTFOUND|EAI_AGAIN)'],
  ])('fails if the proxy %s', async (_what, address, code) => {
    process.env.https_proxy = await address();
    const { message, seen } = await failureAt(apiUrl);
    expect(message).toMatch(
      new RegExp(`^The proxy did not connect to ${host} \\(${code}\\)\\. Check https_proxy and`),
    );
    expect(seen).toMatchObject({ transient: true, changedNothing: true });
  });

  test('fails as one of the proxy if that speaks https and cannot be verified', async () => {
    const { port } = await serve(() => {}, await makeCertificate({ commonName: 'x', hosts: ['127.0.0.1'] }));
    process.env.https_proxy = `https://127.0.0.1:${port}`;
    expect((await failureAt(apiUrl)).message).toMatch(
      /^The proxy did not connect to .* \(DEPTH_ZERO_SELF_SIGNED_CERT\)/,
    );
  });

  test('is not sent any more if the tunnel opens too late', async () => {
    const { port, requests } = await serve((socket) => socket.write(success), certificate);
    await useProxy((socket) => setTimeout(() => tunnelTo(port)(socket), 150));
    await failureAt(apiUrl, 100);
    await sleep(200);
    expect(requests).toEqual([]);
  });

  test.each([
    ['', 1],
    ['*', 0],
    ['0.0.0.0', 0],
    ['1.1.1.1 ,0.0.0.0', 0],
    ['0.0.0.0-0.0.0.9', 0],
    ['0.0.0.0:PORT', 0],
    ['0.0.0.0:1', 1],
    ['example', 1],
  ])('goes around the proxy as no_proxy says: %s', async (exceptions, tunnels) => {
    // An address of this machine that nothing treats as loopback.
    const { port } = await serve(
      (socket) => socket.write(success),
      await trustedCertificate({ hosts: ['0.0.0.0'] }),
    );
    const asked = await useProxy(tunnelTo(port));
    process.env.no_proxy = exceptions.replace('PORT', String(port));
    const { exabits, credential } = await converse({ apiUrl: `https://0.0.0.0:${port}` });
    await exabits.check(credential);
    expect(asked.filter((text) => text.startsWith('CONNECT'))).toHaveLength(tunnels);
  });

  test.each([
    ['api.example', 0],
    ['API.Example', 0],
    ['example', 0],
    ['.example', 0],
    ['*.example', 0],
    ['api.example:8443', 0],
    ['pi.example', 1],
    ['www.api.example', 1],
    ['api.example:443', 1],
  ])('goes to a host around the proxy as no_proxy says: %s', async (exceptions, tunnels) => {
    const asked = await useProxy((socket) => socket.destroy());
    process.env.no_proxy = exceptions;
    const { message } = await failureAt(apiUrl);
    expect(message).toMatch(tunnels ? /^The proxy did not connect/ : /^Host api\.example:8443 was not found/);
    expect(asked).toHaveLength(tunnels);
  });

  test('to http on this machine never happens', async () => {
    const asked = await useProxy((socket) => socket.destroy());
    Object.assign(process.env, { http_proxy: process.env.https_proxy, HTTP_PROXY: process.env.https_proxy });
    const port = await listen(createTcpServer((socket) => socket.on('data', () => socket.write(success))));
    const { exabits, credential } = await converse({ apiUrl: `http://localhost:${port}` });
    await exabits.check(credential);
    expect(asked).toEqual([]);
  });
});
