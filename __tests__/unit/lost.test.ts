import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import type { Lost } from '../../src/exabits/exchange.ts';
import { lostFailure } from '../../src/exabits/lost.ts';
import { makeAuthority } from '../../testbed/exabits/certificate.ts';

function describeLost(error: unknown, more: Partial<Lost> = {}) {
  const lost = { wasSent: true, isFinal: false, onStaleConnection: false, proxy: undefined, error, ...more };
  return lostFailure(lost, 'api.example', 1500, (text) => `<${text}>`);
}

function fault(code: unknown, message = 'the words of Node'): Error {
  return Object.assign(new Error(message), { code });
}

const network = 'Check the network between the runner and Exabits, then run the job again.';
const noServer =
  'The server does not speak TLS, or no TLS that this step can use: check the address and port. On a loopback address, http:// works, too.';
const authority =
  'If the host or a proxy uses a private certificate authority, set the variable NODE_EXTRA_CA_CERTS to its certificate file (PEM), or NODE_USE_SYSTEM_CA=1 if the runner already trusts it.';

describe('a request without an answer is described, and may be tried again:', () => {
  test.each([
    ['too late', undefined, 'no answer', 'api.example did not answer within 1.5 s. Run the job again later.'],
    ...['ENOTFOUND', 'EAI_AGAIN'].map(
      (code) =>
        [
          code,
          fault(code),
          '<the words of Node>',
          `Host api.example was not found (${code}). Check the address, and the runner's name server.`,
        ] as const,
    ),
    [
      'ECONNREFUSED',
      fault('ECONNREFUSED'),
      '<the words of Node>',
      'api.example refused the connection. Check the address, and that the service is up.',
    ],
    ...[
      'ECONNRESET',
      'NOT_EPROTO',
      'EPROTOTYPE',
      'X_CERT_',
      'XERR_SSL_',
      'HOSTNAME_MISMATCHED',
      undefined,
      5,
    ].map(
      (code) =>
        [
          code,
          fault(code),
          '<the words of Node>',
          `The connection to api.example broke (<the words of Node>). ${network}`,
        ] as const,
    ),
    [
      'an error without words',
      fault('EPIPE', ''),
      '<EPIPE>',
      `The connection to api.example broke (<EPIPE>). ${network}`,
    ],
    ['an error without anything', fault(5, ''), '<>', `The connection to api.example broke (<>). ${network}`],
    ['no error', 'odd', '<odd>', `The connection to api.example broke (<odd>). ${network}`],
  ])('%s', (_what, error, saw, message) => {
    const failure = describeLost(error);
    expect(failure.message).toBe(message);
    expect(failure.cause).toBe(error);
    expect(failure.seen).toEqual({ saw, transient: true, changedNothing: false, onStaleConnection: false });
  });
});

test.each([
  ['which broke', fault('ECONNRESET'), '<the words of Node>', '<the words of Node>'],
  ['whose time ran out', undefined, 'no answer', 'no end within 1.5 s'],
])('an answer that began is final, %s', (_what, error, saw, words) => {
  const failure = describeLost(error, { isFinal: true, proxy: new URL('http://proxy.test') });
  expect(failure.message).toBe(
    `api.example began to answer, but not in a way that can be read (${words}). Check the address, and whether something else answers there.`,
  );
  expect(failure.seen).toMatchObject({ saw, transient: false });
});

test('what happened to the connection is known of the failure', () => {
  expect(describeLost(undefined, { wasSent: false, onStaleConnection: true }).seen).toEqual({
    saw: 'no answer',
    transient: true,
    changedNothing: true,
    onStaleConnection: true,
  });
});

describe('a TLS failure is final, and the advice depends on it:', () => {
  const { NODE_EXTRA_CA_CERTS: before } = process.env;
  const folder = mkdtempSync(join(tmpdir(), 'exabits-lost-'));
  afterEach(() => {
    if (before === undefined) delete process.env.NODE_EXTRA_CA_CERTS;
    else process.env.NODE_EXTRA_CA_CERTS = before;
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const notValid =
    'The certificate is not valid today: check the clock of the runner, or tell whoever runs the host.';

  test.each([
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'The certificate is for another host: check the address.'],
    ['CERT_HAS_EXPIRED', notValid],
    ['CERT_NOT_YET_VALID', notValid],
    ...[
      'ERR_TLS_HANDSHAKE_TIMEOUT',
      'CERT_REVOKED',
      'DEPTH_ZERO_SELF_SIGNED_CERT',
      'SELF_SIGNED_CERT_IN_CHAIN',
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      'HOSTNAME_MISMATCH',
    ].map((code) => [code, authority]),
  ])('%s, without the words of Node, which differ', (code = '', advice = '') => {
    delete process.env.NODE_EXTRA_CA_CERTS;
    const words = `${code}: if the root CA is installed locally, try running Node.js with --use-system-ca`;
    const failure = describeLost(fault(code, words), { proxy: new URL('http://proxy.test') });
    expect(failure.message).toBe(`No secure connection to api.example (${code}). ${advice}`);
    expect(failure.seen).toMatchObject({ saw: code, transient: false });
  });

  test.each(['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER'])("%s, with OpenSSL's reason", (code) => {
    const words =
      'write EPROTO 404D:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../tls.c:77:';
    const described = lostFailure(
      {
        wasSent: false,
        isFinal: false,
        onStaleConnection: false,
        proxy: undefined,
        error: fault(code, words),
      },
      'api.example',
      1500,
      (text) => text,
    );
    expect(described.message).toBe(
      `No secure connection to api.example (${code}: wrong version number). ${noServer}`,
    );
    expect(described.seen).toMatchObject({ saw: `${code}: wrong version number`, transient: false });
    expect(describeLost(fault(code)).problem).toBe(
      `No secure connection to api.example (${code}: <the words of Node>).`,
    );
  });

  const ignored =
    'Node ignores the file that NODE_EXTRA_CA_CERTS names, because it cannot be read or is not in PEM format: correct it.';

  test.each([
    ['missing', () => '/no/such/file.pem', ignored],
    ['DER', (pem: string) => write(new X509Certificate(pem).raw), ignored],
    ['PEM', (pem: string) => write(pem), authority],
    ['not set', () => '', authority],
  ])('an unknown authority, where the file of NODE_EXTRA_CA_CERTS is %s', async (_what, file, advice) => {
    process.env.NODE_EXTRA_CA_CERTS = file((await makeAuthority()).cert);
    expect(describeLost(fault('SELF_SIGNED_CERT_IN_CHAIN')).advice).toBe(advice);
  });

  function write(content: string | Uint8Array): string {
    const path = join(folder, 'authority');
    writeFileSync(path, content);
    return path;
  }
});

describe('a proxy that does not connect is described without its own words:', () => {
  const tunnel = (statusCode?: number) =>
    Object.assign(fault('ERR_PROXY_TUNNEL'), statusCode && { statusCode });
  const check = 'Check https_proxy and no_proxy.';

  test.each([
    ['another status', 'http', tunnel(502), 'HTTP 502', check, true],
    [
      'a wrong password',
      'http',
      tunnel(407),
      'HTTP 407',
      'Check the username and password in https_proxy.',
      false,
    ],
    ['no status', 'http', tunnel(), 'ERR_PROXY_TUNNEL', check, true],
    ['too late', 'http', undefined, 'no answer within 1.5 s', check, true],
    ['not an Error', 'http', 'odd', '', check, true],
    ['a TLS failure of an https proxy', 'https', fault('CERT_HAS_EXPIRED'), 'CERT_HAS_EXPIRED', check, true],
  ])('%s', (_what, scheme, error, words, advice, transient) => {
    const failure = describeLost(error, { proxy: new URL(`${scheme}://proxy.test`), wasSent: false });
    expect(failure.message).toBe(`The proxy did not connect to api.example (${words}). ${advice}`);
    expect(failure.seen).toMatchObject({ saw: `${words} from the proxy`, transient, changedNothing: true });
  });
});
