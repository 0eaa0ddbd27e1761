import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import { ClientRequest } from 'node:http';
import {
  getDefaultAutoSelectFamilyAttemptTimeout,
  type Socket,
  setDefaultAutoSelectFamilyAttemptTimeout,
} from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, jest, test } from '@jest/globals';
import { unusedPort } from '../../testbed/exabits/local-server.ts';
import { converse } from './support/conversation.ts';
import { failureOf } from './support/failure.ts';
import { apiToken, passwordMd5 } from './support/samples.ts';
import { answer, type Behaviour, failureAt, type Scheme, serve, success } from './support/servers.ts';

/** Writes bytes, and then something else happens to the connection. */
function writes(bytes: string, next: (socket: Parameters<Behaviour>[0]) => unknown = () => {}): Behaviour {
  // Not at once: a reset discards what is still in a buffer.
  return (socket) => socket.write(bytes, () => setTimeout(() => next(socket), 10));
}

describe('a request', () => {
  test('has the headers and the body of its call, and says who sends it', async () => {
    const { url, requests, port } = await serve(writes(success));
    const { exabits, credential, password } = await converse({ apiUrl: url });
    await exabits.check(credential);
    await failureOf(() => exabits.authenticate(password));

    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    const headers = ['Accept: application/json', `User-Agent: exabits-auth/${version}`];
    const connection = [`Host: 127.0.0.1:${port}`, 'Connection: keep-alive', ''];
    expect(requests.map((request) => request.split('\r\n'))).toEqual([
      [
        'GET /api/v1/billing/balance HTTP/1.1',
        ...headers,
        `Authorization: Bearer ${apiToken}`,
        ...connection,
        '',
      ],
      [
        'POST /api/v1/authenticate/login HTTP/1.1',
        ...headers,
        'Content-Type: application/json',
        'Content-Length: 64',
        ...connection,
        JSON.stringify({ username: 'ada', password: passwordMd5 }),
      ],
    ]);
  });

  test('gives each of several addresses two seconds to connect', async () => {
    setDefaultAutoSelectFamilyAttemptTimeout(250);
    await failureAt(`http://127.0.0.1:${await unusedPort()}`);
    expect(getDefaultAutoSelectFamilyAttemptTimeout()).toBe(2000);
  });

  test('does not look up an IPv6 address as a name', async () => {
    const { message } = await failureAt(`http://[::1]:${await unusedPort()}`);
    // Where there is no IPv6, the connection cannot be refused.
    expect(message).toMatch(/^\[::1\]:\d+ refused the connection|^The connection to \[::1\]:\d+ broke/);
  });

  test('is limited by its own time alone, not by that of the socket, and leaves no timer behind', async () => {
    const { url } = await serve((socket) => socket.write(success));
    const { exabits, credential } = await converse({ apiUrl: url });
    const ofSocket = jest.spyOn(ClientRequest.prototype, 'setTimeout');
    const [start, clear] = [jest.spyOn(globalThis, 'setTimeout'), jest.spyOn(globalThis, 'clearTimeout')];
    await exabits.check(credential);
    const limits = ofSocket.mock.calls.map(([ms]) => ms);
    const timer = start.mock.results[start.mock.calls.findIndex(([, ms]) => ms === 20_000)]?.value;
    const cleared = clear.mock.calls.map(([one]) => one);
    for (const spy of [ofSocket, start, clear]) spy.mockRestore();
    expect(limits).toEqual([2 ** 31 - 1]);
    expect(timer).toBeDefined();
    expect(cleared).toContain(timer);
  });

  test('is not sent while a server says nothing to TLS', async () => {
    const { port } = await serve(() => {});
    const { seen } = await failureAt(`https://127.0.0.1:${port}`, 300);
    expect(seen).toMatchObject({ saw: 'no answer', transient: true, changedNothing: true });
  });
});

test('a connection that is used often keeps no listener of each request', async () => {
  const sockets: Socket[] = [];
  const keep = (message: unknown) => void sockets.push((message as { socket: Socket }).socket);
  subscribe('net.client.socket', keep);
  const { url } = await serve(writes(success));
  const { exabits, credential } = await converse({ apiUrl: url });
  for (let count = 0; count < 3; count += 1) await exabits.check(credential);
  unsubscribe('net.client.socket', keep);
  expect(sockets.map((socket) => socket.listenerCount('connect'))).toEqual([0]);
});

describe.each<Scheme>(['http', 'https'])('over %s, a connection', (scheme) => {
  const chunked = answer(200, 'f\r\n{"status":true}\r\n0\r\n\r\n', 'Transfer-Encoding: chunked\r\n');
  const closesAsWeWrite: Behaviour = (socket, nth) => (nth === 1 ? socket.write(success) : socket.destroy());

  test.each<[string, number, Behaviour]>([
    ['is kept after a whole success', 1, writes(success)],
    ['is kept after a chunked one', 1, writes(chunked)],
    ['is replaced if the server closes it while idle', 3, writes(success, (socket) => socket.end())],
    ['is replaced after surplus bytes', 3, writes(`${success}surplus`)],
    ['is replaced if the server says more', 3, writes(success, (socket) => socket.write(answer(401)))],
    ['is replaced if the server closes it just as we write, which is no try', 3, closesAsWeWrite],
  ])('%s', async (_what, expected, behave) => {
    const { url, connections } = await serve(behave, scheme);
    const { exabits, credential } = await converse({ apiUrl: url, maxAttempts: 1 });
    for (let count = 0; count < 3; count += 1) {
      await exabits.check(credential);
      // In pieces, so that what arrives is read in between, however busy the machine is.
      for (let piece = 0; piece < 4; piece += 1) await sleep(15);
    }
    expect(connections()).toBe(expected);
  });

  test('that was kept and falls silent is not taken for one that was closed', async () => {
    const { url } = await serve((socket, nth) => nth === 1 && socket.write(success), scheme);
    const { exabits, credential } = await converse({ apiUrl: url, timeoutMs: 600 });
    await exabits.check(credential);
    const { message } = await failureOf(() => exabits.check(credential));
    expect(message).toContain('(1 try; last error: no answer)');
  });

  test.each([300, 401, 503])('is closed after HTTP %i', async (status) => {
    const closed = Promise.withResolvers<void>();
    const { url } = await serve((socket) => {
      socket.once('close', closed.resolve).write(answer(status, '{}'));
    }, scheme);
    const { exabits, credential } = await converse({ apiUrl: url, maxAttempts: 1 });
    await failureOf(() => exabits.check(credential));
    await closed.promise;
  });
});

describe('a creation, where the server closes the kept connection', () => {
  const created = answer(200, '{"status":true,"data":{"id":1,"token":"x"}}');

  test.each<[string, Behaviour, object[]]>([
    [
      'without saying so, gets a new one',
      (socket) => {
        socket.write(created);
        setImmediate(() => socket.end());
      },
      [],
    ],
    [
      'just as we write, is repeated under a new name',
      (socket, nth) => (nth === 1 ? socket.write(created) : socket.destroy()),
      // Exabits may have received it nevertheless.
      [{ saw: 'socket hang up', transient: true, changedNothing: false, onStaleConnection: true }],
    ],
  ])('%s', async (_what, behave, failures) => {
    const { url, requests, connections } = await serve(behave);
    const { exabits, credential } = await converse({ apiUrl: url, maxAttempts: 1 });
    await exabits.check(credential);
    const seen: unknown[] = [];
    await exabits.createApiToken(credential, (failed) => {
      if (failed) seen.push(failed.seen);
      return { name: `name-${seen.length}`, description: '' };
    });
    expect([seen, connections()]).toEqual([failures, 2]);
    expect(requests.at(-1)).toContain(`name-${failures.length}`);
  });
});

test('an answer is put together from pieces of a character', async () => {
  const body = Buffer.from('{"status":false,"message":"€"}');
  const { url } = await serve((socket) => {
    socket.write(answer(200, '', `Content-Length: ${body.length}\r\n`));
    socket.write(body.subarray(0, 28), () => setTimeout(() => socket.write(body.subarray(28)), 10));
  });
  expect((await failureAt(url)).seen.saw).toBe('HTTP 200, "€"');
});

describe('a broken answer', () => {
  const outcomes = {
    lost: [/^The connection to .* broke \(.+\)\. Check the network/, true],
    late: [/ did not answer within 0\.5 s|^No usable answer .* within 0\.5 s/, true],
    unreadable: [/ began to answer, but not in a way that can be read \(\S.*\)\./, false],
    refused: [/^\S+ refused the API token \(HTTP 401\)/, false],
  } as const;
  const ends = {
    cut: (socket: Parameters<Behaviour>[0]) => socket.destroy(),
    stops: () => {},
    endless: (socket: Parameters<Behaviour>[0]) => {
      const timer = setInterval(() => socket.write('{'), 10);
      socket.on('close', () => clearInterval(timer));
    },
  };
  const badChunk = answer(200, 'zz\r\n', 'Transfer-Encoding: chunked\r\n');
  const half = (status: number) => answer(status, '{', 'Content-Length: 99\r\n');
  const manyHeaders = answer(401, '', `X: ${'x'.repeat(20_000)}\r\n`);

  const cases: [string, string, keyof typeof ends, keyof typeof outcomes][] = [
    ['without a byte', '', 'cut', 'lost'],
    ['that never begins', '', 'stops', 'late'],
    ['cut in its headers', 'HTTP/1.1 401 No\r\nConte', 'cut', 'unreadable'],
    ['that stops in its headers', 'HTTP/1.1 401 No\r\nConte', 'stops', 'unreadable'],
    ['cut after an interim answer', 'HTTP/1.1 103 Hints\r\n\r\n', 'cut', 'unreadable'],
    ['with 20 kB of headers', manyHeaders, 'cut', 'unreadable'],
    ['that is not HTTP', '220 mail.example ESMTP\r\n', 'cut', 'unreadable'],
    ['that refuses, and is cut', half(401), 'cut', 'refused'],
    ['that refuses, and stops', half(401), 'stops', 'refused'],
    ['that refuses, and is endless', answer(401, '', ''), 'endless', 'refused'],
    ['that refuses, and is too large', answer(401, 'x'.repeat(2 ** 20 + 1)), 'cut', 'refused'],
    ['that succeeds, and is cut', half(200), 'cut', 'lost'],
    ['that succeeds, and is badly chunked', badChunk, 'cut', 'unreadable'],
    ['that succeeds, and stops', half(200), 'stops', 'unreadable'],
  ];

  describe.each<[Scheme, typeof cases]>([
    ['http', cases],
    ['https', cases.filter(([, , end]) => end === 'cut')],
  ])('over %s', (scheme, ofScheme) =>
    test.each(ofScheme)('%s', async (_what, bytes, end, outcome) => {
      const closed = Promise.withResolvers<void>();
      const behave = writes(bytes, ends[end]);
      const { url, requests } = await serve((socket, nth) => {
        socket.once('close', closed.resolve);
        behave(socket, nth);
      }, scheme);
      const failure = await failureAt(url, 500);
      const [message, transient] = outcomes[outcome];
      expect(failure.message).toMatch(message);
      expect(failure.seen).toMatchObject({ transient, changedNothing: false });
      expect(requests).toHaveLength(1);
      await closed.promise;
    }),
  );

  test('has more than 1 MiB', async () => {
    const padded = '{"status":true,"data":"€"}'.padEnd(2 ** 20 - 1);
    const { url } = await serve(writes(answer(200, padded, `Content-Length: ${2 ** 20 + 1}\r\n`)));
    await expect(failureAt(url)).rejects.toThrow(
      'The answer to GET /billing/balance is larger than 1 MiB, which no answer from Exabits is. Check the address of the API.',
    );
  });

  test('has more than 1 MiB, and does not say how much', async () => {
    const endless = answer(200, ' '.repeat(2 ** 20 + 1), '');
    const { url } = await serve(writes(endless, (socket) => socket.end()));
    await expect(failureAt(url)).rejects.toThrow('is larger than 1 MiB');
  });

  test('is not one of exactly 1 MiB', async () => {
    const { url } = await serve(writes(answer(200, '{"status":true}'.padEnd(2 ** 20))));
    const { exabits, credential } = await converse({ apiUrl: url });
    await expect(exabits.check(credential)).resolves.toBeUndefined();
  });
});
