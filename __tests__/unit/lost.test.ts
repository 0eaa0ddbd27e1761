import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, describe, expect, test } from '@jest/globals';
import type { Lost } from '../../src/exabits/exchange.ts';
import { lostFailure } from '../../src/exabits/lost.ts';
import { makeCertificate } from '../../testbed/exabits/certificate.ts';

/** Describes what was lost; redacted text is in angle brackets. */
function describeLost(error: unknown, more: Partial<Lost> = {}) {
  const lost = { wasSent: true, isFinal: false, onStaleConnection: false, proxy: undefined, error, ...more };
  return lostFailure(lost, 'api.example', 1500, (text) => `<${text}>`);
}

function fault(code: unknown, message = 'reset'): Error {
  return Object.assign(new Error(message), { code });
}

describe('a request without an answer is described, and may be tried again:', () => {
  const broke = (words: string) =>
    `The connection to api.example broke (${words}). Check the network between the runner and Exabits, then run the job again.`;
  const notFound = (code: string) =>
    `Host api.example was not found (${code}). Check the address, and the runner's name server.`;
  const refused = 'api.example refused the connection. Check the address, and that the service is up.';
  const others = ['NOT_EPROTO', 'EPROTOTYPE', 'X_CERT_', 'XERR_SSL_', 'HOSTNAME_MISMATCHED'];

  test.each([
    ['too late', undefined, 'no answer', 'api.example did not answer within 1.5 s. Run the job again later.'],
    ['ENOTFOUND', fault('ENOTFOUND'), '<reset>', notFound('ENOTFOUND')],
    ['EAI_AGAIN', fault('EAI_AGAIN'), '<reset>', notFound('EAI_AGAIN')],
    ['ECONNREFUSED', fault('ECONNREFUSED'), '<reset>', refused],
    ...others.map((code) => [code, fault(code), '<reset>', broke('<reset>')] as const),
    ['an error without words', fault('EPIPE', ''), '<EPIPE>', broke('<EPIPE>')],
    ['an error without anything', fault(5, ''), '<>', broke('<>')],
    ['no error', 'odd', '<odd>', broke('<odd>')],
  ])('%s', (_what, error, saw, message) => {
    const failure = describeLost(error);
    expect(failure.message).toBe(message);
    expect(failure.cause).toBe(error);
    expect(failure.seen).toEqual({ saw, transient: true, changedNothing: false, onStaleConnection: false });
  });

  test('which changed nothing if it was not sent', () => {
    const known = { saw: 'no answer', transient: true, changedNothing: true, onStaleConnection: true };
    expect(describeLost(undefined, { wasSent: false, onStaleConnection: true }).seen).toEqual(known);
  });
});

test.each([
  ['which broke', fault('ECONNRESET'), '<reset>', '<reset>'],
  ['whose time ran out', undefined, 'no answer', 'no end within 1.5 s'],
])('an answer that began is final, %s', (_what, error, saw, words) => {
  const failure = describeLost(error, { isFinal: true, proxy: new URL('http://proxy.test') });
  expect(failure.message).toBe(
    `api.example began to answer, but not in a way that can be read (${words}). Check the address, and whether something else answers there.`,
  );
  expect(failure.seen).toMatchObject({ saw, transient: false });
});

describe('a TLS failure is final, and the advice depends on it:', () => {
  const { NODE_EXTRA_CA_CERTS = '' } = process.env;
  const folder = mkdtempSync(join(tmpdir(), 'exabits-lost-'));
  const file = join(folder, 'authority');
  afterEach(() => void Object.assign(process.env, { NODE_EXTRA_CA_CERTS }));
  afterAll(() => rmSync(folder, { recursive: true }));

  const noServer =
    'The server does not speak TLS, or no TLS that this step can use: check the address and port. On a loopback address, http:// works, too.';
  const noDate =
    'The certificate is not valid today: check the clock of the runner, or tell whoever runs the host.';
  const noFile =
    'Node ignores the file that NODE_EXTRA_CA_CERTS names, because it cannot be read or is not in PEM format: correct it.';
  const authority =
    'If the host or a proxy uses a private certificate authority, set the variable NODE_EXTRA_CA_CERTS to its certificate file (PEM), or NODE_USE_SYSTEM_CA=1 if the runner already trusts it.';

  test.each([
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'The certificate is for another host: check the address.'],
    ['CERT_HAS_EXPIRED', noDate],
    ['CERT_NOT_YET_VALID', noDate],
    ['ERR_TLS_X', authority],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', authority],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', authority],
    ['HOSTNAME_MISMATCH', authority],
  ])('%s, without the words of Node, which say something else', (code, advice) => {
    process.env.NODE_EXTRA_CA_CERTS = '';
    const words = `${code}: if the root CA is installed locally, try running Node.js with --use-system-ca`;
    const failure = describeLost(fault(code, words), { proxy: new URL('http://proxy.test') });
    expect(failure.message).toBe(`No secure connection to api.example (${code}). ${advice}`);
    expect(failure.seen).toMatchObject({ saw: code, transient: false });
  });

  test.each(['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER'])("%s, with OpenSSL's reason", (code) => {
    const words = 'write EPROTO 404D:error:0A00010B:SSL routines:tls_validate:wrong version:../tls.c:77:';
    const failure = describeLost(fault(code, words));
    expect(failure.message).toBe(`No secure connection to api.example (${code}: wrong version). ${noServer}`);
    expect(failure.seen).toMatchObject({ saw: `${code}: wrong version`, transient: false });
    expect(describeLost(fault(code)).seen.saw).toBe(`${code}: <reset>`);
  });

  test.each([
    ['missing', () => {}, noFile],
    ['DER', (pem: string) => writeFileSync(file, new X509Certificate(pem).raw), noFile],
    ['PEM', (pem: string) => writeFileSync(file, `# The authority\n${pem}`), authority],
  ])('an unknown authority, where the file of NODE_EXTRA_CA_CERTS is %s', async (_what, write, advice) => {
    write((await makeCertificate([])).cert);
    process.env.NODE_EXTRA_CA_CERTS = file;
    expect(describeLost(fault('SELF_SIGNED_CERT_IN_CHAIN')).advice).toBe(advice);
  });
});

test('the words of a proxy go to no log, because they may echo its password', () => {
  const error = Object.assign(fault('ERR_PROXY_TUNNEL', '407 someone:proxy-password'), { statusCode: 407 });
  const failure = describeLost(error, { wasSent: false, proxy: new URL('http://proxy.example') });
  expect([failure.cause, failure.message, failure.seen.saw].join()).not.toContain('proxy-password');
});
