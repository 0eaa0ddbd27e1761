import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { connect, createServer as createTcpServer, type Socket } from 'node:net';
import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { beforeAll, describe, expect, test } from '@jest/globals';
import {
  type CertificateRequest,
  type KeyAndCertificate,
  makeAuthority,
  makeCertificate,
} from '../../testbed/exabits/certificate.ts';
import { unusedPort } from '../../testbed/exabits/local-server.ts';
import { skipWaits } from './support/clock.ts';
import { converse } from './support/conversation.ts';
import { silenceOutput } from './support/output.ts';
import './support/realm.ts';
import { apiToken, no, yes } from './support/samples.ts';
import { failureAt, forgetProxies, listen } from './support/servers.ts';

skipWaits();
silenceOutput();
forgetProxies();

const answerYes: RequestListener = (_request, response) => {
  response.setHeader('Content-Type', 'application/json');
  response.end(JSON.stringify(yes()));
};

describe('http to this machine', () => {
  test('works', async () => {
    let authorization: string | undefined;
    const port = await listen(
      createServer((request, response) => {
        authorization = request.headers.authorization;
        answerYes(request, response);
      }),
    );
    const { exabits, credential } = await converse({ apiUrl: `http://127.0.0.1:${port}` });
    await exabits.verify(credential);
    expect(authorization).toBe(`Bearer ${apiToken}`);
  });

  test('needs no valid proxy', async () => {
    process.env.https_proxy = 'no URL';
    const port = await listen(createServer(answerYes));
    const { exabits, credential } = await converse({ apiUrl: `http://127.0.0.1:${port}` });
    await expect(exabits.verify(credential)).resolves.toBeUndefined();
  });

  test('is refused if nothing listens', async () => {
    const failure = await failureAt(`http://127.0.0.1:${await unusedPort()}`);
    expect(failure.code).toBe('connection-refused');
    expect(failure.message).toMatch(/^127\.0\.0\.1:\d+ refused the connection/);
  });

  test('does not look up an IPv6 address as a name', async () => {
    // Without IPv6, the connection is not refused, but no name is looked up either.
    const failure = await failureAt(`http://[::1]:${await unusedPort()}`);
    expect(['connection-refused', 'connection-lost']).toContain(failure.code);
    expect(failure.message).toContain('[::1]:');
  });

  test('fails if the server hangs up', async () => {
    const port = await listen(createServer((request) => void request.socket.resetAndDestroy()));
    expect((await failureAt(`http://127.0.0.1:${port}`)).code).toBe('connection-lost');
  });

  test('fails if the server hangs up in the middle of its answer', async () => {
    const port = await listen(
      createServer((request, response) => {
        response.write('{"status":true,', () => request.socket.destroy());
      }),
    );
    expect((await failureAt(`http://127.0.0.1:${port}`)).code).toBe('connection-lost');
  });

  test('works if the server silently closes each connection', async () => {
    const port = await listen(
      createServer((request, response) => {
        response.on('finish', () => request.socket.destroy());
        answerYes(request, response);
      }),
    );
    const { exabits, credential, retries } = await converse({ apiUrl: `http://127.0.0.1:${port}` });
    await exabits.verify(credential);
    await exabits.verify(credential);
    expect(retries).toEqual([]);
  });

  test('ignores an unsolicited answer', async () => {
    const answer = (body: object) => {
      const text = JSON.stringify(body);
      return `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
    };
    const port = await listen(
      createTcpServer((socket) => {
        socket.once('data', () => {
          socket.write(answer(yes()));
          setTimeout(() => socket.destroyed || socket.write(answer(no('for nobody'))), 2).unref();
        });
      }),
    );
    const { exabits, credential } = await converse({ apiUrl: `http://127.0.0.1:${port}` });
    for (let call = 0; call < 5; call += 1) {
      await expect(exabits.verify(credential)).resolves.toBeUndefined();
    }
  });

  test('fails if the server does not speak HTTP', async () => {
    const port = await listen(createTcpServer((socket) => void socket.end('220 mail.example ESMTP\r\n')));
    expect((await failureAt(`http://127.0.0.1:${port}`)).code).toBe('connection-lost');
  });
});

describe('https', () => {
  let authority: KeyAndCertificate;

  beforeAll(async () => {
    authority = await makeAuthority();
    setDefaultCACertificates([...getCACertificates('default'), authority.cert]);
  });

  function serveTls(certificate: KeyAndCertificate): Promise<number> {
    return listen(createTlsServer(certificate, answerYes));
  }

  function certificateOf(request: Partial<CertificateRequest>): Promise<KeyAndCertificate> {
    return makeCertificate({ commonName: 'api', hosts: ['127.0.0.1'], issuer: authority, ...request });
  }

  test('works with an authority that the runner trusts', async () => {
    const port = await serveTls(await certificateOf({}));
    const { exabits, credential } = await converse({ apiUrl: `https://127.0.0.1:${port}` });
    await expect(exabits.verify(credential)).resolves.toBeUndefined();
  });

  test('is refused with an authority that the runner does not trust', async () => {
    const port = await serveTls(await certificateOf({ issuer: await makeAuthority('Somebody else') }));
    const failure = await failureAt(`https://127.0.0.1:${port}`);
    expect(failure.code).toBe('tls-failed');
    expect(failure.message).toMatch(/UNABLE_TO_.*NODE_EXTRA_CA_CERTS/);
  });

  test('is refused with a self-signed certificate', async () => {
    const port = await serveTls(await makeCertificate({ commonName: 'api', hosts: ['127.0.0.1'] }));
    const failure = await failureAt(`https://127.0.0.1:${port}`);
    expect(failure.code).toBe('tls-failed');
    expect(failure.message).toContain('NODE_EXTRA_CA_CERTS');
  });

  test('is refused with a certificate for another host', async () => {
    const port = await serveTls(await certificateOf({ hosts: ['api.example'] }));
    const failure = await failureAt(`https://127.0.0.1:${port}`);
    expect(failure.code).toBe('tls-failed');
    expect(failure.message).toContain('certificate is for another host');
  });

  test('is refused with an expired certificate', async () => {
    const port = await serveTls(await certificateOf({ notAfter: new Date(Date.now() - 60_000) }));
    const failure = await failureAt(`https://127.0.0.1:${port}`);
    expect(failure.code).toBe('tls-failed');
    expect(failure.message).toContain('CERT_HAS_EXPIRED');
  });

  test('is refused with a server that speaks plain http', async () => {
    const port = await listen(createServer(answerYes));
    expect((await failureAt(`https://127.0.0.1:${port}`)).code).toBe('tls-failed');
  });

  describe('through a proxy', () => {
    /** Starts a proxy that opens every tunnel to a port of this machine, and records the requests. */
    async function serveProxy(target: number): Promise<{ proxyPort: number; asked: string[] }> {
      const asked: string[] = [];
      const proxy = createServer();
      proxy.on('connect', (request, socket: Socket) => {
        asked.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
        const tunnel = connect(target, '127.0.0.1', () => {
          socket.write('HTTP/1.1 200 OK\r\n\r\n');
          socket.pipe(tunnel).pipe(socket);
        });
        tunnel.on('error', () => socket.destroy());
        socket.on('error', () => tunnel.destroy());
      });
      return { proxyPort: await listen(proxy), asked };
    }

    const apiUrl = 'https://api.example:8443';

    test.each(['https_proxy', 'HTTPS_PROXY'])('uses %s', async (variable) => {
      const port = await serveTls(await certificateOf({ hosts: ['api.example'] }));
      const { proxyPort, asked } = await serveProxy(port);
      process.env[variable] = `http://proxy-user:proxy-pass@127.0.0.1:${proxyPort}`;
      const { exabits, credential } = await converse({ apiUrl });
      await exabits.verify(credential);
      expect(asked).toEqual([`api.example:8443 Basic ${btoa('proxy-user:proxy-pass')}`]);
    });

    test('still checks the certificate', async () => {
      const port = await serveTls(
        await certificateOf({ hosts: ['api.example'], issuer: await makeAuthority('Proxy') }),
      );
      const { proxyPort } = await serveProxy(port);
      process.env.https_proxy = `http://127.0.0.1:${proxyPort}`;
      expect((await failureAt(apiUrl)).code).toBe('tls-failed');
    });

    test('is not used for a host in no_proxy', async () => {
      // An address of this machine that no client treats as loopback.
      const port = await serveTls(await certificateOf({ hosts: ['0.0.0.0'] }));
      const { proxyPort, asked } = await serveProxy(port);
      process.env.https_proxy = `http://127.0.0.1:${proxyPort}`;
      const apiUrl = `https://0.0.0.0:${port}`;
      const { exabits, credential } = await converse({ apiUrl });
      await exabits.verify(credential);
      expect(asked).toHaveLength(1);

      process.env.no_proxy = 'api.example,0.0.0.0';
      await exabits.verify(credential);
      expect(asked).toHaveLength(1);
    });

    test.each([
      'proxy.example:3128',
      'http://someone:50%@proxy.example:3128',
      'socks5://proxy.example:1080',
      '://::x',
    ])('that is not a valid URL is an error: %s', async (proxy) => {
      process.env.https_proxy = proxy;
      const failure = await failureAt(apiUrl);
      expect(failure.code).toBe('proxy-failed');
      expect(failure.message).toMatch(/^The variable https_proxy is not a URL/);
    });

    test('fails as a proxy if an https proxy cannot be verified', async () => {
      const port = await serveTls(await certificateOf({ issuer: await makeAuthority('Proxy') }));
      process.env.https_proxy = `https://127.0.0.1:${port}`;
      expect((await failureAt(apiUrl)).code).toBe('proxy-failed');
    });

    test('fails with its own message if the proxy refuses', async () => {
      const proxy = createServer();
      proxy.on('connect', (_request, socket: Socket) => {
        socket.end('HTTP/1.1 407 Proxy Authentication Required, not s3cr%t or s3cr%25t\r\n\r\n');
      });
      process.env.https_proxy = `http://someone:s3cr%25t@127.0.0.1:${await listen(proxy)}`;
      const failure = await failureAt(apiUrl);
      expect(failure.code).toBe('proxy-failed');
      expect(failure.message).toMatch(
        /did not connect to api\.example:8443 .*HTTP\/1\.1 407 Proxy Authentication Required, not \*\*\* or \*\*\*/,
      );
    });
  });
});
