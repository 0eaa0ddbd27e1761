import { describe, expect, test } from '@jest/globals';
import { defaultApiUrl, parseEndpoint } from '../../src/endpoint.ts';

describe('the address of the API', () => {
  test.each(['', '/', '/api/v1', '/api/v1//', ':443/?#'])('may end in %s', (end) => {
    expect(parseEndpoint(`HTTPS://API.Example${end}`)).toEqual({
      apiUrl: 'https://api.example',
      apiBaseUrl: 'https://api.example/api/v1',
      name: 'api.example',
    });
  });

  test('keeps an unusual port', () => {
    expect(parseEndpoint('https://api.example:8443')).toMatchObject({
      apiUrl: 'https://api.example:8443',
      name: 'api.example:8443',
    });
  });

  const noUrl =
    'The address of the API must be a URL that begins with https://, as in https://gpu-api.exascalelabs.ai. For loopback addresses, http:// works, too.';
  const path =
    'The address of the API has something after the host other than /api/v1. Write it like https://gpu-api.exascalelabs.ai or https://gpu-api.exascalelabs.ai/api/v1.';
  const login =
    'The address of the API must not hold a username or password. Use the inputs username and password.';

  test.each([
    ['gpu-api.exascalelabs.ai', noUrl],
    ['localhost:8080', noUrl],
    ['ftp://api.example', noUrl],
    ...['/x/api/v1', '/api/v1/regions', '/API/V1', '/api/v1?a=1', '/#top'].map((end) => [
      `https://api.example${end}`,
      path,
    ]),
    ['https://ada@api.example', login],
    ['https://:secret@api.example', login],
  ])('is refused: %s', (text = '', message = '') => {
    expect(() => parseEndpoint(text)).toThrow(new Error(message));
  });

  test('is refused by the name of the setting that it comes from', () => {
    expect(() => parseEndpoint('nowhere', 'input "api-url"')).toThrow('The input "api-url" must be a URL');
    expect(parseEndpoint(defaultApiUrl).name).toBe('gpu-api.exascalelabs.ai');
  });
});

describe('plain http', () => {
  test.each([
    ['http://LOCALHOST:8080', 'http://localhost:8080'],
    ['http://127.10.200.254', 'http://127.10.200.254'],
    ['http://0x7f000001', 'http://127.0.0.1'],
    ['http://[0:0:0:0:0:0:0:1]:8080/api/v1', 'http://[::1]:8080'],
  ])('is accepted for this machine: %s', (text, apiUrl) => {
    expect(parseEndpoint(text).apiUrl).toBe(apiUrl);
  });

  test.each(['128.0.0.1', '10.0.0.1', 'localhost.example:8080', 'a.localhost', '127.0.0.1.example', '[::2]'])(
    'is refused for any other host: %s',
    (host) => {
      expect(() => parseEndpoint(`http://${host}/api/v1`)).toThrow(
        `The address of the API uses http, which would send your credentials to ${host} unencrypted. Use https; http is for loopback addresses only.`,
      );
    },
  );
});
