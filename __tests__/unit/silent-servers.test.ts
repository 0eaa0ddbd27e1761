import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { expect, test } from '@jest/globals';
import { skipWaits } from './support/clock.ts';
import { converse } from './support/conversation.ts';
import { failureOf } from './support/failure.ts';
import { silenceOutput } from './support/output.ts';
import './support/realm.ts';
import { forgetProxies, listen } from './support/servers.ts';

skipWaits();
silenceOutput();
forgetProxies();

async function failureAt(apiUrl: string) {
  const { exabits, credential } = await converse({ apiUrl, timeoutMs: 200, maxAttempts: 1 });
  return failureOf(() => exabits.verify(credential));
}

test.each<[string, RequestListener]>([
  ['says nothing', () => {}],
  ['begins an answer and never ends it', (_request, response) => void response.write('{"status":')],
])('a server that %s is given up in time', async (_what, answer) => {
  const port = await listen(createServer(answer));
  const failure = await failureAt(`http://127.0.0.1:${port}`);
  expect(failure.code).toBe('timed-out');
  // Whether the deadline or the only try ends first is a matter of less than a millisecond.
  expect(failure.message).toMatch(/127\.0\.0\.1:\d+ .*within 0\.2 s\b.*1 try/);
});

test('a try that is given up leaves no connection behind', async () => {
  let closed: Promise<unknown> | undefined;
  const server = createServer((request) => {
    closed = once(request.socket, 'close');
  });
  await failureAt(`http://127.0.0.1:${await listen(server)}`);
  await expect(closed).resolves.toBeDefined();
});

test('a proxy that never opens its tunnel is given up in time', async () => {
  const proxy = createServer();
  proxy.on('connect', () => {});
  process.env.https_proxy = `http://127.0.0.1:${await listen(proxy)}`;
  expect((await failureAt('https://api.example')).code).toBe('timed-out');
});
