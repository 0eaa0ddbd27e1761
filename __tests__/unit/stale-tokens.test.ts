import { beforeEach, describe, expect, test } from '@jest/globals';
import { skipWaits, stopCalendar } from './support/clock.ts';
import { ephemeralToken, exabits, jwtUntil, loginInputs, no, yes } from './support/exabits.ts';
import { Job, type Step } from './support/job.ts';

const hour = 3600;
const now = Date.parse('2026-11-24T12:00:00Z') / 1000;
/** A little more than the default of 168 hours. */
const old = now - 168 * hour - 1;

const clock = skipWaits();

beforeEach(() => stopCalendar('2026-11-24T12:00:00Z'));

interface Listed {
  id?: unknown;
  name?: unknown;
  created_at?: unknown;
}

/** A job whose main step made a token, and whose post step is still to come. */
async function jobWithToken(
  inputs: Record<string, string> = {},
): Promise<{ job: Job; main: Step; name: string }> {
  exabits()
    .post('/authenticate/login')
    .reply(200, yes({ access_token: jwtUntil('2026-11-24T12:30:00Z'), refresh_token: 'refresh-token' }));
  let name = '';
  exabits()
    .post('/api-tokens', (body) => {
      name = body.name;
      return true;
    })
    .reply(200, yes({ id: 'own', token: ephemeralToken }));
  const job = new Job();
  const main = await job.main({ ...loginInputs, 'ephemeral-api-token': 'true', ...inputs });
  return { job, main, name };
}

function prepareList(tokens: unknown): void {
  const total = Array.isArray(tokens) ? { total: tokens.length } : {};
  exabits()
    .matchHeader('authorization', `Bearer ${ephemeralToken}`)
    .get('/api-tokens')
    .query({ limit: 100, offset: 0 })
    .reply(200, yes(tokens, total));
}

/** Lets tokens be deleted, and notes in which order they are. */
function prepareDeletions(...ids: string[]): string[] {
  const deleted: string[] = [];
  for (const id of ids) {
    exabits()
      .matchHeader('authorization', `Bearer ${ephemeralToken}`)
      .delete(`/api-tokens/${id}`)
      .reply(200, () => {
        deleted.push(id);
        return yes();
      });
  }
  return deleted;
}

describe('tokens that earlier jobs left', () => {
  test('are deleted by the post step, the own one last', async () => {
    const { job, main, name } = await jobWithToken();
    prepareList([
      { id: 1, name: 'gha-111-1-0a1b2c3d', created_at: old },
      { id: 'own', name, created_at: now },
      { id: 2, name: 'gha-222-13-ffffffff', created_at: 0 },
    ]);
    const deleted = prepareDeletions('1', '2', 'own');
    const post = await job.post(main);
    expect(deleted).toEqual(['1', '2', 'own']);
    expect(post.log.split('\n').slice(1)).toEqual([
      `Deleted the API token ${name}.`,
      'Deleted what earlier jobs had left: gha-111-1-0a1b2c3d, gha-222-13-ffffffff.',
    ]);
  });

  test('are looked for without a word where there are none', async () => {
    const { job, main, name } = await jobWithToken();
    prepareList([{ id: 'own', name, created_at: now }]);
    prepareDeletions('own');
    const post = await job.post(main);
    expect(post.log.split('\n').slice(1)).toEqual([`Deleted the API token ${name}.`]);
  });

  test('may be none at all, in whatever way a server says so', async () => {
    for (const list of [[], null]) {
      const { job, main, name } = await jobWithToken();
      prepareList(list);
      prepareDeletions('own');
      expect((await job.post(main)).log).toMatch(new RegExp(`\\nDeleted the API token ${name}\\.$`));
    }
  });

  test('are left alone while a job may still need them', async () => {
    const { job, main } = await jobWithToken();
    prepareList([
      { id: 'young', name: 'gha-111-1-0a1b2c3d', created_at: now - 167 * hour },
      { id: 'just', name: 'gha-111-1-0a1b2c3e', created_at: now - 168 * hour },
      { id: 'from-tomorrow', name: 'gha-111-1-0a1b2c3f', created_at: now + 24 * hour },
    ]);
    expect(prepareDeletions('own')).toEqual([]);
    expect((await job.post(main)).log).not.toContain('earlier jobs');
  });

  test('are older than stale-token-hours says', async () => {
    const { job, main } = await jobWithToken({ 'stale-token-hours': '2' });
    prepareList([
      { id: 'young', name: 'gha-111-1-0a1b2c3d', created_at: now - hour },
      { id: 'old', name: 'gha-111-1-0a1b2c3e', created_at: now - 2 * hour - 1 },
    ]);
    const deleted = prepareDeletions('old', 'own');
    await job.post(main);
    expect(deleted).toEqual(['old', 'own']);
  });

  test('are left alone with stale-token-hours: 0', async () => {
    const { job, main } = await jobWithToken({ 'stale-token-hours': '0' });
    prepareList([{ id: 1, name: 'gha-111-1-0a1b2c3d', created_at: 0 }]);
    const deleted = prepareDeletions('own');
    expect((await job.post(main)).log).not.toContain('earlier jobs');
    expect(deleted).toEqual(['own']);
  });

  test('are not the own one, however long the job has run, nor those that are not much older', async () => {
    const { job, main, name } = await jobWithToken({ 'stale-token-hours': '1' });
    prepareList([
      { id: 'own', name, created_at: now - 5 * hour },
      { id: 'as-old', name: 'gha-222-1-0a1b2c3d', created_at: now - 5 * hour },
      { id: 'old', name: 'gha-111-1-0a1b2c3d', created_at: now - 7 * hour },
    ]);
    const deleted = prepareDeletions('old', 'own');
    const post = await job.post(main);
    expect(deleted).toEqual(['old', 'own']);
    expect(post.log.split('\n').slice(1)).toEqual([
      `Deleted the API token ${name}.`,
      'Deleted what earlier jobs had left: gha-111-1-0a1b2c3d.',
    ]);
  });

  test('are none that have the name of the own one, which all go last', async () => {
    const { job, main, name } = await jobWithToken({ 'stale-token-hours': '1' });
    prepareList([
      { id: 'own', name },
      { id: 'namesake', name, created_at: now - 5 * hour },
      { id: 'old', name: 'gha-111-1-0a1b2c3d', created_at: now - 7 * hour },
    ]);
    const deleted = prepareDeletions('old', 'namesake', 'own');
    const post = await job.post(main);
    expect(deleted).toEqual(['old', 'namesake', 'own']);
    expect(post.log).toMatch(/left: gha-111-1-0a1b2c3d\.$/);
  });

  test('are no older for a clock of the server that is ahead', async () => {
    const { job, main, name } = await jobWithToken();
    prepareList([
      { id: 'own', name, created_at: now + 240 * hour },
      { id: 'young', name: 'gha-111-1-0a1b2c3d', created_at: now - 160 * hour },
    ]);
    prepareDeletions('own');
    expect((await job.post(main)).log).not.toContain('earlier jobs');
  });

  test('are left alone by a job without such a token', async () => {
    const job = new Job();
    const post = await job.post(await job.main({ 'api-token': 'exa-some-api-token' }));
    expect(post.exitCode).toBe(0);
  });
});

describe('nothing else is ever deleted:', () => {
  test.each<[string, Listed]>([
    ['a token of a person', { name: 'laptop' }],
    ['a name that only begins like ours', { name: 'gha-111-1-0a1b2c3d-keep' }],
    ['a name that only ends like ours', { name: 'my-gha-111-1-0a1b2c3d' }],
    ['a name with a line like ours', { name: 'mine\ngha-111-1-0a1b2c3d' }],
    ['digits that are upper case', { name: 'gha-111-1-0A1B2C3D' }],
    ['too few digits', { name: 'gha-111-1-0a1b2c3' }],
    ['too many digits', { name: 'gha-111-1-0a1b2c3d4' }],
    ['digits that are no hexadecimal ones', { name: 'gha-111-1-0a1b2c3g' }],
    ['no attempt', { name: 'gha-111-0a1b2c3d' }],
    ['a run that is no number', { name: 'gha-x-1-0a1b2c3d' }],
    ['a run with more digits than there are', { name: `gha-${'1'.repeat(21)}-1-0a1b2c3d` }],
    ['an attempt with more digits than there are', { name: `gha-1-${'1'.repeat(11)}-0a1b2c3d` }],
    ['an empty number', { name: 'gha--1-0a1b2c3d' }],
    ['another case', { name: 'GHA-111-1-0a1b2c3d' }],
    ['no name', { name: null }],
    ['a time of creation that is a text', { name: 'gha-111-1-0a1b2c3d', created_at: '2020-01-01T00:00:00Z' }],
    ['no time of creation', { name: 'gha-111-1-0a1b2c3d', created_at: undefined }],
  ])('%s', async (_what, token) => {
    const { job, main } = await jobWithToken();
    prepareList([{ id: 'x', created_at: old, ...token }]);
    const deleted = prepareDeletions('own');
    const post = await job.post(main);
    expect(deleted).toEqual(['own']);
    expect(post.log).not.toContain('earlier jobs');
  });

  test.each<[string, unknown]>([
    ['none', undefined],
    ['an empty one', ''],
    ['an object', {}],
    ['a path', '../regions'],
    ['a query', 'x?force=1'],
    ['an option for a shell', '--all'],
    ['one with a space', 'a b'],
    ['one without end', 'x'.repeat(129)],
  ])('a token whose id cannot be one: %s', async (_what, id) => {
    const { job, main } = await jobWithToken();
    prepareList([{ id, name: 'gha-111-1-0a1b2c3d', created_at: old }]);
    const deleted = prepareDeletions('own');
    const post = await job.post(main);
    expect(deleted).toEqual(['own']);
    expect(post.log).toMatch(
      /\nWarning: Could not delete every token that was left over: .*not an identifier/,
    );
  });

  test('entries that are no objects', async () => {
    const { job, main } = await jobWithToken();
    prepareList([null, 'gha-111-1-0a1b2c3d', 7, ['x']]);
    prepareDeletions('own');
    const post = await job.post(main);
    expect(post.exitCode).toBe(0);
    expect(post.log).not.toContain('Warning');
  });
});

describe('the list', () => {
  const page = (length: number, first = 0) =>
    Array.from({ length }, (_, index) => ({ id: first + index, name: 'laptop', created_at: now }));
  const get = (offset: number, tokens: unknown[], more: Record<string, unknown> = {}) =>
    exabits().get('/api-tokens').query({ limit: 100, offset }).reply(200, yes(tokens, more));

  async function post(): Promise<Step> {
    const { job, main } = await jobWithToken();
    prepareDeletions('own');
    return { job, main }.job.post(main);
  }

  test('is read to the end that its total tells', async () => {
    get(0, page(100), { total: 250 });
    get(80, page(100, 80), { total: 250 });
    get(160, page(90, 160), { total: 250 });
    expect((await post()).exitCode).toBe(0);
  });

  test('is read until a page brings nothing new where it tells no total', async () => {
    get(0, page(100));
    get(80, page(23, 80), { total: '103' });
    get(99, page(4, 99));
    expect((await post()).exitCode).toBe(0);
  });

  test('tells of each token once, though its pages overlap', async () => {
    const stale = { id: 'left', name: 'gha-111-1-0a1b2c3d', created_at: old };
    get(0, [...page(99), stale], { total: 101 });
    get(80, [...page(19, 80), stale, ...page(1, 100)], { total: 101 });
    prepareDeletions('left');
    expect((await post()).log).toMatch(/left: gha-111-1-0a1b2c3d\.$/);
  });

  test('is read on where a server gives smaller pages', async () => {
    get(0, page(20), { total: 30 });
    get(16, page(14, 16), { total: 30 });
    expect((await post()).exitCode).toBe(0);
  });

  test('is given up after 100 pages, whatever its total', async () => {
    let pages = 0;
    exabits()
      .get('/api-tokens')
      .query(true)
      .times(100)
      .reply(200, () => {
        pages += 1;
        return yes(page(1), { total: 1_000_000 });
      });
    expect((await post()).log).toMatch(/\nWarning: .*GET \/api-tokens .*it goes on after 100 pages/);
    expect(pages).toBe(100);
  });

  test('is not believed where it ends before its total', async () => {
    get(0, page(100), { total: 101 });
    get(80, page(20, 80), { total: 101 });
    expect((await post()).log).toMatch(/\nWarning: .*GET \/api-tokens .*it ends before its "total"/);
  });
});

describe('looking after others never costs the own token:', () => {
  test('a list that fails is a warning', async () => {
    const { job, main, name } = await jobWithToken();
    exabits().get('/api-tokens').query(true).reply(400, no('no list today'));
    prepareDeletions('own');
    const post = await job.post(main);
    expect(post.log.split('\n').slice(1)).toEqual([
      `Deleted the API token ${name}.`,
      'Warning: Could not delete every token that was left over: Exabits refused GET /api-tokens (HTTP 400, "no list today"). Check the inputs of the step.',
    ]);
    expect(post.exitCode).toBe(0);
  });

  test('a deletion that fails is a warning, and the others are deleted all the same', async () => {
    const { job, main, name } = await jobWithToken();
    prepareList([
      { id: 1, name: 'gha-111-1-0a1b2c3d', created_at: old },
      { id: 2, name: 'gha-222-1-0a1b2c3d', created_at: old },
      { id: 3, name: 'gha-333-1-0a1b2c3d', created_at: old },
    ]);
    prepareDeletions('1', '3', 'own');
    exabits().delete('/api-tokens/2').reply(409, no('busy'));
    const post = await job.post(main);
    expect(post.log.split('\n').slice(1)).toEqual([
      `Deleted the API token ${name}.`,
      'Deleted what earlier jobs had left: gha-111-1-0a1b2c3d, gha-333-1-0a1b2c3d.',
      'Warning: Could not delete every token that was left over: Exabits refused DELETE /api-tokens/2 (HTTP 409, "busy"). Check the inputs of the step.',
    ]);
  });

  test('a token that somebody else has deleted meanwhile is no failure', async () => {
    const { job, main } = await jobWithToken();
    prepareList([{ id: 1, name: 'gha-111-1-0a1b2c3d', created_at: old }]);
    exabits().delete('/api-tokens/1').reply(404, no('gone'));
    prepareDeletions('own');
    expect((await job.post(main)).log).not.toContain('Warning');
  });

  test('no more than 50 are deleted at a time', async () => {
    const { job, main } = await jobWithToken();
    const names = Array.from({ length: 60 }, (_, index) => `gha-${index}-1-0a1b2c3d`);
    prepareList(names.map((name, index) => ({ id: index, name, created_at: old })));
    const ids = names.slice(0, 50).map((_, index) => String(index));
    const deleted = prepareDeletions(...ids, 'own');
    await job.post(main);
    expect(deleted).toEqual([...ids, 'own']);
  });

  test('a deletion that hangs is given up after half of the time, and no other is begun', async () => {
    const { job, main, name } = await jobWithToken();
    prepareList([
      { id: 1, name: 'gha-111-1-0a1b2c3d', created_at: old },
      { id: 2, name: 'gha-222-1-0a1b2c3d', created_at: old },
    ]);
    exabits()
      .delete('/api-tokens/1')
      .reply(503, () => {
        clock.skip(31_000);
        return no('down');
      });
    prepareDeletions('own');
    const post = await job.post(main);
    expect(post.log.split('\n').slice(1)).toEqual([
      `Deleted the API token ${name}.`,
      expect.stringMatching(/^Warning: Could not delete every token .*within 30 s \(1 try; /),
    ]);
  });

  test('half of the time is the most that it takes', async () => {
    const { job, main, name } = await jobWithToken();
    exabits()
      .get('/api-tokens')
      .query(true)
      .reply(503, () => {
        clock.skip(31_000);
        return no('down');
      });
    exabits().delete('/api-tokens/own').reply(503);
    prepareDeletions('own');
    const post = await job.post(main);
    expect(post.log.split('\n').slice(2)).toEqual([
      `Deleted the API token ${name}.`,
      expect.stringMatching(
        /^Warning: Could not delete every token .*No usable answer from gpu-api\.exascalelabs\.ai within 30 s \(1 try; the last try saw: HTTP 503, "down"\)/,
      ),
    ]);
  });
});
