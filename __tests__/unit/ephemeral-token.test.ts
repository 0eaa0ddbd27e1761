import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { fingerprint } from '../../src/fingerprint.ts';
import * as double from './support/account.ts';
import { ephemeralInputs, type Made, page, runJob, somebodyElse } from './support/account.ts';
import { skipWaits, stopCalendar } from './support/clock.ts';
import { apiUrl, email, loginInputs, no, username, yes } from './support/exabits.ts';
import { InProcessJob } from './support/job.ts';

const clock = skipWaits();
const { ephemeralTokenLabel } = await import('../../src/ephemeral-token.ts');

const logIn = 'POST /authenticate/login';
const create = 'POST /api-tokens';
const ownDeletion = 'DELETE /api-tokens/ID';
const someDeletion = expect.stringMatching(/^DELETE /);
const deleted = 'Deleted the API token NAME.';
const outputsOnly = { 'export-environment': 'false', 'write-headers-file': 'false' };

let exabits: double.ServedExabits;

beforeEach(() => {
  clock.waits.length = 0;
  stopCalendar('2026-11-24T12:00:00Z');
  exabits = new double.ServedExabits();
});

const bearers = (): string[] => [...new Set(exabits.requests.map(({ bearer }) => bearer))];

test('a job logs that it created a token and deleted it', async () => {
  const { main, post, name } = await runJob(exabits);
  expect(main.log).toBe(
    `Signed in to gpu-api.exascalelabs.ai with the API token ${name}, made for this job. The post step deletes it.`,
  );
  expect(post.log).toBe(
    'Cleared EXABITS_API_URL, EXABITS_API_BASE_URL, EXABITS_AUTH_SOURCE, EXABITS_AUTH_FINGERPRINT, EXABITS_HEADERS_FILE, EXABITS_API_TOKEN, the header file.\n' +
      `Deleted the API token ${name}.`,
  );
  expect([main.exitCode, post.exitCode]).toEqual([0, 0]);
});

describe('the main step', () => {
  test('logs in, creates a token and exports only that', async () => {
    const job = new InProcessJob();
    const { outputs, env } = await job.main(ephemeralInputs);
    expect(exabits.calls).toEqual([logIn, create]);
    const [own] = exabits.tokens();
    const [file = ''] = job.temporaryFiles();
    expect(outputs).toEqual({
      'auth-method': 'ephemeral-api-token',
      ...{ token: own?.token, 'api-token': own?.token, 'api-token-id': own?.id },
      ...{ 'access-token': '', 'refresh-token': '' },
      ...{ 'access-token-expires-at': '', 'refresh-token-expires-at': '' },
      ...{ username, email, 'api-url': apiUrl, 'api-base-url': `${apiUrl}/api/v1`, 'headers-file': file },
    });
    expect(env).toEqual({
      EXABITS_API_URL: apiUrl,
      EXABITS_API_BASE_URL: `${apiUrl}/api/v1`,
      EXABITS_AUTH_SOURCE: fingerprint(apiUrl, 'password', username),
      EXABITS_AUTH_FINGERPRINT: fingerprint(apiUrl, 'api-token', String(own?.token)),
      EXABITS_HEADERS_FILE: file,
      EXABITS_API_TOKEN: own?.token,
    });
    expect(readFileSync(file, 'utf8')).toBe(`Authorization: Bearer ${own?.token}\n`);
  });

  test('does not export the stored API token that creates the new one', async () => {
    const stored = exabits.seed('ci');
    const { outputs, env, state } = await new InProcessJob().main({
      ...ephemeralInputs,
      'api-token': stored.token,
    });
    expect(outputs).toMatchObject({ token: exabits.tokens()[1]?.token, username: '' });
    expect(JSON.stringify([outputs, env, state])).not.toContain(stored.token);
  });

  test('fails if it may not create a token', async () => {
    exabits.when(create, double.refuses(403, 'not for you'));
    const { log, env } = await new InProcessJob().main(ephemeralInputs);
    expect(log).toMatch(/^Error: Exabits refused the tokens of the login \(HTTP 403, "not for you"\)/);
    expect(env).toEqual({});
  });

  test.each([
    ['forgets a token that Exabits refused to create', double.refuses(422), false],
    ['remembers a token that something else refused to create', double.answers(422, '<html>'), true],
    ['remembers a token of which an earlier try was lost', double.losesAnswer, true],
  ])('%s', async (_what, behaviour, isRemembered) => {
    exabits.when(create, behaviour, 1);
    exabits.when(create, double.refuses(422));
    const { exitCode, state } = await new InProcessJob().main(ephemeralInputs);
    expect(exitCode).toBe(1);
    expect(state['ephemeral-token'] === '').toBe(!isRemembered);
  });

  test('creates no token if it cannot save its state', async () => {
    const { log } = await new InProcessJob({ GITHUB_STATE: '' }).main(ephemeralInputs);
    expect(log).toContain('GITHUB_STATE is not set');
    expect(exabits.calls).toEqual([logIn]);
  });

  test('saves the name of the token before creating it, the id afterwards, and no secret', async () => {
    const job = new InProcessJob();
    let stateThen = '';
    exabits.when(create, (carryOut) => {
      stateThen = readFileSync(job.commandFile('GITHUB_STATE'), 'utf8');
      return carryOut();
    });
    const { state } = await job.main(ephemeralInputs);
    const [own] = exabits.tokens();
    expect(stateThen).toContain(`"name":"${own?.name}"`);
    expect(stateThen).not.toContain('"id"');
    expect(JSON.parse(state['ephemeral-token'] ?? '')).toEqual({
      ...{ name: own?.name, id: own?.id, mayHaveNamesakes: false },
      owners: [1, 2, 3].map(() => expect.stringMatching(/^[0-9a-f]{32}$/)),
      ...{ apiUrl, timeoutMs: 60_000, maxAttempts: 5, staleTokenHours: 168 },
    });
  });
});

describe('the label of a token', () => {
  const label = (changes: Record<string, string> = {}) =>
    ephemeralTokenLabel({
      ...{ GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'octo-org/train' },
      ...{ GITHUB_WORKFLOW: 'nightly training', GITHUB_JOB: 'train' },
      ...{ GITHUB_RUN_ID: '9876543210', GITHUB_RUN_ATTEMPT: '2', ...changes },
    });

  test('shows in the Exabits console which run and job created the token', async () => {
    await new InProcessJob().main(ephemeralInputs);
    expect(exabits.tokens()[0]?.name).toMatch(/^gha-9876543210-2-[0-9a-f]{8}$/);
    expect(exabits.tokens()[0]?.description).toBe(
      'workflow nightly training, job train of octo-org/train: https://github.com/octo-org/train/actions/runs/9876543210/attempts/2',
    );
  });

  test('is different each time', () => {
    expect(new Set(Array.from({ length: 50 }, () => label().name)).size).toBe(50);
  });

  test('is one line of limited length that splits no emoji', () => {
    const { description } = label({
      GITHUB_WORKFLOW: `a\n${'b'.repeat(46)}🚀🚀`,
      GITHUB_JOB: 'c'.repeat(99),
    });
    expect(description).toMatch(/^workflow a b{46}…, job c{49}… of octo-org\/train: https:.*attempts\/2$/);
    expect(label({ GITHUB_REPOSITORY: 'r'.repeat(1000) }).description).toHaveLength(500);
  });

  test('fits the largest numbers into a name of 50 characters', () => {
    const { name } = label({ GITHUB_RUN_ID: '1'.repeat(20), GITHUB_RUN_ATTEMPT: '2'.repeat(10) });
    expect(name).toMatch(/^gha-1{20}-2{10}-[0-9a-f]{8}$/);
    expect(name.length).toBeLessThanOrEqual(50);
  });

  test.each(['', 'seven', 'x1', '1x', '1.5', '-1', '1\n2', '1'.repeat(21)])(
    'has 0 in place of the invalid number %j',
    (id) => expect(label({ GITHUB_RUN_ID: id, GITHUB_RUN_ATTEMPT: id }).name).toMatch(/^gha-0-0-\w{8}$/),
  );

  test("has blanks if the runner's variables are missing", () => {
    expect(ephemeralTokenLabel({})).toMatchObject({
      name: expect.stringMatching(/^gha-0-0-/),
      description: 'workflow , job of : //actions/runs/0/attempts/0',
    });
  });
});

describe('a creation whose answer is lost', () => {
  test('is retried under the same name after deleting what it left', async () => {
    exabits.seed('laptop');
    exabits.seed('gha-9876543210-2-00000000');
    exabits.when(create, double.losesAnswer, 1);
    const { state } = await new InProcessJob().main(ephemeralInputs);
    const saved = JSON.parse(state['ephemeral-token'] ?? '');
    expect(saved).toMatchObject({ mayHaveNamesakes: true, id: exabits.tokens()[2]?.id });
    expect(exabits.calls).toEqual([logIn, create, page('desc'), page('desc', 3), someDeletion, create]);
    expect(exabits.left()).toEqual(['laptop', 'gha-9876543210-2-00000000', saved.name]);
  });

  test('is not retried if the list fails, and the post step deletes what it left', async () => {
    exabits.when(create, double.losesAnswer, 1);
    exabits.when(page('desc'), double.refuses(400, 'no list today'), 1);
    const { main, log, left } = await runJob(exabits);
    expect(main).toMatchObject({ exitCode: 1, outputs: {} });
    expect(main.log).toContain('GET /api-tokens (HTTP 400, "no list today")');
    expect([log, left]).toEqual([deleted, []]);
  });
});

describe('the post step', () => {
  test('makes two requests, however many tokens the account has', async () => {
    exabits.seedMany(250);
    const { calls, left } = await runJob(exabits);
    expect(calls).toEqual([page('asc'), ownDeletion]);
    expect(left).toHaveLength(250);
  });

  test('makes one request if stale-token-hours is 0', async () => {
    expect((await runJob(exabits, { 'stale-token-hours': '0' })).calls).toEqual([ownDeletion]);
  });

  test('clears the job before it calls Exabits', async () => {
    const job = new InProcessJob();
    let filesThen: string[] | undefined;
    exabits.when('GET', (carryOut) => {
      filesThen = job.temporaryFiles();
      return carryOut();
    });
    await runJob(exabits, {}, () => {}, job);
    expect(filesThen).toEqual([]);
  });

  test('logs in if the token may not delete itself', async () => {
    exabits.when('DELETE', double.refuses(403), 1);
    expect(await runJob(exabits)).toMatchObject({ log: deleted, left: [] });
    expect(exabits.calls).toContain(logIn);
  });

  test('logs in if the token is refused, and accepts that it is already deleted', async () => {
    const { log, calls } = await runJob(exabits, {}, () => exabits.remove(exabits.tokens()[0]));
    expect(log).toBe(deleted);
    expect(calls).toEqual([page('asc'), ownDeletion, logIn, page('asc'), ownDeletion]);
  });

  test.each(['<html>Not found</html>', { message: 'no route' }])(
    'does not count a 404 from another server as a deletion: %j',
    async (body) => {
      exabits.when('DELETE', double.answers(404, body));
      expect((await runJob(exabits)).log).toMatch(/^Warning: The API token NAME may still be valid: /);
    },
  );

  test('respects max-attempts and accepts an empty answer', async () => {
    exabits.when('DELETE', double.answers(503), 1);
    exabits.when('DELETE', double.answers(204));
    const { log } = await runJob(exabits, { 'max-attempts': '2' });
    expect(log).toMatch(
      /^Try 1 of 2 failed \(DELETE \/api-tokens\/ID: HTTP 503\).*\nDeleted the API token NAME\.$/,
    );
  });

  test('deletes the token at the host that created it, even if the job now names another', async () => {
    const url = 'https://reseller.example';
    const reseller = new double.ServedExabits(url);
    const moved = ({ job }: Made): void => {
      job.env.EXABITS_API_URL = apiUrl;
    };
    const { left } = await runJob(reseller, {}, moved, new InProcessJob({ EXABITS_API_URL: url }));
    expect([left, exabits.calls]).toEqual([[], []]);
  });

  test('keeps all digits of a long numeric id', async () => {
    const id = '12345678901234567891';
    exabits.when(create, (carryOut) => {
      const answer = carryOut();
      return { ...answer, body: answer.body.replace(/"id":"\w+"/, `"id":${id}`) };
    });
    await runJob(exabits);
    expect(exabits.calls.at(-1)).toBe(`DELETE /api-tokens/${id}`);
  });

  test('has nothing to do if main was killed before it saved a token name', async () => {
    const post = await new InProcessJob().post({ inputs: ephemeralInputs, state: {} });
    expect(post.log).toBe('Nothing to clear: the step exported nothing.');
    expect(exabits.calls).toEqual([]);
  });
});

describe('the post step acts only as the account that created the token:', () => {
  let theirs: string;
  beforeEach(() => {
    theirs = exabits.seed('gha-1-1-00000000', { of: somebodyElse.username, hoursOld: 1000 }).token;
  });

  const gone = { EXABITS_API_TOKEN: '' };
  const elsewhere = { EXABITS_API_URL: 'https://reseller.example' };
  const other = { EXABITS_API_TOKEN: 'THEIRS' };

  /** Replaces what the main step left with another token, or with none. */
  const replaces =
    (env: Record<string, string>, inFile?: string) =>
    ({ job, main }: Made): void => {
      for (const [name, value] of Object.entries(env)) job.env[name] = value.replace('THEIRS', theirs);
      const file = main.outputs['headers-file'] ?? '';
      if (inFile === '') rmSync(file);
      else if (inFile) writeFileSync(file, `Authorization: Bearer ${inFile.replace('THEIRS', theirs)}\n`);
    };

  test.each<[string, Record<string, string>, (made: Made) => void, string[]]>([
    ['with the token, hours later', {}, () => stopCalendar('2026-11-25T12:00:00Z'), []],
    ['with the token, if the header file is gone', {}, replaces({}, ''), []],
    ['with the token, without a header file', { 'write-headers-file': 'false' }, replaces({}), []],
    ['with the token, if the variable is gone', {}, replaces(gone), []],
    ['with the token, without variables', { 'export-environment': 'false' }, replaces({}), []],
    ['with the token, if the variable is for another host', {}, replaces(elsewhere), []],
    ["with the token, next to another account's variable", {}, replaces(other), []],
    ["with the token, next to another account's header file", {}, replaces({}, 'THEIRS'), []],
    ['with a login, without header file and variables', outputsOnly, replaces({}), [logIn]],
    ["with a login, without them and with another account's variable", outputsOnly, replaces(other), [logIn]],
    ['with a login, if both are of another account', {}, replaces(other, 'THEIRS'), [logIn]],
    ['with a login, if neither is a valid token', {}, replaces({ EXABITS_API_TOKEN: 'a b' }, 'a b'), [logIn]],
    ['with a login, if one is gone and one for another host', {}, replaces(elsewhere, ''), [logIn]],
  ])('%s', async (_how, inputs, change, first) => {
    const { log, calls, left } = await runJob(exabits, inputs, change);
    expect([log, calls, left]).toEqual([deleted, [...first, page('asc'), ownDeletion], []]);
    expect(exabits.callers).toEqual([username]);
    expect(exabits.left(somebodyElse.username)).toHaveLength(1);
  });

  test('with the stored API token that created it', async () => {
    const stored = exabits.seed('ci');
    const { left } = await runJob(exabits, { 'api-token': stored.token, ...outputsOnly });
    expect([left, bearers()]).toEqual([['ci'], [stored.token]]);
  });

  test.each([true, false])('with a login if main was killed (token created: %j)', async (carriedOut) => {
    exabits.when(create, double.isKilled(carriedOut), 1);
    expect((await runJob(exabits, {}, replaces(other))).left).toEqual([]);
    expect(exabits.callers).toEqual([username]);
  });

  /** A job with an existing login of an unknown account, for a step whose inputs name another account. */
  async function jobWithCarriedLogin(): Promise<InProcessJob> {
    const job = new InProcessJob();
    await job.main(loginInputs);
    job.env.EXABITS_AUTH_SOURCE = '';
    return job;
  }
  const carried = { ...somebodyElse, 'use-existing-credentials': 'true', ...outputsOnly };

  test('with the existing login that created it', async () => {
    const { log, calls } = await runJob(exabits, carried, () => {}, await jobWithCarriedLogin());
    expect([log, calls]).toEqual([deleted, [page('asc'), ownDeletion]]);
  });

  test("not with another account's inputs once that login is gone", async () => {
    const gone = replaces({ ...other, EXABITS_ACCESS_TOKEN: '' });
    const { log, calls } = await runJob(exabits, carried, gone, await jobWithCarriedLogin());
    expect(log).toBe(
      'Warning: The API token NAME may still be valid: The inputs of the step now name a different account. Delete it by hand: egpu token delete ID --force',
    );
    expect(calls).toEqual([]);
  });

  test('not as the account of a token that something else has set', async () => {
    const job = new InProcessJob();
    await job.main({ ...loginInputs, 'export-environment': 'true' });
    job.env.EXABITS_API_TOKEN = theirs;
    const { log, left } = await runJob(
      exabits,
      { 'use-existing-credentials': 'true', ...outputsOnly },
      ({ main }) => expect(main.outputs.username).toBe(username),
      job,
    );
    expect([log, left]).toEqual([deleted, []]);
    expect(exabits.left(somebodyElse.username)).toHaveLength(1);
  });
});

describe('after a lost answer, the post step also looks for namesakes', () => {
  const twoNamesakes = ({ name }: Made): void => {
    exabits.seed(name, { hoursOld: -1 });
    exabits.seed(name);
  };
  const refuseNamesakes = (status: number): void => {
    const ids = exabits
      .tokens()
      .slice(1)
      .map(({ id }) => id);
    exabits.when(new RegExp(`^DELETE .*(${ids.join('|')})`), double.refuses(status));
  };
  beforeEach(() => exabits.when(create, double.answers(502), 1));

  test('and deletes its own token last', async () => {
    const { log, calls, left } = await runJob(exabits, {}, twoNamesakes);
    expect([log, left]).toEqual([deleted, []]);
    expect(calls).toEqual([
      page('asc'),
      page('desc'),
      page('desc', 3),
      someDeletion,
      someDeletion,
      ownDeletion,
    ]);
    expect(calls.filter((call) => call === ownDeletion)).toHaveLength(1);
  });

  test('only once, because the id is known', async () => {
    exabits.when(page('desc'), double.answers(200, yes([])));
    expect((await runJob(exabits)).calls).toEqual([page('asc'), page('desc'), ownDeletion]);
  });

  test.each([400, 409, 410, 422])('and tries all, and reports each one refused with %i', async (status) => {
    const { log, left } = await runJob(exabits, {}, (made) => {
      twoNamesakes(made);
      refuseNamesakes(status);
    });
    const refused = `Exabits refused DELETE /api-tokens/\\w{24} \\(HTTP ${status}, "no"\\)\\. Check the inputs of the step\\. `;
    expect(log).toMatch(new RegExp(`valid: (${refused}){2}Delete it by hand: `));
    expect(left).toEqual(['NAME', 'NAME']);
  });

  test.each([400, 403])('and gives the command for each one left after a %i', async (status) => {
    const { log } = await runJob(exabits, {}, (made) => {
      twoNamesakes(made);
      refuseNamesakes(status);
    });
    const commands = exabits.tokens().map(({ id }) => `egpu token delete ${id} --force`);
    expect(commands).toHaveLength(2);
    expect(log).toMatch(new RegExp(` Delete it by hand: (${commands.join('|')}); (${commands.join('|')})$`));
  });

  test('and deletes its own token even if the list fails', async () => {
    const noList = (): void => exabits.when('GET', double.refuses(400, 'no list now'));
    const { log, left } = await runJob(exabits, {}, noList);
    expect(log).toContain('"no list now"');
    expect(left).toEqual([]);
  });
});

describe('if main was killed while creating its token, the post step', () => {
  const createdNone = (): void => exabits.when(create, double.isKilled(false), 1);
  const createdOne = (): void => exabits.when(create, double.isKilled(true), 1);

  test('finds the token on the first page, newest first', async () => {
    createdOne();
    exabits.seedMany(150);
    const { log, calls, left } = await runJob(exabits, {}, ({ name }) => exabits.seed(`${name}0`));
    expect([log, left.length]).toEqual([deleted, 151]);
    expect(calls).toEqual([logIn, page('asc'), page('desc'), someDeletion]);
  });

  test.each([
    ['60', [1000, 2000, 0]],
    ['3', [100, 100, 0]],
  ])('looks three times before it says that there is none (timeout %s s)', async (timeout, waits) => {
    createdNone();
    const { log, calls } = await runJob(exabits, { 'timeout-seconds': timeout });
    expect(log).toBe('No API token NAME is left at Exabits.');
    expect(calls).toEqual([logIn, page('asc'), page('desc'), page('desc'), page('desc')]);
    expect(clock.waits).toEqual(waits);
  });

  test('finds what earlier tries left on later pages, if recent enough', async () => {
    createdOne();
    const { calls, left } = await runJob(exabits, {}, ({ name }) => {
      exabits.seed(name, { hoursOld: 1 });
      for (let index = 0; index < 150; index += 1) exabits.seed(`other-${index}`, { hoursOld: 0.5 });
      exabits.seed('long ago', { hoursOld: 3 });
    });
    expect(left).toHaveLength(151);
    expect(calls.filter((call) => call.endsWith('desc'))).toHaveLength(2);
  });

  test('finds a token that Exabits creates between two looks', async () => {
    createdNone();
    const { log, left } = await runJob(exabits, {}, ({ name }) => {
      const createsLate = double.afterwards(() => void exabits.seed(name));
      exabits.when(page('desc'), createsLate, 1);
    });
    expect([log, left]).toEqual([deleted, []]);
  });

  test.each<[string, double.Behaviour, number]>([
    ['as documented', (carryOut) => carryOut(), 2],
    ['whose total counts only the page', double.lists((data) => yes(data, { total: data.length })), 2],
    ['without a total', double.lists((data) => yes(data)), 2],
    ['in smaller pages', (carryOut) => carryOut({ limit: '50' }), 4],
    ['in another order, to the end', double.ignoresOrder, 3],
    [
      'without timestamps, to the end',
      double.lists((data) => yes(data.map(({ id, name }) => ({ id, name })))),
      3,
    ],
  ])('reads a list %s', async (_how, behaviour, pages) => {
    createdOne();
    // Before it by time and by name, so that it is on the second page of either order.
    for (let index = 0; index < 140; index += 1) exabits.seed(`a-${index}`, { hoursOld: -1 });
    exabits.seedMany(10);
    exabits.when('GET', behaviour);
    const { log, calls, left } = await runJob(exabits);
    expect([log, left.length]).toEqual([deleted, 150]);
    expect(calls.filter((call) => call.endsWith('desc'))).toHaveLength(pages);
  });

  test('does not mistake a page that is sorted by chance for a sorted list', async () => {
    createdOne();
    const age = (index: number): number => (index < 80 ? -1 - (index % 7) : -1);
    for (let index = 0; index < 140; index += 1) {
      exabits.seed(`a-${String(index).padStart(3, '0')}`, { hoursOld: age(index) });
    }
    exabits.when('GET', double.ignoresOrder);
    const { log, calls } = await runJob(exabits);
    expect(log).toBe(deleted);
    expect(calls.filter((call) => call.endsWith('desc'))).toHaveLength(3);
  });

  test('finds a token that moves up the list because other jobs delete theirs', async () => {
    createdOne();
    for (let index = 0; index < 100; index += 1) exabits.seed('laptop', { hoursOld: -1 });
    const deletions = (): void => exabits.tokens().slice(0, 20).forEach(exabits.remove, exabits);
    exabits.when(page('desc'), double.afterwards(deletions), 1);
    expect((await runJob(exabits)).log).toBe(deleted);
  });

  test.each<[string, double.Behaviour, string]>([
    ['is refused', double.refuses(400, 'no list today'), '"no list today"'],
    ['is empty', double.answers(200), 'GET /api-tokens is empty'],
    ['ends before its total', double.answers(200, yes([], { total: 1 })), 'it ends before its "total"'],
    ['repeats its first page', (carryOut) => carryOut({ offset: '0' }), 'it ends before its "total"'],
    ['never ends', endless(), 'it goes on after 1000 pages'],
    ['has a token without an id', double.answers(200, yes([{ name: 'x' }])), 'the "id" of an entry is not'],
  ])('warns that the token may be valid if the list %s', async (_what, list, reason) => {
    createdNone();
    exabits.seedMany(190);
    exabits.when(/^GET .*desc$/, list);
    const { log, post } = await runJob(exabits);
    expect(log).toMatch(/^Warning: The API token NAME may still be valid: .*GET \/api-tokens/);
    expect(log).toContain(reason);
    expect(post.exitCode).toBe(0);
    expect(exabits.calls.length).toBeLessThanOrEqual(2 + 1000);
  });
});

describe('a token that cannot be deleted', () => {
  test('is reported in a warning with its id and the command that deletes it', async () => {
    exabits.when('DELETE', double.refuses(403, 'not allowed'));
    const { job, post, log } = await runJob(exabits);
    expect(log).toBe(
      `Warning: The API token NAME may still be valid: Exabits refused the tokens of the login (HTTP 403, "not allowed"). Check that the account may use the API, and that the runner's clock is right. Delete it by hand: egpu token delete ID --force`,
    );
    expect(post).toMatchObject({ exitCode: 0, env: { EXABITS_API_TOKEN: '' } });
    expect(job.temporaryFiles()).toEqual([]);
  });

  test('is reported with a way to find its id if that is unknown', async () => {
    exabits.when(create, double.isKilled(true));
    const { log } = await runJob(exabits, {}, () => exabits.when(logIn, double.answers(401, no('locked'))));
    expect(log).toMatch(
      /^Warning: The API token NAME may still be valid: Exabits did not accept .* Look for NAME in the output of "egpu token list", and delete it by hand: egpu token delete ID --force$/,
    );
  });

  test('is reported if the step no longer has credentials', async () => {
    const { job, main } = await runJob(exabits, outputsOnly);
    const post = await job.post({ ...main, inputs: { ...main.inputs, username: '', password: '' } });
    expect(post.log).toMatch(/\nWarning: The API token gha-.* may still be valid: No credentials: /);
  });
});

/** Each page has one token that no earlier page had. */
function endless(): double.Behaviour {
  let id = 0;
  return () => {
    id += 1;
    return double.answers(
      200,
      yes([{ id: String(id), name: 'laptop', created_at: -id }]),
    )(() => {
      throw new Error('never carried out');
    });
  };
}
