import { describe, expect, test } from '@jest/globals';
import { ProxyError, transportFault } from '../../src/exabits/transport.ts';
import { oneLine } from '../../src/text.ts';

function describeError(code: string, message = 'the words of Node') {
  return transportFault(Object.assign(new Error(message), { code }), 'api.example', oneLine);
}

test.each(['ENOTFOUND', 'EAI_AGAIN'])('an unknown host has its own message: %s', (code) => {
  const { code: failureCode, message, transient } = describeError(code);
  expect(failureCode).toBe('host-not-found');
  expect(message).toMatch(
    new RegExp(`^Host api\\.example was not found \\(${code}\\)\\. Check the address, and .*DNS`),
  );
  expect(transient).toBe(true);
});

test('a refused connection has its own message', () => {
  const { code: failureCode, message, transient } = describeError('ECONNREFUSED');
  expect(failureCode).toBe('connection-refused');
  expect(message).toMatch(/^api\.example refused the connection\. Check the address/);
  expect(transient).toBe(true);
});

test('a proxy that does not connect has its own message, without its address', () => {
  const told =
    'Failed to establish tunnel to api.example:443 via http://me:secret@proxy.test:3128/: HTTP/1.1 407 No';
  const refusal = new ProxyError(
    Object.assign(new Error(told), { code: 'ERR_PROXY_TUNNEL' }),
    new URL('http://me:secret@proxy.test:3128'),
  );
  const { code, message, transient } = transportFault(refusal, 'api.example', oneLine);
  expect(code).toBe('proxy-failed');
  expect(message).toBe(
    'The proxy did not connect to api.example (HTTP/1.1 407 No). Check https_proxy and no_proxy.',
  );
  expect(transient).toBe(true);
  expect(refusal.stack).not.toContain('secret');
});

test('a proxy without a password is described in the words of Node', () => {
  const error = new ProxyError(new Error('socket hang up'), new URL('http://proxy.test:3128'));
  expect(error.message).toBe('socket hang up');
});

describe('a TLS failure', () => {
  test.each([
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_TLS_HANDSHAKE_TIMEOUT',
    'ERR_SSL_WRONG_VERSION_NUMBER',
    'EPROTO',
    'CERT_HAS_EXPIRED',
    'CERT_NOT_YET_VALID',
    'CERT_REVOKED',
    'DEPTH_ZERO_SELF_SIGNED_CERT',
    'SELF_SIGNED_CERT_IN_CHAIN',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
    'HOSTNAME_MISMATCH',
  ])('has its own message and no retry: %s', (code) => {
    const { code: failureCode, message, transient } = describeError(code);
    expect(failureCode).toBe('tls-failed');
    expect(message).toContain(`No secure connection to api.example (${code}: the words of Node).`);
    expect(transient).toBe(false);
  });

  test('suggests a wrong address if the certificate is for another host', () => {
    expect(describeError('ERR_TLS_CERT_ALTNAME_INVALID').message).toMatch(
      /certificate is for another host: check the address/,
    );
  });

  test.each(['CERT_HAS_EXPIRED', 'CERT_NOT_YET_VALID'])(
    'suggests a wrong clock if the certificate is not valid now (%s)',
    (code) => {
      expect(describeError(code).message).toMatch(/not valid today: check the clock of the runner/);
    },
  );

  test.each(['EPROTO', 'ERR_SSL_WRONG_VERSION_NUMBER'])(
    'suggests a wrong address if the server does not speak TLS (%s)',
    (code) => {
      expect(describeError(code).message).toMatch(/does not speak TLS.*check the address and port/);
    },
  );

  test("shows only OpenSSL's reason, without error numbers and source files", () => {
    const words =
      'write EPROTO 404D:error:0A00010B:SSL routines:tls_validate_record_header:wrong version number:../methods/tls.c:77:';
    const thrown = Object.assign(new Error(words), { code: 'EPROTO' });
    expect(transportFault(thrown, 'api.example', oneLine).message).toContain(
      '(EPROTO: wrong version number)',
    );
  });

  test.each(['SELF_SIGNED_CERT_IN_CHAIN', 'UNABLE_TO_GET_ISSUER_CERT_LOCALLY'])(
    'suggests a private authority if the issuer is unknown (%s)',
    (code) => {
      expect(describeError(code).message).toMatch(/private certificate authority.*NODE_EXTRA_CA_CERTS/);
    },
  );
});

describe('any other fault', () => {
  test.each(['ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'NOT_EPROTO', 'EPROTOTYPE', 'X_CERT_'])(
    'is transient: %s',
    (code) => {
      const { code: failureCode, message, saw, transient } = describeError(code);
      expect(failureCode).toBe('connection-lost');
      expect(message).toMatch(
        /^The connection to api\.example broke \(the words of Node\)\. Check the network/,
      );
      expect(saw).toBe('the words of Node');
      expect(transient).toBe(true);
    },
  );

  test('is described by its code if it has no message', () => {
    expect(describeError('ECONNRESET', '').saw).toBe('ECONNRESET');
  });

  test.each<[string, unknown, string]>([
    ['an error without a code', new Error('odd'), 'odd'],
    ['an error whose code is a number', Object.assign(new Error('odd'), { code: 1 }), 'odd'],
    ['a string', 'odd', 'odd'],
    ['an object with a code that is not an Error', { code: 'ENOTFOUND' }, '[object Object]'],
  ])('may be %s', (_what, thrown, saw) => {
    const fault = transportFault(thrown, 'api.example', oneLine);
    expect(fault.code).toBe('connection-lost');
    expect(fault.saw).toBe(saw);
  });

  test('becomes the cause, for the debug log', () => {
    const thrown = new Error('odd');
    expect(transportFault(thrown, 'api.example', oneLine).cause).toBe(thrown);
  });

  test('has its message cleaned before it is printed', () => {
    const { message, saw } = transportFault(new Error('a\nb'), 'api.example', () => 'cleaned');
    expect(saw).toBe('cleaned');
    expect(message).toContain('(cleaned)');
  });
});
