import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { parseEndpoint } from '../../src/endpoint.ts';
import type { Lost, Outcome, Request } from '../../src/exabits/exchange.ts';
import { RequestFailure } from '../../src/exabits/request-failure.ts';
import { skipWaits } from './support/clock.ts';
import { failureOf } from './support/failure.ts';
import { no, yes } from './support/samples.ts';

const clock = skipWaits();
const { nameOf } = await import('../../src/exabits/exchange.ts');

/** What becomes of the next requests. */
const outcomes: ((limitMs: number) => Outcome)[] = [];
/** The requests, and the time limits of their tries. */
const sent: { request: Request; limitMs: number }[] = [];

jest.unstable_mockModule('../../src/exabits/exchange.ts', () => ({
  nameOf,
  createExchange: (baseUrl: string) => async (request: Request, limitMs: number) => {
    expect(baseUrl).toBe('https://api.example/api/v1');
    sent.push({ request, limitMs });
    const outcome = outcomes.shift();
    if (!outcome) throw new Error('An unexpected request');
    return outcome(limitMs);
  },
}));
const { createSend } = await import('../../src/exabits/send.ts');

beforeEach(() => {
  for (const list of [outcomes, sent, clock.waits]) list.length = 0;
  jest.spyOn(Math, 'random').mockReturnValue(0.5);
});

const answer =
  (status: number, body: object, headers = {}) =>
  (): Outcome => ({
    answer: { status, headers, body: JSON.stringify(body) },
  });
const succeeds = answer(200, yes('data'));
const isDown = answer(503, no('down'));
const isLost = (lost: Partial<Lost>) => (): Outcome => ({
  lost: {
    error: new Error('reset'),
    wasSent: true,
    isFinal: false,
    onStaleConnection: false,
    proxy: undefined,
    ...lost,
  },
});
const hangs = (limitMs: number): Outcome => {
  clock.skip(limitMs);
  return isLost({ error: undefined })();
};
const asksToWait = (status: number, retryAfter: string) =>
  answer(status, no('slow down'), { 'retry-after': retryAfter });

const request: Request = { method: 'GET', path: '/x?limit=1' };

/** Starts a conversation. Its function tries a request whose tries end so, and its lines are those about retries. */
function start({ timeoutMs = 60_000, maxAttempts = 5 } = {}) {
  const lines: string[] = [];
  const conversation = { endpoint: parseEndpoint('https://api.example'), timeoutMs, maxAttempts };
  const send = createSend(
    conversation,
    (text) => text,
    (line) => lines.push(line),
  );
  return {
    lines,
    send: (...next: typeof outcomes) => {
      outcomes.push(...next);
      return send(() => request);
    },
  };
}

describe('another try follows', () => {
  test.each<[string, (typeof outcomes)[number], string]>([
    ['a temporary answer', isDown, 'HTTP 503, "down"'],
    ['a broken connection', isLost({}), 'reset'],
    ['no answer', hangs, 'no answer'],
  ])('%s, and the log says so', async (_what, outcome, saw) => {
    const { send, lines } = start();
    expect(await send(outcome, succeeds)).toMatchObject({ data: 'data' });
    expect(lines).toEqual([`Try 1 of 5 failed (GET /x: ${saw}). Trying again in 0.5 s.`]);
    expect(clock.waits).toEqual([500]);
  });

  test('with a request that knows how the try before it failed', async () => {
    const failures: unknown[] = [];
    outcomes.push(isDown, isLost({}), succeeds);
    const send = createSend(
      { endpoint: parseEndpoint('https://api.example'), timeoutMs: 60_000, maxAttempts: 3 },
      (text) => `<${text}>`,
      () => {},
    );
    await send((failed) => {
      failures.push(failed?.seen.saw);
      return { method: 'GET', path: `/${failures.length}` };
    });
    expect(failures).toEqual([undefined, 'HTTP 503, "<down>"', '<reset>']);
    expect(sent.map((one) => one.request.path)).toEqual(['/1', '/2', '/3']);
  });

  test('after longer and longer waits', async () => {
    const { send, lines } = start({ timeoutMs: 3_600_000 });
    await send(isDown, isDown, isDown, isDown, succeeds);
    expect(clock.waits).toEqual([500, 1000, 2000, 4000]);
    expect(lines[3]).toMatch(/^Try 4 of 5 failed .* again in 4 s\.$/);
  });

  test('at once, and not counted, if the kept connection was closed already', async () => {
    const { send, lines } = start({ maxAttempts: 1 });
    await send(isLost({ onStaleConnection: true }), succeeds);
    expect([sent.length, lines, clock.waits]).toEqual([2, [], []]);
  });

  test.each([
    [503, 0.5, 7500],
    [408, 0.5, 7500],
    [429, 0.5, 9500],
    [429, 0, 7000],
  ])('when the server wants it: HTTP %i', async (status, random, waitMs) => {
    jest.mocked(Math.random).mockReturnValue(random);
    await start().send(asksToWait(status, '7'), succeeds);
    expect(clock.waits).toEqual([waitMs]);
  });
});

describe('the first outcome is final', () => {
  test.each<[string, (typeof outcomes)[number], RegExp]>([
    ['if it is a refusal', answer(401, no('never')), /^Exabits refused GET \/x \(HTTP 401/],
    ['if it has the wrong form', answer(200, []), /envelope/],
    ['if an answer began, but broke', isLost({ isFinal: true }), /^api\.example began to answer/],
    [
      'if it cannot be sent',
      () => {
        throw new Error('no proxy');
      },
      /^no proxy$/,
    ],
  ])('%s', async (_what, outcome, message) => {
    await expect(start().send(outcome, succeeds)).rejects.toThrow(message);
    expect(sent).toHaveLength(1);
  });

  test('if there is no further request', async () => {
    const send = createSend(
      { endpoint: parseEndpoint('https://api.example'), timeoutMs: 60_000, maxAttempts: 5 },
      String,
      () => {},
    );
    outcomes.push(isDown);
    await expect(
      send((failed) => {
        if (failed) throw new Error('not again');
        return request;
      }),
    ).rejects.toThrow('not again');
  });
});

describe('the number of tries', () => {
  test.each([
    [1, 'Exabits cannot answer now (HTTP 503, "down"). Run the job again later.'],
    [2, 'After 2 tries: Exabits cannot answer now (HTTP 503, "down"). Run the job again later.'],
    [7, 'After 7 tries: Exabits cannot answer now (HTTP 503, "down"). Run the job again later.'],
  ])('is limited to %i', async (maxAttempts, message) => {
    const { send } = start({ maxAttempts, timeoutMs: 3_600_000 });
    const failure = await failureOf(() => send(...Array(maxAttempts).fill(isDown)));
    expect(failure.message).toBe(message);
    expect(failure).toBeInstanceOf(RequestFailure);
    expect(failure).toMatchObject({ seen: { status: 503, enveloped: true, changedNothing: false } });
    expect(failure.cause === undefined).toBe(maxAttempts === 1);
  });

  test('is limited for each request', async () => {
    const { send } = start({ maxAttempts: 2 });
    await send(isDown, succeeds);
    await expect(send(isDown, succeeds)).resolves.toBeDefined();
  });
});

describe('the deadline', () => {
  const advice = 'Raise the input "timeout-seconds", or check the network between the runner and Exabits.';

  test('covers all tries, and the message counts them', async () => {
    jest.mocked(Math.random).mockReturnValue(0);
    const failure = await failureOf(() => start().send(hangs, hangs, hangs));
    expect(failure.message).toBe(
      `No usable answer from api.example within 60 s (3 tries; last error: no answer). ${advice}`,
    );
    expect(failure).toMatchObject({
      seen: { saw: 'no answer', transient: true },
      cause: { problem: 'api.example did not answer within 20 s.' },
    });
  });

  test('covers all requests, and starts with the conversation', async () => {
    const { send } = start({ timeoutMs: 20_000 });
    await send((limitMs) => {
      clock.skip(limitMs);
      return succeeds();
    });
    clock.skip(10_000);
    const failure = await failureOf(() => send(hangs));
    expect(failure.message).toBe(
      `No usable answer from api.example within 20 s (1 try; last error: no answer). ${advice}`,
    );
    expect(sent[1]?.limitMs).toBe(0);
  });

  test.each([
    [40_000, 13_334],
    [60_000, 20_000],
    [15_000, 10_000],
    [5000, 5000],
  ])('leaves a try that hangs a third of %i ms, but at least ten seconds: %i', async (timeoutMs, limitMs) => {
    await start({ timeoutMs }).send(succeeds);
    expect(sent[0]?.limitMs).toBe(limitMs);
  });

  test('limits the last try to what is left', async () => {
    await start({ timeoutMs: 15_000 }).send(hangs, succeeds);
    expect(sent[1]?.limitMs).toBe(4500);
  });

  test.each(['60', '61'])('ends the step at once if the server asks to wait %s s', async (retryAfter) => {
    const failure = await failureOf(() => start().send(asksToWait(429, retryAfter)));
    expect(failure.message).toBe(
      `api.example asks to wait ${retryAfter} s before the next try (1 try; last error: HTTP 429, "slow down"), and 60 s are left. Raise the input "timeout-seconds", or run fewer jobs at the same time.`,
    );
    expect(failure).toMatchObject({ seen: { changedNothing: true } });
    expect(clock.waits).toEqual([]);
  });

  test('says more than the number of tries', async () => {
    const failure = await failureOf(() => start({ maxAttempts: 1, timeoutMs: 9000 }).send(hangs));
    expect(failure.message).toMatch(/^No usable answer/);
    const later = await failureOf(() =>
      start({ maxAttempts: 1, timeoutMs: 9000 }).send(asksToWait(503, '9')),
    );
    expect(later.message).toMatch(/^api\.example asks to wait 9 s/);
  });

  test('does not move when the system clock is set', async () => {
    const { send } = start();
    jest.spyOn(Date, 'now').mockReturnValue(0);
    await send(succeeds);
    jest.mocked(Date.now).mockRestore();
    expect(sent[0]?.limitMs).toBe(20_000);
  });
});
