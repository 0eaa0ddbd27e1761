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
  ['says nothing', () => {}],
  ['begins an answer and never ends it', (_request, response) => void response.write('{"status":')],
])('a server that %s is given up in time', async (_what, answer) => {
  const port = await listen(createServer(answer));
  const failure = await failureAt(`http://127.0.0.1:${port}`, timeoutMs);
  expect(failure.code).toBe('timed-out');
  // Whether the deadline or the only try ends first is a matter of less than a millisecond.
  expect(failure.message).toMatch(/127\.0\.0\.1:\d+ .*within 0\.2 s\b.*1 try/);
});

test.each<[string, RequestListener, number]>([
  ['a try that is given up', () => {}, timeoutMs],
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

test('a proxy that never opens its tunnel is given up in time', async () => {
  const proxy = createServer();
  proxy.on('connect', () => {});
  process.env.https_proxy = `http://127.0.0.1:${await listen(proxy)}`;
  expect((await failureAt('https://api.example', timeoutMs)).code).toBe('timed-out');
});

test.each([
  ['cut', 'HTTP/1.1 401 No\r\nContent-Length: 9\r\n\r\n{', true],
  ['no HTTP any more', 'HTTP/1.1 404 No\r\nnothing\r\n\r\n', true],
  ['cut, and where it redirects to', 'HTTP/1.1 302 Found\r\nLocation: /x\r\nContent-Length: 9\r\n\r\n', true],
  ['missing', 'HTTP/1.1 422 No\r\nContent-Length: 9\r\n\r\n', false],
  ['more than Node reads', `HTTP/1.1 401 No\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, true],
  [
    'more than Node reads and an interim answer came first',
    `HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 401 No\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    true,
  ],
  [
    'more than Node reads and an empty line came first',
    `\r\r\nHTTP/1.1 401 No\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`,
    true,
  ],
])('an answer that says 3xx or 4xx is final, though what follows is %s', async (_what, bytes, ends) => {
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

test.each([408, 429, 503, 200])('an answer that says %i and breaks is not', async (status) => {
  const server = createTcpServer((socket) => {
    socket.once('data', () => socket.end(`HTTP/1.1 ${status} X\r\nContent-Length: 9\r\n\r\n{`));
  });
  expect((await failureAt(`http://127.0.0.1:${await listen(server)}`)).code).toBe('connection-lost');
});

test('a silence ends with the time of the step, not by a limit of the client', async () => {
  const setTimeoutOf = jest.spyOn(ClientRequest.prototype, 'setTimeout');
  await failureAt(`http://127.0.0.1:${await listen(createServer(() => {}))}`, timeoutMs);
  const limits = setTimeoutOf.mock.calls.map(([ms]) => ms);
  setTimeoutOf.mockRestore();
  expect(limits).not.toEqual([]);
  expect(Math.min(...limits)).toBeGreaterThan(3_600_000);
});
