import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { skipWaits, stopCalendar } from './support/clock.ts';
import {
  apiToken,
  apiUrl,
  email,
  ephemeralToken,
  exabits,
  jwtUntil,
  loginInputs,
  no,
  yes,
} from './support/exabits.ts';
import { Job, type Step } from './support/job.ts';

const accessToken = jwtUntil('2026-11-24T12:30:00Z');
const login = { access_token: accessToken, refresh_token: 'refresh-token', username: 'ada', email };
const inputs = { ...loginInputs, 'ephemeral-api-token': 'true' };
const nowSeconds = Date.parse('2026-11-24T12:00:00Z') / 1000;

const clock = skipWaits();
const { ephemeralTokenLabel } = await import('../../src/ephemeral-token.ts');

beforeEach(() => {
  clock.waits.length = 0;
  stopCalendar('2026-11-24T12:00:00Z');
});

function prepareLogin(): void {
  exabits().post('/authenticate/login').reply(200, yes(login));
}

/** What the step asks for when it creates a token. */
interface Asked {
  name: string;
  description: string;
}

/** Lets Exabits create a token, and returns what it was asked for. */
function prepareCreation(): Asked {
  const asked: Asked = { name: '', description: '' };
  exabits()
    .post('/api-tokens', (body) => Boolean(Object.assign(asked, body)))
    .matchHeader('authorization', `Bearer ${accessToken}`)
    .matchHeader('refresh-token', 'refresh-token')
    .reply(200, yes({ id: 'tok-1', token: ephemeralToken, name: 'x', created_at: nowSeconds }));
  return asked;
}

function as(token: string) {
  return exabits().matchHeader('authorization', `Bearer ${token}`);
}

function listed(...tokens: [id: string | number, name: string][]): Record<string, unknown> {
  const entries = tokens.map(([id, name]) => ({ id, name, created_at: nowSeconds, last_used: null }));
  return yes(entries, { total: entries.length });
}

/** Lets the list be read once with these credentials. */
function prepareList(token: string, ...tokens: [id: string | number, name: string][]): void {
  as(token)
    .get('/api-tokens')
    .query({ limit: 100, offset: 0 })
    .reply(200, listed(...tokens));
}

/** Lets the token of the job be deleted with these credentials. */
function prepareDeletion(token: string): void {
  prepareList(token, ['mine', 'laptop']);
  as(token).delete('/api-tokens/tok-1').reply(200, yes());
}

/** A job whose main step made a token, with its name. */
async function jobWithToken(
  more: Record<string, string> = {},
): Promise<{ job: Job; main: Step; name: string }> {
  prepareLogin();
  const asked = prepareCreation();
  const job = new Job();
  const main = await job.main({ ...inputs, ...more });
  expect(main.exitCode).toBe(0);
  return { job, main, name: asked.name };
}

test('the whole job of a token that is made for it', async () => {
  const { job, main, name } = await jobWithToken();
  prepareDeletion(ephemeralToken);
  const post = await job.post(main);

  expect(main.log).toBe(
    `Signed in to gpu-api.exascalelabs.ai with the API token ${name}, made for this job. The post step deletes it.`,
  );
  expect(post.log).toBe(
    [
      'Cleared EXABITS_API_URL, EXABITS_API_BASE_URL, EXABITS_HEADERS_FILE, EXABITS_API_TOKEN, the header file.',
      `Deleted the API token ${name}.`,
    ].join('\n'),
  );
  expect([main.exitCode, post.exitCode]).toEqual([0, 0]);
});

describe('the job gets the token alone', () => {
  test('in the outputs', async () => {
    const { job, main } = await jobWithToken();
    expect(main.outputs).toEqual({
      'auth-method': 'ephemeral-api-token',
      token: ephemeralToken,
      'access-token': '',
      'refresh-token': '',
      'api-token': ephemeralToken,
      'api-token-id': 'tok-1',
      'access-token-expires-at': '',
      'refresh-token-expires-at': '',
      username: 'ada',
      email: 'ada@example.com',
      'api-url': apiUrl,
      'api-base-url': `${apiUrl}/api/v1`,
      'headers-file': job.temporaryFiles()[0],
    });
  });

  test('in the environment and in the header file', async () => {
    const { job, main } = await jobWithToken();
    expect(main.env).toEqual({
      EXABITS_API_URL: apiUrl,
      EXABITS_API_BASE_URL: `${apiUrl}/api/v1`,
      EXABITS_HEADERS_FILE: job.temporaryFiles()[0],
      EXABITS_API_TOKEN: ephemeralToken,
    });
    expect(readFileSync(job.temporaryFiles()[0] ?? '', 'utf8')).toBe(
      `Authorization: Bearer ${ephemeralToken}\n`,
    );
  });

  test('and not the long-lived one that created it', async () => {
    as(apiToken)
      .post('/api-tokens')
      .reply(200, yes({ id: 7, token: ephemeralToken }));
    const step = await new Job().main({ 'api-token': apiToken, 'ephemeral-api-token': 'true' });
    expect(step.outputs).toMatchObject({
      'auth-method': 'ephemeral-api-token',
      token: ephemeralToken,
      'api-token-id': '7',
      username: '',
    });
    expect(JSON.stringify([step.outputs, step.env, step.state])).not.toContain(apiToken);
  });
});

describe('whoever finds the token in the Exabits console', () => {
  test('sees from its name which run made it', async () => {
    const { name } = await jobWithToken();
    expect(name).toMatch(/^gha-9876543210-2-[0-9a-f]{8}$/);
    expect(name.length).toBeLessThanOrEqual(50);
  });

  test('sees from its description where that is', async () => {
    prepareLogin();
    const asked = prepareCreation();
    await new Job().main(inputs);
    for (const part of ['octo-org/train', 'nightly training', 'job train']) {
      expect(asked.description).toContain(part);
    }
    expect(asked.description).toContain(
      'https://github.com/octo-org/train/actions/runs/9876543210/attempts/2',
    );
  });

  test('sees a name of its own for each', () => {
    const names = Array.from({ length: 50 }, () => ephemeralTokenLabel({}).name);
    expect(new Set(names).size).toBe(50);
  });

  test('sees a description of one line and sensible length, whatever the workflow is called', () => {
    const { description } = ephemeralTokenLabel({
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_REPOSITORY: 'octo-org/train',
      GITHUB_RUN_ID: '1',
      GITHUB_WORKFLOW: `a\nb${'c'.repeat(1000)}`,
    });
    expect(description).toContain('https://github.com/octo-org/train/actions/runs/1');
    expect(description).toContain('a bccc');
    expect(description.length).toBeLessThanOrEqual(250);
  });

  test('sees what is known where the runner says little', () => {
    expect(ephemeralTokenLabel({}).description).toBe('workflow , job of : //actions/runs/0/attempts/0');
  });

  test('sees the largest numbers that a name has room for', () => {
    const [run, attempt] = ['1'.repeat(20), '2'.repeat(10)];
    expect(ephemeralTokenLabel({ GITHUB_RUN_ID: run, GITHUB_RUN_ATTEMPT: attempt }).name).toMatch(
      new RegExp(`^gha-${run}-${attempt}-`),
    );
  });

  test.each([undefined, '', 'seven', '1.5', '-1', '1'.repeat(21), '1\n2'])(
    'sees zeros where a runner numbers its runs in another way: %j',
    (id) => {
      expect(ephemeralTokenLabel({ GITHUB_RUN_ID: id, GITHUB_RUN_ATTEMPT: id }).name).toMatch(
        /^gha-0-0-[0-9a-f]{8}$/,
      );
    },
  );
});

describe('the state', () => {
  test('has the name of the token before the request for it goes out, and its id afterwards', async () => {
    prepareLogin();
    const job = new Job();
    let stateThen = '';
    let nameThen = '';
    exabits()
      .post('/api-tokens', (body) => {
        nameThen = body.name;
        return true;
      })
      .reply(200, () => {
        stateThen = readFileSync(job.commandFile('GITHUB_STATE'), 'utf8');
        return yes({ id: 'tok-1', token: ephemeralToken });
      });
    const { state } = await job.main(inputs);
    expect(nameThen).toMatch(/^gha-/);
    expect(stateThen).toContain(nameThen);
    expect(stateThen).not.toContain('tok-1');
    expect(JSON.parse(state['ephemeral-token'] ?? '')).toEqual({
      name: nameThen,
      id: 'tok-1',
      apiUrl,
      timeoutMs: 60_000,
      maxAttempts: 5,
      staleTokenHours: 168,
    });
  });

  test('that cannot be written means that no token is created', async () => {
    prepareLogin();
    const step = await new Job({ GITHUB_STATE: '' }).main(inputs);
    expect(step.exitCode).toBe(1);
    expect(step.log).toContain('GITHUB_STATE is not set');
  });

  test('holds no secret', async () => {
    const { main } = await jobWithToken();
    const state = JSON.stringify(main.state);
    for (const secret of [ephemeralToken, accessToken, 'refresh-token', loginInputs.password]) {
      expect(state).not.toContain(secret);
    }
  });
});

describe('creating a token is not idempotent, so', () => {
  test('what a lost answer may have left is deleted before the next try', async () => {
    prepareLogin();
    const names: string[] = [];
    const calls: string[] = [];
    const note = (body: Record<string, string>) => names.push(body.name ?? '') > 0;
    exabits()
      .post('/api-tokens', note)
      .replyWithError(Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' }));
    exabits()
      .get('/api-tokens')
      .query({ limit: 100, offset: 0 })
      .reply(200, () => {
        calls.push('list');
        return listed(['lost', names[0] ?? ''], ['other', 'gha-9876543210-2-00000000'], ['mine', 'laptop']);
      });
    exabits()
      .delete('/api-tokens/lost')
      .reply(200, () => {
        calls.push('delete');
        return yes();
      });
    exabits()
      .post('/api-tokens', note)
      .reply(200, () => {
        calls.push('create');
        return yes({ id: 'tok-2', token: ephemeralToken });
      });
    const step = await new Job().main(inputs);
    expect(step.outputs['api-token-id']).toBe('tok-2');
    expect(calls).toEqual(['list', 'delete', 'create']);
    expect(names[1]).toBe(names[0]);
  });

  test('what a lost answer may have left, and did not, costs a look', async () => {
    prepareLogin();
    exabits().post('/api-tokens').reply(502);
    exabits().get('/api-tokens').query(true).reply(200, listed());
    exabits()
      .post('/api-tokens')
      .reply(200, yes({ id: 'tok-2', token: ephemeralToken }));
    expect((await new Job().main(inputs)).outputs['api-token-id']).toBe('tok-2');
  });

  test('there is no next try where nobody can tell; the post step looks again', async () => {
    prepareLogin();
    const asked: Asked = { name: '', description: '' };
    exabits()
      .post('/api-tokens', (body) => Boolean(Object.assign(asked, body)))
      .reply(502);
    exabits().get('/api-tokens').query(true).reply(400, no('no list today'));
    const job = new Job();
    const main = await job.main(inputs);
    expect(main.exitCode).toBe(1);
    expect(main.log).toContain('GET /api-tokens (HTTP 400, "no list today")');
    expect(main.outputs).toEqual({});

    prepareLogin();
    exabits()
      .get('/api-tokens')
      .query(true)
      .reply(200, listed(['lost', asked.name]));
    exabits().delete('/api-tokens/lost').reply(200, yes());
    const post = await job.post(main);
    expect(post.log).toBe(`Deleted the API token ${asked.name}.`);
  });
});

test('the main step makes two requests and no more: it logs in, and creates', async () => {
  prepareLogin();
  prepareCreation();
  // Any third one would be a surplus, which fails the test.
  const step = await new Job().main(inputs);
  expect(step.exitCode).toBe(0);
});

test('a creation that is refused fails the step', async () => {
  prepareLogin();
  exabits().post('/api-tokens').reply(403, no('API tokens are not for you'));
  const step = await new Job().main(inputs);
  expect(step.log).toMatch(
    /^Error: Exabits refused the tokens of the login \(HTTP 403, "API tokens are not for you"\)/,
  );
  expect(step.env).toEqual({});
});

describe('the post step deletes the token', () => {
  test('by itself, hours later, when the login has long expired', async () => {
    const { job, main, name } = await jobWithToken();
    stopCalendar('2026-11-25T12:00:00Z');
    prepareDeletion(ephemeralToken);
    expect((await job.post(main)).log).toContain(`\nDeleted the API token ${name}.`);
  });

  test('after it has read it from the header file, and cleared the job', async () => {
    const { job, main } = await jobWithToken();
    let filesThen: string[] | undefined;
    as(ephemeralToken)
      .get('/api-tokens')
      .query(true)
      .reply(200, () => {
        filesThen = job.temporaryFiles();
        return listed();
      });
    as(ephemeralToken).delete('/api-tokens/tok-1').reply(200, yes());
    expect((await job.post(main)).exitCode).toBe(0);
    expect(filesThen).toEqual([]);
  });

  test('with the variable where the header file is gone', async () => {
    const { job, main, name } = await jobWithToken();
    rmSync(main.outputs['headers-file'] ?? '');
    prepareDeletion(ephemeralToken);
    expect((await job.post(main)).log).toContain(`\nDeleted the API token ${name}.`);
  });

  test('with the variable where no header file was wanted', async () => {
    const { job, main, name } = await jobWithToken({ 'write-headers-file': 'false' });
    prepareDeletion(ephemeralToken);
    expect((await job.post(main)).log).toContain(`\nDeleted the API token ${name}.`);
  });

  test('with a fresh login where the header file is gone and the variable is for another host', async () => {
    const { job, main, name } = await jobWithToken();
    rmSync(main.outputs['headers-file'] ?? '');
    job.env.EXABITS_API_URL = 'https://reseller.example';
    prepareLogin();
    prepareDeletion(accessToken);
    expect((await job.post(main)).log).toContain(`\nDeleted the API token ${name}.`);
  });

  test('with a fresh login where neither was wanted', async () => {
    const { job, main, name } = await jobWithToken({
      'write-headers-file': 'false',
      'export-environment': 'false',
    });
    prepareLogin();
    prepareDeletion(accessToken);
    expect((await job.post(main)).log).toContain(`\nDeleted the API token ${name}.`);
  });

  test('with a fresh login where the header file and the variable hold something else', async () => {
    const { job, main, name } = await jobWithToken();
    writeFileSync(main.outputs['headers-file'] ?? '', 'X-Other: header\n');
    job.env.EXABITS_API_TOKEN = 'two words';
    prepareLogin();
    prepareDeletion(accessToken);
    expect((await job.post(main)).log).toContain(`\nDeleted the API token ${name}.`);
  });

  test('even if the list cannot be read', async () => {
    const { job, main, name } = await jobWithToken();
    as(ephemeralToken).get('/api-tokens').query(true).reply(400, no('no list today'));
    as(ephemeralToken).delete('/api-tokens/tok-1').reply(200, yes());
    expect((await job.post(main)).log).toContain(`\nDeleted the API token ${name}.\nWarning: `);
  });

  test('with a fresh login where the token itself is refused', async () => {
    const { job, main, name } = await jobWithToken();
    prepareList(ephemeralToken);
    as(ephemeralToken).delete('/api-tokens/tok-1').reply(403, no('not with a token'));
    prepareLogin();
    prepareDeletion(accessToken);
    const post = await job.post(main);
    expect(post.log).toContain(`\nDeleted the API token ${name}.`);
    expect(post.log).not.toContain('Warning');
  });

  test('with the API token of the inputs where that created it', async () => {
    as(apiToken)
      .post('/api-tokens')
      .reply(200, yes({ id: 'tok-1', token: ephemeralToken }));
    const job = new Job();
    const main = await job.main({
      ...inputs,
      username: '',
      password: '',
      'api-token': apiToken,
      'export-environment': 'false',
    });
    rmSync(main.outputs['headers-file'] ?? '');
    prepareDeletion(apiToken);
    expect((await job.post(main)).log).toContain('\nDeleted the API token gha-');
  });

  test('and is content where somebody has deleted it already', async () => {
    const { job, main, name } = await jobWithToken();
    as(ephemeralToken).get('/api-tokens').query(true).reply(401, no('unknown token'));
    as(ephemeralToken).delete('/api-tokens/tok-1').reply(401, no('unknown token'));
    prepareLogin();
    prepareList(accessToken);
    as(accessToken).delete('/api-tokens/tok-1').reply(404, no('unknown id'));
    const post = await job.post(main);
    expect(post.log).toContain(`\nDeleted the API token ${name}.`);
    expect(post.log).not.toContain('Warning');
  });

  test('but is not content with a 404 of something else that answers in place of Exabits', async () => {
    const { job, main, name } = await jobWithToken();
    prepareList(ephemeralToken);
    as(ephemeralToken).delete('/api-tokens/tok-1').reply(404, '<html>Not found</html>');
    prepareLogin();
    prepareList(accessToken);
    as(accessToken).delete('/api-tokens/tok-1').reply(404, { message: 'no route' });
    const post = await job.post(main);
    expect(post.log).toContain(`Warning: The API token ${name} may still be valid: `);
    expect(post.log).not.toContain('Deleted');
  });

  test('with another of its name, which a creation left that was carried out too late', async () => {
    const { job, main, name } = await jobWithToken();
    prepareList(ephemeralToken, ['late', name], ['tok-1', name], ['mine', 'laptop']);
    const deleted: string[] = [];
    for (const id of ['late', 'tok-1']) {
      as(ephemeralToken)
        .delete(`/api-tokens/${id}`)
        .reply(200, () => {
          deleted.push(id);
          return yes();
        });
    }
    const post = await job.post(main);
    expect(post.log).toContain(`\nDeleted the API token ${name}.`);
    expect(deleted).toEqual(['late', 'tok-1']);
  });

  test('after some tries where Exabits is slow to answer', async () => {
    const { job, main } = await jobWithToken();
    prepareList(ephemeralToken);
    as(ephemeralToken).delete('/api-tokens/tok-1').reply(503);
    as(ephemeralToken).delete('/api-tokens/tok-1').reply(204);
    const post = await job.post(main);
    expect(post.log).toMatch(/\nTry 1 of 5 failed \(HTTP 503\).*\nDeleted the API token/);
  });

  test('at the address where it was made, even if the environment has changed', async () => {
    exabits('https://reseller.example')
      .post('/authenticate/login')
      .reply(200, yes({ ...login, access_token: 'reseller-access-token' }));
    exabits('https://reseller.example')
      .post('/api-tokens')
      .reply(200, yes({ id: 'tok-1', token: ephemeralToken }));
    const job = new Job({ EXABITS_API_URL: 'https://reseller.example' });
    const main = await job.main(inputs);
    job.env.EXABITS_API_URL = 'https://other.example';
    exabits('https://reseller.example').get('/api-tokens').query(true).reply(200, listed());
    exabits('https://reseller.example').delete('/api-tokens/tok-1').reply(200, yes());
    expect((await job.post(main)).log).toContain('Deleted the API token');
  });

  test('with the number of tries that the step was given', async () => {
    const { job, main } = await jobWithToken({ 'max-attempts': '2' });
    prepareList(ephemeralToken);
    exabits().delete('/api-tokens/tok-1').times(2).reply(503);
    exabits().post('/authenticate/login').times(2).reply(503);
    const post = await job.post(main);
    expect(post.log).toContain('Try 1 of 2 failed');
    expect(post.log).toContain('(2 tries)');
  });
});

describe('a main step that was killed', () => {
  /** The state of a main step that came no further than to announce the token. */
  async function announced(
    more: Record<string, string> = {},
  ): Promise<{ job: Job; main: Step; name: string }> {
    prepareLogin();
    const asked: Asked = { name: '', description: '' };
    exabits()
      .post('/api-tokens', (body) => Boolean(Object.assign(asked, body)))
      .reply(400, no('as good as killed'));
    const job = new Job();
    const main = await job.main({ ...inputs, ...more });
    expect(JSON.parse(main.state['ephemeral-token'] ?? '')).not.toHaveProperty('id');
    prepareLogin();
    return { job, main, name: asked.name };
  }

  test('before its request leaves nothing to delete', async () => {
    const { job, main, name } = await announced();
    for (let look = 1; look <= 3; look += 1) prepareList(accessToken, ['mine', 'laptop']);
    const post = await job.post(main);
    expect(post.log).toBe(`No API token ${name} is left at Exabits.`);
    expect(post.exitCode).toBe(0);
  });

  test('during a request that Exabits carries out later leaves a token that a second look finds', async () => {
    const { job, main, name } = await announced();
    prepareList(accessToken, ['mine', 'laptop']);
    prepareList(accessToken, ['mine', 'laptop'], ['late', name]);
    as(accessToken).delete('/api-tokens/late').reply(200, yes());
    expect((await job.post(main)).log).toBe(`Deleted the API token ${name}.`);
  });

  test.each([
    ['60', [1000, 2000]],
    ['3', [100, 100]],
  ])('is looked after no longer than a share of %s seconds', async (timeout, waits) => {
    const { job, main } = await announced({ 'timeout-seconds': timeout });
    for (let look = 1; look <= 3; look += 1) prepareList(accessToken);
    await job.post(main);
    expect(clock.waits).toEqual(waits);
  });

  test('during its request leaves a token that is found by its name', async () => {
    const { job, main, name } = await announced();
    prepareList(accessToken, ['mine', 'laptop'], ['lost', name], ['other', `${name}0`]);
    as(accessToken).delete('/api-tokens/lost').reply(200, yes());
    expect((await job.post(main)).log).toBe(`Deleted the API token ${name}.`);
  });

  test.each<[string, unknown]>([
    ['says no', no('no list today')],
    ['is empty', ''],
    ['ends before its total', yes([], { total: 1 })],
    ['has an entry of the right name without an id', yes([{ name: 'gha-1-1-00000000' }], { total: 1 })],
  ])(
    'and whose token cannot be looked for, because the list %s, is told in a warning',
    async (_what, list) => {
      const { job, main, name } = await announced();
      exabits().get('/api-tokens').query(true).reply(200, list);
      const post = await job.post(main);
      expect(post.log).toMatch(
        new RegExp(`^Warning: The API token ${name} may still be valid: .*GET /api-tokens`),
      );
      expect(post.exitCode).toBe(0);
    },
  );

  test.each([
    ['is found on the last page', 70, 151],
    ['has moved up to where the first page was, because other jobs delete theirs meanwhile', 0, 81],
  ])('leaves a token that %s', async (_where, before, total) => {
    const { job, main, name } = await announced();
    const page = (offset: number, length: number) =>
      Array.from({ length }, (_, index) => ({ id: offset + index, name: 'laptop', created_at: nowSeconds }));
    const get = (offset: number) => exabits().get('/api-tokens').query({ limit: 100, offset });
    get(0).reply(200, yes(page(0, 100), { total: 151 }));
    get(80).reply(200, yes([...page(80, before), { id: 'lost', name, created_at: nowSeconds }], { total }));
    exabits().delete('/api-tokens/lost').reply(200, yes());
    expect((await job.post(main)).log).toBe(`Deleted the API token ${name}.`);
  });

  test('before it announced a token leaves nothing to do', async () => {
    const post = await new Job().post({ inputs, state: {} });
    expect(post.log).toBe('Nothing to clear: the step handed nothing on.');
  });
});

describe('a token that cannot be deleted', () => {
  /** Lets nobody delete the token of the job. */
  function prepareRefusal(): void {
    prepareList(ephemeralToken);
    as(ephemeralToken).delete('/api-tokens/tok-1').reply(403, no('not allowed'));
  }

  test('is named in a warning with its id, and with the command that deletes it', async () => {
    const { job, main, name } = await jobWithToken();
    prepareRefusal();
    prepareLogin();
    prepareList(accessToken);
    as(accessToken).delete('/api-tokens/tok-1').reply(403, no('still not allowed'));
    const post = await job.post(main);
    expect(post.log.split('\n').at(-1)).toBe(
      `Warning: The API token ${name} may still be valid: Exabits refused the tokens of the login (HTTP 403, "still not allowed"). Check that the account may use the API, and that the runner's clock is right. Delete it by hand: egpu token delete tok-1 --force`,
    );
    expect(post.exitCode).toBe(0);
    expect(post.lines.filter((line) => !line.startsWith('::add-mask::')).join()).not.toContain(
      ephemeralToken,
    );
  });

  test('whose id nobody knows is named with the way to find it', async () => {
    prepareLogin();
    exabits().post('/api-tokens').reply(400, no('broken'));
    const job = new Job();
    const main = await job.main(inputs);
    exabits().post('/authenticate/login').reply(401, no('locked'));
    const post = await job.post(main);
    const { name } = JSON.parse(main.state['ephemeral-token'] ?? '');
    expect(post.log).toContain(`Warning: The API token ${name} may still be valid: Exabits did not accept`);
    expect(post.log).toMatch(
      /Look for gha-.* in the output of "egpu token list", and delete it by hand: egpu token delete ID --force$/,
    );
    expect(post.exitCode).toBe(0);
  });

  test('because the deletion of what was found fails is named too', async () => {
    prepareLogin();
    const asked: Asked = { name: '', description: '' };
    exabits()
      .post('/api-tokens', (body) => Boolean(Object.assign(asked, body)))
      .reply(400, no('broken'));
    const job = new Job();
    const main = await job.main(inputs);
    prepareLogin();
    exabits()
      .get('/api-tokens')
      .query(true)
      .reply(200, listed(['lost', asked.name]));
    exabits().delete('/api-tokens/lost').reply(400, no('will not'));
    const post = await job.post(main);
    expect(post.log).toMatch(/^Warning: The API token gha-.* may still be valid: .*"will not"/);
    expect(post.log).not.toContain('Deleted');
  });

  test('because the step has no credentials any more is named too', async () => {
    const { job, main } = await jobWithToken();
    prepareRefusal();
    const post = await job.post({ ...main, inputs: { ...main.inputs, username: '', password: '' } });
    expect(post.log).toMatch(/\nWarning: The API token gha-.* may still be valid: No credentials: /);
    expect(post.exitCode).toBe(0);
  });

  test('does not keep the job from being cleared', async () => {
    const { job, main } = await jobWithToken();
    prepareRefusal();
    exabits().post('/authenticate/login').reply(401, no('locked'));
    const post = await job.post(main);
    expect(post.log).toMatch(/^Cleared EXABITS_API_URL/);
    expect(job.temporaryFiles()).toEqual([]);
    expect(post.env.EXABITS_API_TOKEN).toBe('');
  });
});

test('cleanup: false is an error: the token would never expire and never be deleted', async () => {
  const step = await new Job().main({ ...inputs, cleanup: 'false' });
  expect(step.log).toMatch(
    /^Error: Inputs "ephemeral-api-token: true" and "cleanup: false" exclude each other/,
  );
  expect(step.exitCode).toBe(1);
});

test('two jobs of one run have a token each, and each deletes its own', async () => {
  const first = await jobWithToken();
  prepareLogin();
  exabits()
    .post('/api-tokens')
    .reply(200, yes({ id: 'tok-2', token: 'exa-second-token' }));
  const second = new Job();
  const secondMain = await second.main(inputs);

  prepareList('exa-second-token', ['tok-1', first.name]);
  as('exa-second-token').delete('/api-tokens/tok-2').reply(200, yes());
  await second.post(secondMain);
  prepareDeletion(ephemeralToken);
  await first.job.post(first.main);
});
