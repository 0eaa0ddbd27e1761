import { expect, test } from '@jest/globals';
import { parseEndpoint } from '../../src/endpoint.ts';

test.each(['http://127.10.20.30', 'http://127.255.255.254:8080'])(
  'every address in 127.0.0.0/8 is this machine: %s',
  (url) => {
    expect(parseEndpoint(url).apiUrl).toBe(url);
  },
);
