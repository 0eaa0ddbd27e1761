import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { RequestListener, Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeCertificate } from './certificate.ts';

const DEFAULT_HOST = 'gpu-api.exascalelabs.ai';

/**
 * Lets a server answer for https://gpu-api.exascalelabs.ai, with a certificate of an authority of its own: the server
 * becomes a proxy (RFC 9110, section 9.3.6) that opens tunnels to that host, and they end in the server itself.
 *
 * @param url the server's address
 * @param listener answers the requests that come through a tunnel
 * @returns variables for Node, curl and programs written in Go, with which other https hosts are out of reach; the same
 * as a file for `act --env-file` and for `source` in a shell; and what removes the files
 */
export async function playDefaultHost(server: Server, url: string, listener: RequestListener) {
  const authority = await makeCertificate([]);
  const ends = createTlsServer(await makeCertificate([DEFAULT_HOST], authority), listener);
  server.on('connect', (request, client: Socket, head) => {
    if (request.url !== `${DEFAULT_HOST}:443`) {
      client.end('HTTP/1.1 403 The sandbox knows one host\r\n\r\n');
      return;
    }
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    client.unshift(head);
    ends.emit('connection', client);
  });

  const directory = mkdtempSync(join(tmpdir(), 'exabits-sandbox-'));
  const authorityFile = join(directory, 'authority.pem');
  writeFileSync(authorityFile, authority.cert);
  const environment = {
    https_proxy: url,
    HTTPS_PROXY: url,
    no_proxy: '',
    NO_PROXY: '',
    NODE_EXTRA_CA_CERTS: authorityFile,
    SSL_CERT_FILE: authorityFile,
    CURL_CA_BUNDLE: authorityFile,
    REQUESTS_CA_BUNDLE: authorityFile,
  };
  const environmentFile = join(directory, 'sandbox.env');
  const lines = Object.entries(environment).map(([name, value]) => `${name}=${value}\n`);
  writeFileSync(environmentFile, lines.join(''));
  return {
    environment,
    environmentFile,
    dispose: () => rmSync(directory, { recursive: true, force: true }),
  };
}
