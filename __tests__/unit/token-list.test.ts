import { describe, expect, test } from '@jest/globals';
import { toApiToken } from '../../src/credentials.ts';
import type { Envelope } from '../../src/exabits/envelope.ts';
import { readId, readTokenList } from '../../src/exabits/token-list.ts';
import type { Masked } from '../../src/secrets.ts';

const credential = toApiToken('token' as Masked);
const date = new Date('2026-11-24T12:00:00Z');
const now = date.getTime() / 1000;

type Page = Partial<Envelope>;

/** Reads a list from a server that answers so, and notes the offsets that it was asked for. */
async function read(pageAt: (offset: number) => Page, isEnough?: Parameters<typeof readTokenList>[2]) {
  const offsets: number[] = [];
  const list = await readTokenList(
    async (as, path) => {
      expect(as).toBe(credential);
      const [, offset] =
        /^\/api-tokens\?limit=100&offset=(\d+)&sortField=created_at&sortOrder=desc$/.exec(path) ?? [];
      offsets.push(Number(offset));
      return { data: undefined, total: undefined, date: undefined, ...pageAt(Number(offset)) };
    },
    credential,
    isEnough,
  );
  return { ...list, ids: list.tokens.map(({ id }) => Number(id)), offsets };
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index + 1);

/** Serves so many tokens, newest first, in pages of at most `size`. */
function serve(count: number, size = 100, more: Page = {}): (offset: number) => Page {
  const entries = numbers(count).map((id) => ({ id, created_at: now - id }));
  return (offset) => ({ data: entries.slice(offset, offset + size), total: count, ...more });
}

describe('the list of tokens', () => {
  test.each([
    ['no token', 0, [0]],
    ['five', 5, [0, 4]],
    ['several pages', 250, [0, 80, 160, 232]],
  ])('is read page by page until one brings nothing new: %s', async (_what, count, offsets) => {
    const list = await read(serve(count));
    expect(list.ids).toEqual(numbers(count));
    expect(list.offsets).toEqual(offsets);
  });

  test('may come in shorter pages than requested, with a total for each', async () => {
    expect((await read(serve(100, 30, { total: 30 }))).ids).toEqual(numbers(100));
  });

  test('may move up while it is read, because other jobs delete tokens', async () => {
    const list = serve(150);
    const { ids } = await read((offset) => (offset === 0 ? list(0) : { ...list(offset + 20), total: 130 }));
    expect(ids).toEqual(numbers(150));
  });

  test('is empty if its data is null', async () => {
    expect(await read(() => ({ data: null, date }))).toMatchObject({ tokens: [], date });
  });

  test('has what is known about each entry with an id, and the date of the last page', async () => {
    const data: unknown[] = [
      { id: 1, name: 'one', description: 'of a person', created_at: now },
      { id: '2', name: 'two', created_at: '2026-11-24' },
      { id: 3, name: 4, description: null },
      ...[{}, null, { id: null }, { id: 'a b', name: 5 }, 'x', [1]],
    ];
    expect((await read(() => ({ data, date }))).tokens).toEqual([
      { id: '1', name: 'one', description: 'of a person', createdAt: date },
      { id: '2', name: 'two', description: '', createdAt: undefined },
      { id: '3', name: '', description: '', createdAt: undefined },
    ]);
    const { date: last } = await read((offset) => ({ ...serve(3)(offset), ...(offset > 0 && { date }) }));
    expect(last).toBe(date);
  });

  test.each([
    [1e9 + 1, '2001-09-09T01:46:41.000Z'],
    [1e11 - 1, '5138-11-16T09:46:39.000Z'],
    // Nothing that tells an age: no time, milliseconds, text.
    ...[1e9, 1e11, '1700000000'].map((seconds) => [seconds, undefined] as const),
  ])('has a time only if it can be one in Unix seconds: %j', async (created_at, time) => {
    const { tokens } = await read(() => ({ data: [{ id: 1, created_at }] }));
    expect(tokens[0]?.createdAt?.toISOString()).toBe(time);
  });

  const promise = 'The answer to GET /api-tokens is not what the Exabits API promises:';

  test.each<[string, Page, string]>([
    ['is an object', { data: {} }, 'its "data" is not a list'],
    ['has a name without an id', { data: [{ name: 'x' }] }, 'the "id" of an entry is not an identifier'],
    ['ends before its total', { data: [{ id: 1 }], total: 2 }, 'it ends before its "total"'],
  ])('fails if it %s', async (_what, page, defect) => {
    await expect(read(() => page)).rejects.toThrow(`${promise} ${defect}.`);
  });

  test('is whole where it ends at its total, which may count entries that cannot be read', async () => {
    expect((await read(() => ({ data: [{ id: 1 }, 'x'], total: 2 }))).ids).toEqual([1]);
  });

  test('fails if it does not end after 1,000 pages', async () => {
    let pages = 0;
    const endless = (offset: number) => {
      pages += 1;
      return { data: [{ id: offset + 1 }] };
    };
    await expect(read(endless)).rejects.toThrow(`${promise} it goes on after 1000 pages.`);
    expect(pages).toBe(1000);
  });
});

describe('the reading ends early if that is enough', () => {
  test('which is known from all tokens so far and the date', async () => {
    const seen: unknown[] = [];
    const { ids, offsets } = await read(serve(250, 100, { date }), (tokens, at) => {
      seen.push(`${tokens.length} at ${at?.toISOString()}`);
      return tokens.length > 100;
    });
    expect(seen).toEqual(['100 at 2026-11-24T12:00:00.000Z', '180 at 2026-11-24T12:00:00.000Z']);
    expect([ids, offsets]).toEqual([numbers(180), [0, 80]]);
  });

  test.each([
    ['newest first', [now, now - 1], 1],
    ['of the same time', [now, now], 1],
    ['in another order', [now, now + 1], 2],
    ['first without a time', [undefined, now], 2],
    ['last without a time', [now, undefined], 2],
  ])('and the list is in order: %s', async (_what, times, pages) => {
    const data = times.map((time, id) => ({ id, created_at: time }));
    const page = () => ({ data });
    expect((await read(page, () => true)).offsets).toHaveLength(pages);
  });
});

const noIds = ['x'.repeat(129), '', '-rf', '../x', 'x\ny', 1.5, 2 ** 53, null, [7]];

test.each<[unknown, string | undefined]>([
  [7, '7'],
  ['a:b.c_d-1', 'a:b.c_d-1'],
  ['x'.repeat(128), 'x'.repeat(128)],
  ...noIds.map((id): [unknown, undefined] => [id, undefined]),
])('an id can go into a URL and a command: %j', (id, text) => {
  expect(readId(id)).toBe(text);
});
