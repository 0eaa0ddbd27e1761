import { describe, expect, test } from '@jest/globals';
import { skipWaits, stopCalendar } from './support/clock.ts';
import { converse } from './support/conversation.ts';
import { exabits, no, yes } from './support/exabits.ts';
import { failureOf } from './support/failure.ts';
import { silenceOutput } from './support/output.ts';

const clock = skipWaits();
silenceOutput();

describe('a failure has a code and a cause:', () => {
  test('a refused login', async () => {
    exabits().post('/authenticate/login').reply(401, no('bad password'));
    const { exabits: api, passwordMd5 } = await converse();
    expect(await failureOf(() => api.login('someone', passwordMd5))).toMatchObject({
      code: 'wrong-credentials',
      cause: { code: 'rejected', status: 401, saw: 'HTTP 401, "bad password"' },
    });
  });

  test('a refused credential', async () => {
    exabits().get('/billing/balance').reply(403, no('not yours'));
    const { exabits: api, credential } = await converse();
    expect(await failureOf(() => api.verify(credential))).toMatchObject({
      code: 'access-refused',
      cause: { code: 'rejected', status: 403, saw: 'HTTP 403, "not yours"' },
    });
  });

  test('a service that stays unavailable', async () => {
    exabits().get('/billing/balance').times(2).reply(503, no('later'));
    const { exabits: api, credential } = await converse({ maxAttempts: 2 });
    expect(await failureOf(() => api.verify(credential))).toMatchObject({
      code: 'unavailable',
      cause: { code: 'unavailable', message: expect.not.stringContaining('2 tries') },
    });
  });

  test('a service that is unavailable until the deadline', async () => {
    exabits()
      .get('/billing/balance')
      .reply(503, () => {
        clock.skip(60_000);
        return no('later');
      });
    const { exabits: api, credential } = await converse();
    expect(await failureOf(() => api.verify(credential))).toMatchObject({
      code: 'timed-out',
      cause: { code: 'unavailable' },
    });
  });

  test('a service that asks for too long a wait', async () => {
    stopCalendar('2026-11-24T12:00:00Z');
    exabits().get('/billing/balance').reply(503, no('later'), { 'Retry-After': '61' });
    const { exabits: api, credential } = await converse();
    expect(await failureOf(() => api.verify(credential))).toMatchObject({
      code: 'timed-out',
      cause: { code: 'unavailable' },
    });
  });
});

describe('the list of tokens', () => {
  test.each([
    ['null', { data: null }],
    ['missing', {}],
  ])('is empty if its data is %s', async (_what, data) => {
    exabits()
      .get('/api-tokens')
      .query(true)
      .reply(200, { status: true, message: 'success', ...data });
    const { exabits: api, credential } = await converse();
    expect(await api.listApiTokens(credential)).toEqual({ tokens: [], date: undefined });
  });

  test('has all entries with an id, their creation time if it is a number, and the date of the answer', async () => {
    const entries = [
      { id: 1, name: 'one', description: 'of a person', created_at: 1_700_000_000 },
      { id: 2, name: 'two', created_at: '2026-11-24' },
      { id: 3 },
      { id: 4, name: 4 },
      {},
      null,
    ];
    exabits()
      .get('/api-tokens')
      .query(true)
      .twice()
      .reply(200, yes(entries, { total: 5 }), { Date: 'Tue, 24 Nov 2026 12:00:00 GMT' });
    const { exabits: api, credential } = await converse();
    expect(await api.listApiTokens(credential)).toEqual({
      tokens: [
        { id: '1', name: 'one', description: 'of a person', createdAt: new Date('2023-11-14T22:13:20Z') },
        { id: '2', name: 'two', description: '', createdAt: undefined },
        { id: '3', name: '', description: '', createdAt: undefined },
        { id: '4', name: '', description: '', createdAt: undefined },
      ],
      date: new Date('2026-11-24T12:00:00Z'),
    });
  });
});
