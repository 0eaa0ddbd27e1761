import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import { toApiToken } from '../../src/credentials.ts';
import { parseEndpoint } from '../../src/endpoint.ts';
import { createMasker } from '../../src/job/mask.ts';
import { leftOverTokens, parseEphemeralName, staleTokens } from '../../src/stale-tokens.ts';
import * as double from './support/account.ts';
import { page, runJob } from './support/account.ts';
import { skipWaits, stopCalendar } from './support/clock.ts';
import { apiUrl, loginInputs, no, yes } from './support/exabits.ts';
import { InProcessJob } from './support/job.ts';

const clock = skipWaits();
const ownDeletion = 'DELETE /api-tokens/ID';
const deleted = 'Deleted the API token NAME.';
const warning = 'Warning: Could not delete all tokens left by dead runners: ';

let exabits: double.ServedExabits;

beforeEach(() => {
  stopCalendar('2026-11-24T12:00:00Z');
  exabits = new double.ServedExabits();
});

/** Seeds tokens left by dead runners, the oldest first. */
function seedStale(count: number): void {
  for (let left = count; left > 0; left -= 1) exabits.seed(stale(left), { hoursOld: 200 + left });
}
const stale = (number: number): string => `gha-${number}-1-0a1b2c3d`;

test.each([
  ['gha-111-1-0a1b2c3d', '111', 1],
  ['gha-0-0-00000000', '0', 0],
  [`gha-${'9'.repeat(20)}-1234567890-ffffffff`, '9'.repeat(20), 1234567890],
])('the name %s says which run created the token', (name, runId, attempt) => {
  expect(parseEphemeralName(name)).toEqual({ runId, attempt });
});

const nearMisses = [
  ...['', 'laptop', 'gha-111-1-0a1b2c3d-keep', 'my-gha-111-1-0a1b2c3d', 'mine\ngha-111-1-0a1b2c3d'],
  ...['gha-111-1-0a1b2c3d\n', 'gha-111-1-0A1B2C3D', 'gha-111-1-0a1b2c3', 'gha-111-1-0a1b2c3d4'],
  ...['gha-111-1-0a1b2c3g', 'gha-111-0a1b2c3d', 'gha-x-1-0a1b2c3d', 'gha-1-x-0a1b2c3d', 'gha--1-0a1b2c3d'],
  ...['gha-1--0a1b2c3d', 'gha-٣-1-0a1b2c3d', 'GHA-111-1-0a1b2c3d'],
  ...[`gha-${'1'.repeat(21)}-1-0a1b2c3d`, `gha-1-${'1'.repeat(11)}-0a1b2c3d`],
];

test.each(nearMisses)('%j is not the name of an ephemeral token', (name) => {
  expect(parseEphemeralName(name)).toBeUndefined();
});

describe('stale tokens', () => {
  const date = new Date('2026-11-24T12:00:00Z');
  const token = (name: string, ageMs = 3_600_001) => ({
    ...{ id: name, name, description: '' },
    createdAt: Number.isNaN(ageMs) ? undefined : new Date(date.getTime() - ageMs),
  });

  test("are older than the given hours, by Exabits' clock", () => {
    const tokens = [token(stale(1)), token(stale(2), 3_600_000), token(stale(3), -1)];
    expect(staleTokens({ tokens, date }, 1)).toEqual([tokens[0]]);
  });

  test('have a name of the exact form and a creation time', () => {
    const tokens = [...nearMisses.map((name) => token(name)), token(stale(1), Number.NaN)];
    expect(staleTokens({ tokens, date }, 1)).toEqual([]);
  });

  test('are not found if the hours are 0 or the list has no date', () => {
    const tokens = [token(stale(1))];
    expect(staleTokens({ tokens, date }, 0)).toEqual([]);
    expect(staleTokens({ tokens, date: undefined }, 1)).toEqual([]);
  });
});

describe('the tokens left over from an ended run', () => {
  const env = { GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'octo-org/train' };
  const run = { id: '111', attempt: 2 };
  const here = 'workflow w, job j of octo-org/train: https://github.com/octo-org/train/actions/runs/';
  const date = new Date('2026-11-24T12:00:00Z');

  /** Whether a token is left over when the run has ended. */
  function isLeftOver(name: string, description = '', ended: typeof run | null = run): boolean {
    const token = { id: 'x', name, description, createdAt: date };
    return leftOverTokens({ tokens: [token], date }, ended ?? undefined, 168, env).length === 1;
  }

  test.each([
    ['gha-111-1-0a1b2c3d', ''],
    ['gha-111-2-0a1b2c3d', ''],
    ['gha-111-1-0a1b2c3d', `${here}111/attempts/1`],
    ['gha-111-2-0a1b2c3d', `${here}111/attempts/2`],
  ])('are those of this run: %s (%s)', (name, description) => {
    expect(isLeftOver(name, description)).toBe(true);
  });

  test.each([
    ['of a re-run in progress', 'gha-111-3-0a1b2c3d', ''],
    ['of a re-run in progress, with ten attempts', 'gha-111-10-0a1b2c3d', ''],
    ['of another run', 'gha-112-1-0a1b2c3d', ''],
    ['of a run whose number begins the same way', 'gha-1111-1-0a1b2c3d', ''],
    ['of a run whose number ends the same way', 'gha-1-1-0a1b2c3d', ''],
    ['of another repository', 'gha-111-1-0a1b2c3d', `${here.replaceAll('train', 'other')}111/attempts/1`],
    ['of another server', 'gha-111-1-0a1b2c3d', `${here.replace('github.com', 'ghe.corp')}111/attempts/1`],
    ['with the URL of another attempt', 'gha-111-1-0a1b2c3d', `${here}111/attempts/2`],
    ['with the URL of a longer attempt', 'gha-111-1-0a1b2c3d', `${here}111/attempts/11`],
    ['with the URL of another run', 'gha-111-1-0a1b2c3d', `${here}112/attempts/1`],
    ['with text after the URL', 'gha-111-1-0a1b2c3d', `${here}111/attempts/1 (mine)`],
    [
      'with the URL inside another',
      'gha-111-1-0a1b2c3d',
      `${here.replace(': ', ': https://x/')}111/attempts/1`,
    ],
    ['with a description by a person', 'gha-111-1-0a1b2c3d', 'keep this one'],
  ])('are not those %s', (_whose, name, description) => {
    expect(isLeftOver(name, description)).toBe(false);
  });

  test.each(nearMisses.map((name) => name.replaceAll('gha-1-', 'gha-111-')))(
    'are not those with a name of another form: %j',
    (name) => expect(isLeftOver(name)).toBe(false),
  );

  test('are not matched by name without a run', () => {
    expect(isLeftOver('gha-111-1-0a1b2c3d', '', null)).toBe(false);
  });

  test('include stale tokens of any run and repository, each once', () => {
    const old = (name: string, description = '') => ({
      ...{ id: name, name, description },
      createdAt: new Date('2026-11-01T12:00:00Z'),
    });
    const tokens = [old(stale(1), 'of another'), old('gha-111-1-0a1b2c3d'), old('laptop')];
    expect(leftOverTokens({ tokens, date }, run, 168, env)).toEqual(tokens.slice(0, 2));
    expect(leftOverTokens({ tokens, date }, undefined, 168, env)).toEqual(tokens.slice(0, 2));
    expect(leftOverTokens({ tokens, date }, run, 0, env)).toEqual([tokens[1]]);
    expect(leftOverTokens({ tokens, date: undefined }, run, 168, env)).toEqual([tokens[1]]);
  });
});

describe('the post step', () => {
  test('deletes the oldest tokens left by earlier jobs, then its own', async () => {
    exabits.seed('laptop', { hoursOld: 1000 });
    exabits.seed('gha-5-1-0a1b2c3d', { hoursOld: 167 });
    exabits.seed('gha-6-1-0a1b2c3d', { hoursOld: -24 });
    seedStale(2);
    exabits.seedMany(150);
    const { log, calls, left } = await runJob(exabits);
    expect(log).toBe(`${deleted}\nDeleted tokens left by earlier jobs: ${stale(2)}, ${stale(1)}.`);
    expect(calls).toEqual([page('asc'), expect.any(String), expect.any(String), ownDeletion]);
    expect(left.slice(0, 4)).toEqual(['laptop', 'gha-5-1-0a1b2c3d', 'gha-6-1-0a1b2c3d', 'laptop-0']);
  });

  test('respects stale-token-hours', async () => {
    exabits.seed(stale(1), { hoursOld: 1 });
    exabits.seed(stale(2), { hoursOld: 3 });
    expect((await runJob(exabits, { 'stale-token-hours': '2' })).left).toEqual([stale(1)]);
  });

  test.each<[string, number, Record<string, string>, number]>([
    ["measures ages by Exabits' clock if the runner's is 8 hours ahead", -8, {}, 5],
    ["measures ages by Exabits' clock if the runner's is 8 hours behind", 8, {}, 5],
    ['sweeps nothing if the answer has no date', 0, { date: '' }, 1000],
    ['sweeps nothing if the date of the answer is invalid', 0, { date: 'yesterday' }, 1000],
  ])('%s', async (_how, hoursAhead, headers, hoursOld) => {
    exabits.setClock(hoursAhead);
    exabits.seed(stale(1), { hoursOld });
    exabits.when('GET', (carryOut) => {
      const answer = carryOut();
      return { ...answer, headers: { ...answer.headers, ...headers } };
    });
    const { log, left } = await runJob(exabits, { 'stale-token-hours': '6' });
    expect([log, left]).toEqual([deleted, [stale(1)]]);
  });

  test('does not sweep its own token or its namesakes, however long the job has run', async () => {
    exabits.when('POST /api-tokens', double.answers(502), 1);
    const { log, calls, left } = await runJob(exabits, { 'stale-token-hours': '1' }, ({ name }) => {
      exabits.seed(name, { hoursOld: 2 });
      stopCalendar('2026-11-24T17:00:00Z');
    });
    expect([log, left]).toEqual([deleted, []]);
    // Without its own token, the step would have to sign in to delete the rest.
    expect(calls).not.toContain('POST /authenticate/login');
  });

  test('sweeps nothing if the job has no token of its own', async () => {
    seedStale(1);
    const job = new InProcessJob();
    await job.post(await job.main(loginInputs));
    expect(exabits.left()).toEqual([stale(1)]);
  });

  test.each([
    [0, 0],
    [0.5, 100],
    [0.999, 200],
  ])('sweeps a random page if the list is in another order (random: %f)', async (random, offset) => {
    const chance = jest.spyOn(Math, 'random').mockReturnValue(random);
    exabits.when('GET', double.ignoresOrder);
    exabits.seedMany(299);
    const { log, calls } = await runJob(exabits);
    chance.mockRestore();
    expect(log).toBe(deleted);
    expect(calls).toEqual([page('asc'), page('asc', offset), ownDeletion]);
  });

  test('sweeps the only page of a list in another order', async () => {
    exabits.when('GET', double.ignoresOrder);
    exabits.seedMany(90);
    seedStale(2);
    const { calls, left } = await runJob(exabits);
    expect(calls.filter((call) => call.startsWith('GET'))).toEqual([page('asc')]);
    expect(left).toHaveLength(90);
  });

  test('sweeps a random page if the list has no timestamps', async () => {
    const timeless = double.lists((data) =>
      yes(
        data.map(({ id, name }) => ({ id, name })),
        { total: 101 },
      ),
    );
    exabits.when('GET', timeless);
    seedStale(2);
    const { calls, left } = await runJob(exabits);
    expect(calls.filter((call) => call.startsWith('GET'))).toHaveLength(2);
    expect(left).toHaveLength(2);
  });

  test('accepts that a stale token is already deleted', async () => {
    seedStale(1);
    const deletesToo = double.afterwards(() => exabits.remove(exabits.tokens()[0]));
    exabits.when('GET', deletesToo);
    expect((await runJob(exabits)).log).not.toContain('Warning');
  });

  test('keeps all digits of a long numeric id', async () => {
    const id = '12345678901234567891';
    const list = `{"status":true,"data":[{"id":${id},"name":"${stale(1)}","created_at":0}]}`;
    exabits.when('GET', (carryOut) => ({ ...carryOut(), body: list }));
    expect((await runJob(exabits)).calls).toContain(`DELETE /api-tokens/${id}`);
  });

  test.each<[string, unknown]>([
    ['data that is null', null],
    [
      'a list of invalid entries',
      [null, stale(1), 7, [stale(1)], { id: {} }, { id: 'x', name: 7, created_at: 0 }],
    ],
  ])('finds no stale tokens in %s', async (_what, data) => {
    exabits.when('GET', (carryOut) => ({ ...carryOut(), body: JSON.stringify(yes(data)) }));
    const { log, calls } = await runJob(exabits);
    expect([log, calls]).toEqual([deleted, [page('asc'), ownDeletion]]);
  });
});

describe("a sweep never stops the deletion of the job's own token:", () => {
  test('it deletes at most 10 tokens', async () => {
    seedStale(13);
    expect((await runJob(exabits)).left).toEqual([stale(3), stale(2), stale(1)]);
  });

  test.each<[string, double.Behaviour, string]>([
    [
      'refused',
      double.refuses(400, 'no list today'),
      'Exabits refused GET /api-tokens (HTTP 400, "no list today"). ',
    ],
    [
      'unavailable',
      double.answers(503),
      'Exabits cannot answer now (HTTP 503). Run the job again later. (1 try)',
    ],
    [
      'rate-limited',
      double.refuses(429, 'slow down'),
      'Too many requests to Exabits (HTTP 429, "slow down"). ',
    ],
  ])('it ends without a retry if the list is %s', async (_how, list, reason) => {
    exabits.when('GET', list);
    const { log, calls, post } = await runJob(exabits);
    expect(log).toContain(`${deleted}\n${warning}${reason}`);
    expect([calls, post.exitCode]).toEqual([[page('asc'), ownDeletion], 0]);
  });

  test.each([409, 429, 503])('it ends at the first failed deletion (%i)', async (status) => {
    seedStale(3);
    const { log, calls, left } = await runJob(exabits, {}, () => {
      exabits.when(`DELETE /api-tokens/${exabits.tokens()[1]?.id}`, double.refuses(status, 'busy'));
    });
    expect(log).toContain(`${deleted}\nDeleted tokens left by earlier jobs: ${stale(3)}.\n${warning}`);
    expect(log).toContain(`HTTP ${status}, "busy"`);
    expect(calls).toHaveLength(4);
    expect(left).toEqual([stale(2), stale(1)]);
  });

  test.each([undefined, '', {}, '../regions', 'x?force=1', '--all', 'a b', 'x'.repeat(129)])(
    'it ends at an invalid id: %j',
    async (id) => {
      exabits.when(
        'GET',
        double.lists((data) => yes(data.map((token) => ({ ...token, id })))),
      );
      const { log, calls } = await runJob(exabits);
      expect(log).toMatch(new RegExp(`^${deleted}\n${warning}.*not an identifier`));
      expect(calls).toEqual([page('asc'), ownDeletion]);
    },
  );

  test.each(['GET', 'DELETE'])('it takes at most a quarter of the time (%s)', async (slow) => {
    seedStale(2);
    const isSlow: double.Behaviour = (carryOut) => {
      clock.skip(15_001);
      return double.answers(503, no('down'))(carryOut);
    };
    exabits.when(slow, isSlow, 1);
    const { log, left } = await runJob(exabits);
    expect(log).toContain(
      `${deleted}\n${warning}No usable answer from gpu-api.exascalelabs.ai within 15 s (1 try; last error: HTTP 503, "down")`,
    );
    expect(left).toEqual([stale(2), stale(1)]);
  });
});

test("the whole list has each token once, though its pages overlap, and the date of Exabits' clock", async () => {
  exabits.seed(stale(1), { hoursOld: 500, description: 'of a job' });
  exabits.seedMany(250);
  exabits.setClock(2);
  const { connect } = await import('../../src/exabits/connect.ts');
  const masker = createMasker(() => {});
  const limits = { endpoint: parseEndpoint(apiUrl), timeoutMs: 60_000, maxAttempts: 1 };
  const credential = toApiToken(masker.mask(exabits.seed('ci').token));
  const { tokens, date } = await connect(limits, masker, () => {}).listApiTokens(credential);
  expect(tokens.map(({ name }) => name).sort()).toEqual(exabits.left().sort());
  expect(tokens[0]).toEqual({
    id: exabits.tokens()[0]?.id,
    ...{ name: stale(1), description: 'of a job', createdAt: new Date('2026-11-03T16:00:00Z') },
  });
  expect(date).toEqual(new Date('2026-11-24T14:00:00Z'));
  expect(exabits.calls).toEqual([0, 80, 160, 234].map((offset) => page('asc', offset)));
});
