import { once } from 'node:events';
import { ClientRequest, createServer, type RequestListener } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { expect, jest, test } from '@jest/globals';
import { skipWaits } from './support/clock.ts';
import { silenceOutput } from './support/output.ts';
import './support/realm.ts';
import { failureAt, forgetProxies, listen } from './support/servers.ts';

skipWaits();
silenceOutput();
forgetProxies();

const timeoutMs = 200;

test.each<[string, RequestListener]>([
  ['sends nothing', () => {}],
  ['never finishes its answer', (_request, response) => void response.write('{"status":')],
])('the action gives up in time on a server that %s', async (_what, answer) => {
  const port = await listen(createServer(answer));
  const failure = await failureAt(`http://127.0.0.1:${port}`, timeoutMs);
  expect(failure.code).toBe('timed-out');
  // The deadline and the only try end less than a millisecond apart, in either order.
  expect(failure.message).toMatch(/127\.0\.0\.1:\d+ .*within 0\.2 s\b.*1 try/);
});

test.each<[string, RequestListener, number]>([
  ['an abandoned try', () => {}, timeoutMs],
  ['a refusal that never ends', (_request, response) => void response.writeHead(401).write('{'), 60_000],
])('%s leaves no connection behind', async (_what, answer, limitMs) => {
  let closed: Promise<unknown> | undefined;
  const server = createServer((request, response) => {
    closed = once(request.socket, 'close');
    answer(request, response);
  });
  await failureAt(`http://127.0.0.1:${await listen(server)}`, limitMs);
  await expect(closed).resolves.toBeDefined();
});

test('the action gives up in time on a proxy that never opens its tunnel', async () => {
  const proxy = createServer();
  proxy.on('connect', () => {});
  process.env.https_proxy = `http://127.0.0.1:${await listen(proxy)}`;
  expect((await failureAt('https://api.example', timeoutMs)).code).toBe('timed-out');
});

test.each([
  ['cut off', 'HTTP/1.1 401 No\r\nContent-Length: 9\r\n\r\n{', true],
  ['not HTTP', 'HTTP/1.1 404 No\r\nnothing\r\n\r\n', true],
  ['cut off, and it is a redirect', 'HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 9\r\n\r\n', true],
  ['missing', 'HTTP/1.1 422 No\r\nContent-Length: 9\r\n\r\n', false],
  ['larger than Node accepts', `HTTP/1.1 401 No\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, true],
  [
    'larger than Node accepts, after an interim answer',
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 401 No\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    true,
  ],
  [
    'larger than Node accepts, after an empty line',
    `\r\r\nHTTP/1.1 401 No\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    true,
  ],
])('a 3xx or 4xx status is final, even if the rest of the answer is %s', async (_what, bytes, ends) => {
  const server = createTcpServer((socket) => {
    socket.once('data', () => {
      // In two pieces, as a network may deliver it.
      socket.write(bytes.slice(0, 7));
      setTimeout(() => (ends ? socket.end(bytes.slice(7)) : socket.write(bytes.slice(7))), 50);
    });
  });
  const failure = await failureAt(`http://127.0.0.1:${await listen(server)}`);
  const [status] = /(?<=HTTP\/1.1 )[34]\d\d/.exec(bytes) ?? [];
  expect(failure.message).toContain(`(HTTP ${status}`);
});

test('a header of an interim answer is not taken for a status', async () => {
  const server = createTcpServer((socket) => {
    socket.once('data', () => socket.end('HTTP/1.1 103 Early Hints\r\nLink: HTTP/1.1 403 No\r\n'));
  });
  expect((await failureAt(`http://127.0.0.1:${await listen(server)}`)).code).toBe('connection-lost');
});

test.each([408, 429, 503, 200])('a status of %i is not final if the answer breaks off', async (status) => {
  const server = createTcpServer((socket) => {
    socket.once('data', () => socket.end(`HTTP/1.1 ${status} X\r\nContent-Length: 9\r\n\r\n{`));
  });
  expect((await failureAt(`http://127.0.0.1:${await listen(server)}`)).code).toBe('connection-lost');
});

test('a silence ends at the deadline of the step, not at a limit of the HTTP client', async () => {
  const setTimeoutOf = jest.spyOn(ClientRequest.prototype, 'setTimeout');
  await failureAt(`http://127.0.0.1:${await listen(createServer(() => {}))}`, timeoutMs);
  const limits = setTimeoutOf.mock.calls.map(([ms]) => ms);
  setTimeoutOf.mockRestore();
  expect(limits).not.toEqual([]);
  expect(Math.min(...limits)).toBeGreaterThan(3_600_000);
});
