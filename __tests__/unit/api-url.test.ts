import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { defaultApiUrl, parseEndpoint } from '../../src/endpoint.ts';
import { failureOf } from './support/failure.ts';
import { inputsOf } from './support/inputs.ts';

describe('the API address', () => {
  test("is Exabits' own by default", async () => {
    expect((await inputsOf({})).endpoint.apiUrl).toBe('https://gpu-api.exascalelabs.ai');
  });

  test('comes from EXABITS_API_URL if the input is empty', async () => {
    const { endpoint } = await inputsOf(
      { 'api-url': '' },
      { EXABITS_API_URL: ' https://reseller.example/ ' },
    );
    expect(endpoint.apiUrl).toBe('https://reseller.example');
  });

  test('comes from the input if both are set', async () => {
    const { endpoint } = await inputsOf(
      { 'api-url': ' https://input.example ' },
      { EXABITS_API_URL: 'https://variable.example' },
    );
    expect(endpoint.apiUrl).toBe('https://input.example');
  });

  test('is the default if the variable is blank', async () => {
    const { endpoint } = await inputsOf({}, { EXABITS_API_URL: ' ' });
    expect(endpoint.apiUrl).toBe('https://gpu-api.exascalelabs.ai');
  });
});

describe('an address', () => {
  test.each([
    'https://api.example',
    'https://api.example/',
    'https://api.example/api/v1',
    'https://api.example/api/v1/',
    'https://api.example//',
    'https://api.example/api/v1//',
    'HTTPS://API.Example:443',
  ])('may be spelled %s', (spelling) => {
    expect(parseEndpoint(spelling)).toEqual({
      apiUrl: 'https://api.example',
      apiBaseUrl: 'https://api.example/api/v1',
      name: 'api.example',
    });
  });

  test('keeps a non-default port', () => {
    expect(parseEndpoint('https://api.example:8443/api/v1/')).toEqual({
      apiUrl: 'https://api.example:8443',
      apiBaseUrl: 'https://api.example:8443/api/v1',
      name: 'api.example:8443',
    });
  });

  test('parses to the same result when parsed again', () => {
    const endpoints = fc.webUrl({ validSchemes: ['https'] }).map((url) => new URL(url).origin);
    fc.assert(
      fc.property(endpoints, fc.constantFrom('', '/', '/api/v1', '/api/v1/'), (origin, end) => {
        const endpoint = parseEndpoint(origin + end);
        expect(parseEndpoint(endpoint.apiUrl)).toEqual(endpoint);
        expect(parseEndpoint(endpoint.apiBaseUrl)).toEqual(endpoint);
      }),
    );
  });

  test.each([
    ['a host without a scheme', 'gpu-api.exascalelabs.ai'],
    ['a host and port without a scheme', 'localhost:8080'],
    ['a URL with another scheme', 'ftp://api.example'],
    ['a file URL', 'file:///etc/passwd'],
    ['not a URL', 'somewhere else'],
  ])('is refused if it is %s', async (_what, text) => {
    const failure = await failureOf(() => parseEndpoint(text));
    expect(failure.code).toBe('invalid-input');
    expect(failure.message).toMatch(/must be a URL that begins with https:/);
  });

  test.each(['/api', '/api/v2', '/api/v1/regions', '/v1', '/api/v1?limit=1', '/?a=b', '/#top', '/API/V1'])(
    'is refused with %s after the host',
    async (end) => {
      const failure = await failureOf(() => parseEndpoint(`https://api.example${end}`));
      expect(failure.code).toBe('invalid-input');
      expect(failure.message).toMatch(/must end after the host or after \/api\/v1/);
    },
  );

  test.each(['https://ada@api.example', 'https://ada:secret@api.example', 'https://:secret@api.example'])(
    'is refused with credentials in it, which are not quoted: %s',
    async (text) => {
      const failure = await failureOf(() => parseEndpoint(text));
      expect(failure.code).toBe('invalid-input');
      expect(failure.message).toMatch(/must not hold a username or password/);
      expect(failure.message).not.toContain('secret');
    },
  );
});

describe('plain http', () => {
  test.each([
    ['http://localhost:8080', 'http://localhost:8080'],
    ['http://LOCALHOST', 'http://localhost'],
    ['http://127.0.0.1:8080/', 'http://127.0.0.1:8080'],
    ['http://127.1.2.3', 'http://127.1.2.3'],
    ['http://127.1', 'http://127.0.0.1'],
    ['http://0x7f000001', 'http://127.0.0.1'],
    ['http://[::1]:8080/api/v1', 'http://[::1]:8080'],
    ['http://[0:0:0:0:0:0:0:1]', 'http://[::1]'],
  ])('is accepted for this machine: %s', (text, apiUrl) => {
    expect(parseEndpoint(text).apiUrl).toBe(apiUrl);
  });

  test.each([
    'http://api.example',
    'http://api.example/api/v1/',
    'http://192.168.1.10:8080',
    'http://0.0.0.0',
    'http://128.0.0.1',
    'http://localhost.example',
    'http://localhost.',
    'http://127.0.0.1.example',
    'http://example-localhost',
    'http://[::2]',
    'http://[::ffff:10.0.0.1]',
  ])('is refused for any other host: %s', async (text) => {
    const failure = await failureOf(() => parseEndpoint(text));
    expect(failure.code).toBe('insecure-api-url');
    expect(failure.message).toContain(new URL(text).host);
    expect(failure.message).toMatch(/unencrypted\. Use https/);
  });
});

describe('messages name the setting that an address comes from', () => {
  const setting = {
    input: [{ 'api-url': 'nowhere' }, {}, 'The input "api-url" must be a URL'],
    variable: [{}, { EXABITS_API_URL: 'nowhere' }, 'The variable EXABITS_API_URL must be a URL'],
  } as const;

  test.each(Object.entries(setting))('if it is invalid: the %s', async (_what, [inputs, env, words]) => {
    const failure = await failureOf(() => inputsOf(inputs, env));
    expect(failure.message).toContain(words);
  });

  test('if it is valid and not the default', async () => {
    const address = 'https://reseller.example';
    const byInput = await inputsOf({ 'api-url': address });
    expect(byInput.endpoint.name).toBe('reseller.example (input "api-url")');
    const byVariable = await inputsOf({}, { EXABITS_API_URL: address });
    expect(byVariable.endpoint.name).toBe('reseller.example (variable EXABITS_API_URL)');
  });

  test('but none for the default address', async () => {
    const [byDefault, byVariable] = [
      await inputsOf({}),
      await inputsOf({}, { EXABITS_API_URL: defaultApiUrl }),
    ];
    expect([byDefault.endpoint.name, byVariable.endpoint.name]).toEqual(
      Array(2).fill('gpu-api.exascalelabs.ai'),
    );
  });
});
