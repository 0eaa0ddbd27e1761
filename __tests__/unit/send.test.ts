import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { parseEndpoint } from '../../src/endpoint.ts';
import type { Lost, Outcome, Request } from '../../src/exabits/exchange.ts';
import type { NextTry } from '../../src/exabits/send.ts';
import { skipWaits } from './support/clock.ts';
import { failureOf } from './support/failure.ts';
import { no, yes } from './support/samples.ts';

type Try = (limitMs: number) => Outcome;

const clock = skipWaits();
const { nameOf } = await import('../../src/exabits/exchange.ts');
/** What becomes of the next tries. */
const outcomes: Try[] = [];
/** The tries, as paths and time limits. */
const sent: [path: string, limitMs: number][] = [];

jest.unstable_mockModule('../../src/exabits/exchange.ts', () => ({
  nameOf,
  createExchange: (baseUrl: string) => async (request: Request, limitMs: number) => {
    expect(baseUrl).toBe('https://api.example/api/v1');
    sent.push([request.path, limitMs]);
    return outcomes.shift()?.(limitMs);
  },
}));
const { createSend } = await import('../../src/exabits/send.ts');

beforeEach(() => {
  for (const list of [outcomes, sent, clock.waits]) list.length = 0;
  jest.spyOn(Math, 'random').mockReturnValue(0.5);
});

function answer(status: number, body: object, headers = {}): Try {
  return () => ({ answer: { status, headers, body: JSON.stringify(body) } });
}

function isLost(more: Partial<Lost>): Try {
  const lost = { wasSent: true, isFinal: false, onStaleConnection: false, proxy: undefined };
  return () => ({ lost: { error: new Error('reset'), ...lost, ...more } });
}

const succeeds = answer(200, yes('data'));
const isDown = answer(503, no('down'));
const asksToWait = (status: number, s: string) => answer(status, no('slow down'), { 'retry-after': s });
const hangs: Try = (limitMs) => {
  clock.skip(limitMs);
  return isLost({ error: undefined })(limitMs);
};
const cannotBeSent: Try = () => {
  throw new Error('no proxy');
};

/** Starts a conversation. `send` makes a request whose tries end so; `lines` are those about retries. */
function start({ timeoutMs = 60_000, maxAttempts = 5 } = {}) {
  const lines: string[] = [];
  const conversation = { endpoint: parseEndpoint('https://api.example'), timeoutMs, maxAttempts };
  const redact = (text: string) => `<${text}>`;
  const send = createSend(conversation, redact, (line) => lines.push(line));
  const tryAll = (tries: Try[], next: NextTry = () => ({ method: 'GET', path: '/x?limit=1' })) => {
    outcomes.push(...tries);
    return send(next);
  };
  return { lines, tryAll, send: (...tries: Try[]) => tryAll(tries) };
}

describe('another try follows', () => {
  test.each<[string, Try, string]>([
    ['a temporary answer', isDown, 'HTTP 503, "<down>"'],
    ['a broken connection', isLost({}), '<reset>'],
    ['no answer', hangs, 'no answer'],
  ])('%s, and the log says so', async (_what, outcome, saw) => {
    const { send, lines } = start();
    expect(await send(outcome, succeeds)).toMatchObject({ data: 'data' });
    expect(lines).toEqual([`Try 1 of 5 failed (GET /x: ${saw}). Trying again in 0.5 s.`]);
    expect(clock.waits).toEqual([500]);
  });

  test('unless its request, made from the failure of the try before, cannot be made', async () => {
    const failures: unknown[] = [];
    const next: NextTry = (failed) => {
      if (failures.push(failed?.seen.saw) === 3) throw new Error('not again');
      return { method: 'GET', path: `/${failures.length}` };
    };
    await expect(start().tryAll([isDown, isLost({})], next)).rejects.toThrow('not again');
    expect(failures).toEqual([undefined, 'HTTP 503, "<down>"', '<reset>']);
    expect(sent.map(([path]) => path)).toEqual(['/1', '/2']);
  });

  test('after longer and longer waits', async () => {
    const { send, lines } = start();
    await send(isDown, isDown, succeeds);
    expect(clock.waits).toEqual([500, 1000]);
    expect(lines[1]).toMatch(/^Try 2 of 5 failed .* again in 1 s\.$/);
  });

  test('at once, and not counted, if the kept connection was closed already', async () => {
    const { send, lines } = start({ maxAttempts: 1 });
    await send(isLost({ onStaleConnection: true }), succeeds);
    expect([sent.length, lines, clock.waits]).toEqual([2, [], []]);
  });

  test.each([
    [503, 7500],
    [429, 9500],
  ])('when the server wants it: HTTP %i', async (status, waitMs) => {
    await start().send(asksToWait(status, '7'), succeeds);
    expect(clock.waits).toEqual([waitMs]);
  });
});

test.each<[string, Try, RegExp]>([
  ['a refusal', answer(401, no('never')), /^Exabits refused GET \/x \(HTTP 401/],
  ['an answer of the wrong form', answer(200, []), /envelope/],
  ['an answer that began, but broke', isLost({ isFinal: true }), /^api\.example began to answer/],
  ['a request that cannot be sent', cannotBeSent, /^no proxy$/],
])('%s is final', async (_what, outcome, message) => {
  await expect(start().send(outcome, succeeds)).rejects.toThrow(message);
  expect(sent).toHaveLength(1);
});

test('a proxy that refuses its password is not asked again, not even for another request', async () => {
  const { send } = start();
  const error = Object.assign(new Error('tunnel'), { code: 'ERR_PROXY_TUNNEL', statusCode: 407 });
  const refused = isLost({ error, wasSent: false, proxy: new URL('http://proxy.example') });
  const first = await failureOf(() => send(refused));
  expect(await failureOf(() => send(succeeds))).toBe(first);
  expect(sent).toHaveLength(1);
});

describe('the number of tries', () => {
  test.each([
    [1, ''],
    [3, 'After 3 tries: '],
  ])('is limited to %i', async (maxAttempts, prefix) => {
    const { send } = start({ maxAttempts });
    const failure = await failureOf(() => send(...Array(maxAttempts).fill(isDown)));
    expect(failure.message).toBe(
      `${prefix}Exabits cannot answer now (HTTP 503, "<down>"). Run the job again later.`,
    );
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
  const noAnswer = (s: number, tries: string) =>
    `No usable answer from api.example within ${s} s (${tries}; last error: no answer). Raise the input "timeout-seconds", or check the network between the runner and Exabits.`;

  test('covers all tries, the message counts them, and nothing is sent after it', async () => {
    jest.mocked(Math.random).mockReturnValue(0);
    const { send } = start();
    const failure = await failureOf(() => send(hangs, hangs, hangs));
    expect(failure.message).toBe(noAnswer(60, '3 tries'));
    const cause = { problem: 'api.example did not answer within 20 s.' };
    expect(failure).toMatchObject({ seen: { saw: 'no answer', transient: true, endsAll: true }, cause });
    expect(await failureOf(() => send(succeeds))).toBe(failure);
    expect(sent).toHaveLength(3);
  });

  test('covers all requests, starts with the conversation, and matters more than the number of tries', async () => {
    const { send } = start({ timeoutMs: 20_000, maxAttempts: 1 });
    await send((limitMs) => {
      clock.skip(limitMs);
      return succeeds(limitMs);
    });
    clock.skip(10_001);
    const message = noAnswer(20, '1 try').replace('1 try; last error: no answer', 'none of it is left');
    const seen = { saw: 'no time left', transient: false, changedNothing: true, endsAll: true };
    expect(await failureOf(() => send(hangs))).toMatchObject({ message, seen });
    expect(sent).toHaveLength(1);
  });

  test('may end during a wait, and then the try before it is what is known', async () => {
    const { lines, send } = start();
    lines.push = () => {
      clock.skip(60_000);
      return 1;
    };
    const failure = await failureOf(() => send(isLost({}), succeeds));
    expect(failure).toMatchObject({ seen: { changedNothing: false, endsAll: true } });
    expect(sent).toHaveLength(1);
  });

  test.each([
    [40_000, [13_334, 13_334]],
    [15_000, [10_000, 4500]],
  ])(
    'of %i ms leaves a try that hangs a third of it, at least ten seconds, and no more than there is: %j',
    async (timeoutMs, limitsMs) => {
      await start({ timeoutMs }).send(hangs, succeeds);
      expect(sent.map(([, limitMs]) => limitMs)).toEqual(limitsMs);
    },
  );

  test('ends the step at once if the server asks to wait until then', async () => {
    const failure = await failureOf(() => start({ maxAttempts: 1 }).send(asksToWait(429, '60')));
    expect(failure.message).toBe(
      'api.example asks to wait 60 s before the next try (1 try; last error: HTTP 429, "<slow down>"), and 60 s are left. Raise the input "timeout-seconds", or run fewer jobs at the same time.',
    );
    expect(failure).toMatchObject({ seen: { changedNothing: true } });
    expect(clock.waits).toEqual([]);
  });
});
