import { readFileSync } from 'node:fs';
import { ClientRequest } from 'node:http';
import { getDefaultAutoSelectFamilyAttemptTimeout, setDefaultAutoSelectFamilyAttemptTimeout } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import type { KeyAndCertificate } from '../../testbed/exabits/certificate.ts';
import { unusedPort } from '../../testbed/exabits/local-server.ts';
import { converse } from './support/conversation.ts';
import { failureOf } from './support/failure.ts';
import { apiToken, passwordMd5 } from './support/samples.ts';
import {
  answer,
  type Behaviour,
  failureAt,
  type RawServer,
  serve,
  success,
  trustedCertificate,
} from './support/servers.ts';

let certificate: KeyAndCertificate;
beforeAll(async () => {
  certificate = await trustedCertificate();
});

type Scheme = 'http' | 'https';

async function serveAs(scheme: Scheme, behave: Behaviour): Promise<RawServer & { url: string }> {
  const server = await serve(behave, scheme === 'https' ? certificate : undefined);
  return { ...server, url: `${scheme}://127.0.0.1:${server.port}` };
}

/** Writes bytes, and then something else happens to the connection. */
function writes(bytes: string, next: (socket: Parameters<Behaviour>[0]) => void = () => {}): Behaviour {
  return (socket) => {
    // Not at once: a reset discards what is still in a buffer.
    socket.write(bytes, () => setTimeout(() => next(socket), 10));
  };
}
const resets = (bytes: string) => writes(bytes, (socket) => socket.destroy());

describe('a request', () => {
  test('has the headers and the body of its call, and says who sends it', async () => {
    // The toolkit would add it to the user agent.
    process.env.ACTIONS_ORCHESTRATION_ID = 'job-of-the-runner';
    const { url, requests, port } = await serveAs('http', writes(success));
    const { exabits, credential, password } = await converse({ apiUrl: url });
    await exabits.check(credential);
    await failureOf(() => exabits.authenticate(password));

    const { version } = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
    const [check, login] = requests.map((request) => request.split('\r\n'));
    expect(check).toEqual([
      'GET /api/v1/billing/balance HTTP/1.1',
      'Accept: application/json',
      `User-Agent: exabits-auth/${version}`,
      `Authorization: Bearer ${apiToken}`,
      `Host: 127.0.0.1:${port}`,
      'Connection: keep-alive',
      '',
      '',
    ]);
    expect(login).toEqual([
      'POST /api/v1/authenticate/login HTTP/1.1',
      'Accept: application/json',
      `User-Agent: exabits-auth/${version}`,
      'Content-Type: application/json',
      'Content-Length: 64',
      `Host: 127.0.0.1:${port}`,
      'Connection: keep-alive',
      '',
      JSON.stringify({ username: 'ada', password: passwordMd5 }),
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

  test('has no limit but its own, such as one of the socket', async () => {
    const setTimeoutOf = jest.spyOn(ClientRequest.prototype, 'setTimeout');
    await failureAt((await serveAs('http', () => {})).url, 100);
    const limits = setTimeoutOf.mock.calls.map(([ms]) => ms);
    setTimeoutOf.mockRestore();
    expect(limits).toEqual([2 ** 31 - 1]);
  });
});

describe.each<Scheme>(['http', 'https'])('over %s, a connection', (scheme) => {
  /** Makes three requests with a pause between them, each tried once. Returns how many connections that took. */
  async function connectionsOf(behave: Behaviour): Promise<number> {
    const { url, connections } = await serveAs(scheme, behave);
    const { exabits, credential, retries } = await converse({ apiUrl: url, maxAttempts: 1 });
    for (let count = 0; count < 3; count += 1) {
      await exabits.check(credential);
      await sleep(50);
    }
    expect(retries).toEqual([]);
    return connections();
  }

  test.each<[string, number, Behaviour]>([
    ['is kept after a whole success', 1, writes(success)],
    [
      'is kept after a chunked one',
      1,
      writes(answer(200, 'f\r\n{"status":true}\r\n0\r\n\r\n', 'Transfer-Encoding: chunked\r\n')),
    ],
    ['is replaced if the server closes it while idle', 3, writes(success, (socket) => socket.end())],
    [
      'is replaced if the server resets it while idle',
      3,
      writes(success, (socket) => (scheme === 'http' ? socket.resetAndDestroy() : socket.destroy())),
    ],
    ['is replaced after surplus bytes', 3, writes(`${success}surplus`)],
    [
      'is replaced if the server says more while idle',
      3,
      writes(success, (socket) => socket.write(answer(401))),
    ],
    [
      'that is closed just as the next request arrives does not cost that a try',
      3,
      (socket, nth) => (nth === 1 ? socket.write(success) : socket.destroy()),
    ],
  ])('%s', async (_what, connections, behave) => {
    expect(await connectionsOf(behave)).toBe(connections);
  });

  test.each([201, 299])('is kept after HTTP %i', async (status) => {
    expect(await connectionsOf(writes(answer(status, '{"status":true}')))).toBe(1);
  });

  test.each([300, 401, 503])('is not kept after HTTP %i', async (status) => {
    const { url, connections } = await serveAs(scheme, writes(answer(status, '{}')));
    const { exabits, credential } = await converse({ apiUrl: url, maxAttempts: 1 });
    await failureOf(() => exabits.check(credential));
    await failureOf(() => exabits.check(credential));
    expect(connections()).toBe(2);
  });
});

test('a creation is repeated under a new name if the kept connection was closed', async () => {
  const { url, requests } = await serveAs('http', (socket, nth, connection) => {
    if (nth === 1 && connection === 1) socket.write(success);
    else if (connection === 1) socket.destroy();
    else socket.write(answer(200, '{"status":true,"data":{"id":"tok-1","token":"exa-1"}}'));
  });
  const { exabits, credential } = await converse({ apiUrl: url, maxAttempts: 1 });
  await exabits.check(credential);
  const seen: unknown[] = [];
  await exabits.createApiToken(credential, (failed) => {
    seen.push(failed?.seen);
    return { name: `name-${seen.length}`, description: '' };
  });
  expect(seen).toEqual([
    undefined,
    // Exabits may have received it nevertheless.
    { saw: 'socket hang up', transient: true, changedNothing: false, onStaleConnection: true },
  ]);
  expect(requests.slice(1).map((text) => JSON.parse(text.split('\r\n\r\n')[1] ?? '').name)).toEqual([
    'name-1',
    'name-2',
  ]);
});

test('a new connection that breaks costs a try', async () => {
  const { url, requests } = await serveAs('http', resets(''));
  expect((await failureAt(url)).seen.onStaleConnection).toBe(false);
  expect(requests).toHaveLength(1);
});

describe('a broken answer', () => {
  const chunked = 'Transfer-Encoding: chunked\r\n';
  const long = 'Content-Length: 99\r\n';
  const unreadable = (what: string) =>
    new RegExp(
      `^127.0.0.1:\\d+ began to answer, but not in a way that can be read \\(${what}\\)\\. Check the address, and whether something else`,
    );
  const lost = /^The connection to 127.0.0.1:\d+ broke \(.+\)\./;
  const refused = /^Exabits refused the API token \(HTTP 401\)/;
  const endless: Behaviour = (socket) => {
    socket.write(answer(401, '', ''));
    const timer = setInterval(() => socket.write('{'), 10);
    socket.on('close', () => clearInterval(timer));
  };

  describe.each<Scheme>(['http', 'https'])('over %s', (scheme) => {
    test.each<[string, Behaviour, boolean, RegExp]>([
      ['without a byte', resets(''), true, lost],
      ['that never begins', () => {}, true, /did not answer within 0\.2 s|No usable answer .* within 0\.2 s/],
      ['cut in its status line', resets('HTTP/1.'), false, unreadable('socket hang up')],
      ['cut in its headers', resets('HTTP/1.1 401 No\r\nConte'), false, unreadable('socket hang up')],
      [
        'that stops in its headers',
        writes('HTTP/1.1 401 No\r\nConte'),
        false,
        unreadable('no end within 0.2 s'),
      ],
      [
        'cut after an interim answer',
        resets('HTTP/1.1 103 Hints\r\n\r\n'),
        false,
        unreadable('socket hang up'),
      ],
      [
        'with 20 kB of headers',
        writes(answer(401, '', `X: ${'x'.repeat(20_000)}\r\n`)),
        false,
        unreadable('Parse Error: Header overflow'),
      ],
      ['that is not HTTP', writes('220 mail.example ESMTP\r\n'), false, unreadable('Parse Error: .+')],
      ['that refuses, and is cut', resets(answer(401, '{', long)), false, refused],
      ['that refuses, and is badly chunked', writes(answer(401, 'zz\r\n', chunked)), false, refused],
      ['that refuses, and stops', writes(answer(401, '{', long)), false, refused],
      ['that refuses, and is endless', endless, false, refused],
      ['that refuses, and is too large', writes(answer(401, 'x'.repeat(2 ** 20 + 1))), false, refused],
      ['that succeeds, and is cut', resets(answer(200, '{', long)), true, lost],
      [
        'that succeeds, and is badly chunked',
        writes(answer(200, 'zz\r\n', chunked)),
        false,
        unreadable('Parse Error: .+'),
      ],
      ['that succeeds, and stops', writes(answer(200, '{', long)), false, unreadable('no end within 0.2 s')],
    ])('%s', async (_what, behave, transient, message) => {
      const { url, requests } = await serveAs(scheme, behave);
      const failure = await failureAt(url, 200);
      expect(failure.message).toMatch(message);
      expect(failure.seen).toMatchObject({ transient, changedNothing: false });
      expect(requests).toHaveLength(1);
    });
  });

  test.each([
    [2 ** 20 + 1, '{"status":true}'],
    [2 ** 20 + 1, '{"status":true, "data": "€"}'],
  ])('is one of more than 1 MiB (%#)', async (size, json) => {
    const body = json.padEnd(size - Buffer.byteLength(json) + json.length);
    const headers = `Content-Length: ${size}\r\n`;
    const { url } = await serveAs('http', writes(answer(200, body, headers)));
    await expect(failureAt(url)).rejects.toThrow(
      'The answer to GET /billing/balance is larger than 1 MiB, which no answer from Exabits is. Check the address of the API.',
    );
  });

  test('is not one of exactly 1 MiB', async () => {
    const { url } = await serveAs('http', writes(answer(200, '{"status":true}'.padEnd(2 ** 20))));
    const { exabits, credential } = await converse({ apiUrl: url });
    await expect(exabits.check(credential)).resolves.toBeUndefined();
  });

  test('leaves no connection behind', async () => {
    let closed = 0;
    const { url } = await serveAs('http', (socket) => {
      socket.once('close', () => (closed += 1));
      socket.write(answer(200, '{', long));
    });
    await failureAt(url, 100);
    await sleep(50);
    expect(closed).toBe(1);
  });
});
