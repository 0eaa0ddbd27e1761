import { beforeEach, describe, expect, test } from '@jest/globals';
import { Responder } from '../../testbed/exabits/responder.ts';
import { AWKWARD_ACCOUNT, EXAMPLE_ACCOUNT, Store } from '../../testbed/exabits/store.ts';

let store: Store;
let exabits: Responder;

beforeEach(() => {
  store = new Store([EXAMPLE_ACCOUNT, AWKWARD_ACCOUNT]);
  exabits = new Responder(store, { maxPageSize: 3 });
});

interface Answer {
  status: number;
  date: string;
  json: { status: boolean; message: string; data: unknown; total?: number };
}

/** Sends a request with an API token. */
function call(token: string, method: string, path: string, json: object = {}): Answer {
  const { pathname, searchParams } = new URL(`/api/v1/${path}`, 'http://sandbox');
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
  const body = JSON.stringify(json);
  const answer = exabits.answer({ method, path: pathname, query: searchParams, headers, body });
  const { status, headers: sent } = answer;
  return { status, date: String(sent.date), json: JSON.parse(answer.body.toString()) };
}

/** Adds tokens to an account, a second apart; the last one can be used to call. */
function seed(...names: string[]): string {
  const records = names.map((name, index) =>
    store.createApiToken(EXAMPLE_ACCOUNT, { name, createdAt: 1000 + index }),
  );
  return records.at(-1)?.token ?? '';
}

describe('The list of API tokens', () => {
  const namesOf = ({ json }: Answer): string =>
    [json.data].flat().reduce<string>((names, record) => names + Object(record).name, '');

  test.each([
    ['', 'bda'],
    ['?limit=100&offset=3&sortOrder=desc', 'db'],
    ['?offset=5', ''],
    ['?limit=2&sortField=name&sortOrder=asc', 'ab'],
    ['?limit=2&offset=1&sortField=created_at&sortOrder=asc', 'da'],
  ])('comes in pages of limited size, sorted as asked for: %s', (query, expected) => {
    const page = call(seed('b', 'd', 'a', 'e', 'c'), 'GET', `api-tokens${query}`);
    expect([namesOf(page), page.json.total]).toEqual([expected, 5]);
  });

  test.each(['limit=x', 'offset=-1', 'sortField=token', 'sortOrder=up'])('is refused for %s', (query) => {
    expect(call(seed('a'), 'GET', `api-tokens?${query}`)).toMatchObject({
      status: 400,
      json: { status: false },
    });
  });

  test('says when it was made and when each token was, by the clock of Exabits, and shows its value', () => {
    store.advance(3600);
    const token = seed('a');
    const created = call(token, 'POST', 'api-tokens', { name: 'new' });
    const { date, json } = call(token, 'GET', 'api-tokens?limit=1&sortOrder=desc');
    const { created_at: createdAt } = Object([json.data].flat()[0]);
    expect(createdAt).toBeGreaterThanOrEqual(Date.now() / 1000 + 3590);
    expect(Math.abs(Date.parse(date) / 1000 - createdAt)).toBeLessThan(10);
    expect(JSON.stringify(json)).toContain(Object(created.json.data).token);
  });
});

describe('An API token', () => {
  test('can delete itself, and is then refused', () => {
    const token = seed('a');
    const [{ id } = { id: '' }] = store.apiTokens();
    expect(call(token, 'GET', 'billing/balance').status).toBe(200);
    expect(call(token, 'DELETE', `api-tokens/${id}`).status).toBe(200);
    expect(call(token, 'GET', 'billing/balance')).toMatchObject({ status: 401, json: { status: false } });
  });

  test("cannot delete another account's token, nor one that is gone", () => {
    const token = seed('a');
    const { id } = store.createApiToken(AWKWARD_ACCOUNT, { name: 'b' });
    for (const other of [id, 'gone']) {
      const answer = call(token, 'DELETE', `api-tokens/${other}`);
      expect(answer).toMatchObject({ status: 404, json: { status: false } });
    }
    expect(store.apiTokens()).toHaveLength(2);
  });

  test.each([[{ name: 'x'.repeat(51) }], [{}], [{ name: '' }], [{ name: 'x', description: 1 }]])(
    'is not created from %j',
    (json) => {
      expect(call(seed('a'), 'POST', 'api-tokens', json).status).toBe(400);
      expect(store.apiTokens()).toHaveLength(1);
    },
  );
});
