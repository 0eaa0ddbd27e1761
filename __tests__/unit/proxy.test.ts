import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { readProxy } from '../../src/exabits/proxy.ts';
import { makeCertificate } from '../../testbed/exabits/certificate.ts';
import { unusedPort } from '../../testbed/exabits/local-server.ts';
import { converse } from './support/conversation.ts';
import { type Behaviour, failureAt, serve, success } from './support/servers.ts';

/** A host that only a proxy can find. */
const host = 'api.example:8443';
const apiUrl = `https://${host}`;

describe('the variables', () => {
  function read(env: Record<string, string>, url = apiUrl) {
    Object.assign(process.env, env);
    const proxy = readProxy(new URL(url));
    return proxy && [proxy.url.href, proxy.exceptions];
  }

  const capitals = { HTTPS_PROXY: 'http://q:1', NO_PROXY: 'b' };

  test.each<[string, Record<string, string>, string[]?]>([
    ['may be empty', { https_proxy: '', HTTPS_PROXY: '' }],
    ['need no exceptions', { https_proxy: 'http://p' }, ['http://p/', '']],
    ['may be in capitals', { https_proxy: '', no_proxy: '', ...capitals }, ['http://q:1/', '.b']],
    ['count in small letters first', { ...capitals, https_proxy: 'p', no_proxy: 'a' }, ['http://p/', '.a']],
    ['of other schemes do not count', { http_proxy: 'p', HTTP_PROXY: 'p', all_proxy: 'p' }],
  ])('%s', (_what, env, proxy = undefined) => {
    expect(read(env)).toEqual(proxy);
  });

  test.each(['http://api.example', 'https://127.0.0.1'])('do not count for %s', (url) => {
    expect(read({ https_proxy: 'no URL' }, url)).toBeUndefined();
  });

  test.each(['no URL', 'socks5://proxy.example:1080', 'http://a:50%@p', 'http://%zz@p'])(
    'must be readable, or nothing is sent: %s',
    (https_proxy) => {
      expect(() => read({ https_proxy, no_proxy: '*' })).toThrow(
        'The variable https_proxy is not a URL such as http://proxy.example:3128. Correct it; in the password, write % as %25.',
      );
    },
  );

  test('may list exceptions, where a bare name covers its subdomains', () => {
    const no_proxy =
      'one.example, .two.example\tthree_x *.four,five.example:8443 10.0.0.1 10.0.0.1-10.0.0.9 -a';
    expect(read({ https_proxy: 'p', no_proxy })?.[1]).toBe(
      '.one.example,.two.example,.three_x,*.four,five.example:8443,10.0.0.1,10.0.0.1-10.0.0.9,.-a',
    );
  });
});

describe('a request through a proxy', () => {
  /** Starts a proxy that does this with every CONNECT, and sets the variable. Returns the requests for tunnels. */
  async function useProxy(behave: Behaviour, user = ''): Promise<() => string[]> {
    const { port, requests } = await serve((socket, nth) => nth === 1 && behave(socket, nth));
    process.env.https_proxy = `http://${user}127.0.0.1:${port}`;
    return () => requests.filter((text) => text.startsWith('CONNECT'));
  }

  /** Opens a tunnel to a port, whatever the host was. */
  function tunnelTo(port: number): Behaviour {
    return (socket) => {
      const tunnel = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        socket.pipe(tunnel).pipe(socket);
      });
      tunnel.on('error', () => socket.destroy());
      socket.on('close', () => tunnel.destroy());
    };
  }

  test('shares a tunnel, for which it authenticates, and gets a new one at once if that was closed', async () => {
    const { port, requests } = await serve(
      (socket, nth) => (nth < 3 ? socket.write(success) : socket.destroy()),
      'https',
    );
    const tunnels = await useProxy(tunnelTo(port), 'me:s3cr%25t@');
    const { exabits, credential } = await converse({ apiUrl, maxAttempts: 1 });
    for (let count = 1; count <= 3; count += 1) {
      await exabits.check(credential);
      expect(tunnels()).toHaveLength(count < 3 ? 1 : 2);
    }
    expect(requests).toHaveLength(4);
    expect(tunnels()[0]).toMatch(`CONNECT ${host} HTTP/1.1\r\n`);
    expect(tunnels()[0]).toMatch(`proxy-authorization: Basic ${btoa('me:s3cr%t')}\r\n`);
  });

  test('that breaks behind the tunnel is not blamed on the proxy', async () => {
    const { port } = await serve((socket) => socket.destroy(), 'https');
    await useProxy(tunnelTo(port));
    const { message, seen } = await failureAt(apiUrl);
    expect(message).toMatch(/^The connection to api\.example:8443 broke/);
    expect(seen).toMatchObject({ transient: true, changedNothing: false });
  });

  test('is not sent to a host whose certificate cannot be verified, and the proxy is not blamed', async () => {
    const certificate = await makeCertificate(['api.example']);
    const { port, requests } = await serve(() => {}, 'https', certificate);
    await useProxy(tunnelTo(port));
    const { message, seen } = await failureAt(apiUrl);
    expect(message).toMatch(/^No secure connection to api\.example:8443 \(DEPTH_ZERO_SELF_SIGNED_CERT\)\./);
    expect(seen).toMatchObject({ transient: false, changedNothing: true });
    expect(requests).toEqual([]);
  });

  test('is not sent any more if the tunnel opens too late', async () => {
    const { port, requests } = await serve((socket) => socket.write(success), 'https');
    await useProxy((socket, nth) => setTimeout(() => tunnelTo(port)(socket, nth), 150));
    await failureAt(apiUrl, 100);
    await sleep(200);
    expect(requests).toEqual([]);
  });

  /** A proxy whose words echo its password. */
  const refuses = (status: number) => () =>
    useProxy((socket) => socket.end(`HTTP/1.1 ${status} not s3cr%t\r\nX: s3cr%25t\r\n\r\n`), 'me:s3cr%25t@');

  test.each<[string, string, () => Promise<unknown>]>([
    ['wants another password', 'HTTP 407', refuses(407)],
    ['refuses the host', 'HTTP 403', refuses(403)],
    ['hangs up', 'ERR_PROXY_TUNNEL', () => useProxy((socket) => socket.destroy())],
    ['resets the connection', 'ECONNRESET', () => useProxy((socket) => socket.resetAndDestroy())],
    ['says nothing', 'no answer within 0.5 s', () => useProxy(() => {})],
    [
      'is not there',
      'ECONNREFUSED',
      async () => (process.env.https_proxy = `127.0.0.1:${await unusedPort()}`),
    ],
    [
      'cannot be verified',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      async () => {
        const certificate = await makeCertificate(['127.0.0.1']);
        process.env.https_proxy = (await serve(() => {}, 'https', certificate)).url;
      },
    ],
  ])('fails if the proxy %s', async (_what, words, useIt) => {
    await useIt();
    const { message, seen } = await failureAt(apiUrl, 500);
    const isRefused = words === 'HTTP 407';
    const advice = isRefused
      ? 'Check the username and password in https_proxy'
      : 'Check https_proxy and no_proxy';
    // The time of the try and that of the step end together.
    const late = 'No usable answer .* last error: no answer within 0.5 s from the proxy';
    expect(message).toMatch(
      new RegExp(`^The proxy did not connect to ${host} \\(${words}\\)\\. ${advice}\\.$|^${late}`),
    );
    expect(seen).toMatchObject({
      saw: `${words} from the proxy`,
      transient: !isRefused,
      changedNothing: true,
    });
  });

  test.each([
    ['', '0.0.0.0:1', 1],
    ['*', '0.0.0.0:1', 0],
    // An address of this machine that nothing treats as loopback.
    ['1.1.1.1 ,0.0.0.0', '0.0.0.0:1', 0],
    ['0.0.0.0-0.0.0.9', '0.0.0.0:1', 0],
    ['API.Example', host, 0],
    ['example', host, 0],
    ['*.example', host, 0],
    ['api.example:8443', host, 0],
    ['pi.example', host, 1],
    ['api.example:443', host, 1],
  ])('is made as no_proxy says: %s for %s', async (no_proxy, target, expected) => {
    const tunnels = await useProxy((socket) => socket.destroy());
    process.env.no_proxy = no_proxy;
    const { message } = await failureAt(`https://${target}`);
    expect(message).toMatch(expected ? /^The proxy did not connect/ : /refused the connection|was not found/);
    expect(tunnels()).toHaveLength(expected);
  });
});
