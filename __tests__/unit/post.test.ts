import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { stopCalendar } from './support/clock.ts';
import { apiToken, exabits, jwtUntil, loginInputs, no, yes } from './support/exabits.ts';
import { InProcessJob, type Step } from './support/job.ts';

const tokenInputs = { 'api-token': apiToken };

beforeEach(() => stopCalendar('2026-11-24T12:00:00Z'));

function logIn(job: InProcessJob, inputs: Record<string, string> = {}): Promise<Step> {
  exabits()
    .post('/authenticate/login')
    .reply(200, yes({ access_token: jwtUntil('2026-11-24T12:30:00Z'), refresh_token: 'refresh-token' }));
  return job.main({ ...loginInputs, ...inputs });
}

describe('the post step', () => {
  test('empties each variable that the step set, removes its header file and logs one line', async () => {
    const job = new InProcessJob();
    const main = await logIn(job);
    const post = await job.post(main);

    expect(Object.keys(post.env)).toEqual(Object.keys(main.env));
    expect(Object.keys(post.env)).toHaveLength(8);
    expect(new Set(Object.values(post.env))).toEqual(new Set(['']));
    expect(job.temporaryFiles()).toEqual([]);
    expect(post.lines).toHaveLength(1);
    expect(post.log).toMatch(/^Cleared EXABITS_API_URL, .*, the header file\.$/);
    expect(post.exitCode).toBe(0);
  });

  test('has nothing to clear after a failed step', async () => {
    exabits().post('/authenticate/login').reply(401, no('wrong'));
    const job = new InProcessJob();
    const main = await job.main(loginInputs);
    const post = await job.post(main);
    expect(post.log).toBe('Nothing to clear: the step exported nothing.');
    expect(post.env).toEqual({});
    expect(post.exitCode).toBe(0);
  });

  test('has nothing to clear if the step was killed before it saved anything', async () => {
    const post = await new InProcessJob().post({ inputs: loginInputs, state: {} });
    expect(post.log).toBe('Nothing to clear: the step exported nothing.');
    expect(post.exitCode).toBe(0);
  });

  test('clears what a step set before it was killed', async () => {
    const job = new InProcessJob();
    const { inputs, state } = await logIn(job);
    rmSync(job.temporaryFiles()[0] ?? '');
    const post = await job.post({ inputs, state });
    expect(Object.keys(post.env)).toHaveLength(8);
    expect(post.log).toMatch(/^Cleared /);
    expect(post.exitCode).toBe(0);
  });

  test('leaves everything with cleanup: false, and says so', async () => {
    const job = new InProcessJob();
    const main = await logIn(job, { cleanup: 'false' });
    const post = await job.post(main);
    expect(post.env).toEqual({});
    expect(job.temporaryFiles()).toEqual([main.outputs['headers-file']]);
    expect(post.log).toBe(
      'Left in place, because cleanup is false: EXABITS_API_URL, EXABITS_API_BASE_URL, EXABITS_AUTH_SOURCE, EXABITS_AUTH_FINGERPRINT, EXABITS_HEADERS_FILE, EXABITS_ACCESS_TOKEN, EXABITS_REFRESH_TOKEN, EXABITS_ACCESS_TOKEN_EXPIRES_AT, the header file.',
    );
    expect(post.exitCode).toBe(0);
  });

  test('has nothing to leave if the step only set outputs', async () => {
    const job = new InProcessJob();
    const inputs = { cleanup: 'false', 'export-environment': 'false', 'write-headers-file': 'false' };
    const post = await job.post(await logIn(job, inputs));
    expect(post.log).toBe('Left in place, because cleanup is false: nothing.');
  });

  test('removes the header file if nothing was exported', async () => {
    const job = new InProcessJob();
    const post = await job.post(await logIn(job, { 'export-environment': 'false' }));
    expect(post.log).toBe('Cleared the header file.');
    expect(post.env).toEqual({});
    expect(job.temporaryFiles()).toEqual([]);
  });

  test('makes no request for a login or an API token: Exabits has no logout', async () => {
    const job = new InProcessJob();
    const post = await job.post(await job.main({ ...loginInputs, ...tokenInputs }));
    expect(post.exitCode).toBe(0);
  });
});

describe('a problem in the post step is a warning and never fails the job:', () => {
  test('no warning for a header file that is already gone', async () => {
    const job = new InProcessJob();
    const main = await job.main(tokenInputs);
    rmSync(main.outputs['headers-file'] ?? '');
    const post = await job.post(main);
    expect(post.log).toMatch(/^Cleared .*, the header file\.$/);
  });

  test('a header file that cannot be removed', async () => {
    const job = new InProcessJob();
    const main = await job.main(tokenInputs);
    const path = main.outputs['headers-file'] ?? '';
    rmSync(path);
    mkdirSync(path);
    const post = await job.post(main);
    expect(post.log).toMatch(
      /^Warning: Could not remove the header file: .*\nCleared EXABITS_API_URL, .*EXABITS_API_TOKEN\.$/,
    );
    expect(post.env.EXABITS_API_TOKEN).toBe('');
    expect(post.exitCode).toBe(0);
  });

  test('variables that cannot be emptied', async () => {
    const job = new InProcessJob();
    const main = await job.main(tokenInputs);
    job.env.GITHUB_ENV = '';
    const post = await job.post(main);
    expect(post.log).toMatch(
      /^Warning: Could not empty the variables: .*GITHUB_ENV is not set.*\nCleared the header file\.$/,
    );
    expect(job.temporaryFiles()).toEqual([]);
    expect(post.exitCode).toBe(0);
  });

  test('no warning for a missing GITHUB_ENV if the step set no variables', async () => {
    const job = new InProcessJob();
    const main = await job.main({ ...tokenInputs, 'export-environment': 'false' });
    job.env.GITHUB_ENV = '';
    expect((await job.post(main)).log).toBe('Cleared the header file.');
  });

  test('both at once', async () => {
    const job = new InProcessJob();
    const main = await job.main(tokenInputs);
    const path = main.outputs['headers-file'] ?? '';
    rmSync(path);
    mkdirSync(path);
    job.env.GITHUB_ENV = '';
    const post = await job.post(main);
    expect(post.log.split('\n')).toEqual([
      expect.stringMatching(/^Warning: Could not empty the variables/),
      expect.stringMatching(/^Warning: Could not remove the header file/),
      'Cleared nothing.',
    ]);
    expect(post.exitCode).toBe(0);
  });
});

describe('invalid state is a warning and does not stop the rest:', () => {
  test('leftovers that are not JSON', async () => {
    const post = await new InProcessJob().post({
      inputs: loginInputs,
      state: { leftovers: '{"variables":' },
    });
    expect(post.log).toMatch(/^Warning: Could not read what the step left: /);
    expect(post.exitCode).toBe(0);
  });

  test('leftovers without variables', async () => {
    const post = await new InProcessJob().post({ inputs: loginInputs, state: { leftovers: '{}' } });
    expect(post.log).toMatch(/^Warning: Could not clear what the step left: /);
    expect(post.exitCode).toBe(0);
  });

  test('a token that is not JSON', async () => {
    const job = new InProcessJob();
    const { inputs, state } = await job.main(tokenInputs);
    const post = await job.post({ inputs, state: { ...state, 'ephemeral-token': 'gha-' } });
    expect(post.log).toMatch(
      /^Warning: Could not read which API token the step made: .*\nCleared EXABITS_API_URL/,
    );
    expect(post.exitCode).toBe(0);
  });

  test('a token with an invalid address', async () => {
    const job = new InProcessJob();
    const { inputs, state } = await job.main(tokenInputs);
    const token = {
      name: 'gha-1-1-00000000',
      apiUrl: 'nowhere',
      timeoutMs: 1000,
      maxAttempts: 1,
      staleTokenHours: 0,
      owners: [],
    };
    const post = await job.post({ inputs, state: { ...state, 'ephemeral-token': JSON.stringify(token) } });
    expect(post.log).toMatch(/^Cleared .*\nWarning: Could not delete the API token: /);
    expect(post.exitCode).toBe(0);
  });
});

describe('two invocations in one job', () => {
  test('have a header file each, and each post step removes its own', async () => {
    const job = new InProcessJob();
    const first = await logIn(job);
    const second = await job.main(tokenInputs);
    const firstFile = first.outputs['headers-file'] ?? '';
    const secondFile = second.outputs['headers-file'] ?? '';
    expect(readFileSync(firstFile, 'utf8')).toContain('refresh-token');

    await job.post(second);
    expect([existsSync(firstFile), existsSync(secondFile)]).toEqual([true, false]);
    await job.post(first);
    expect(existsSync(firstFile)).toBe(false);
  });

  test('clear what each of them set, the last one first', async () => {
    const job = new InProcessJob();
    const first = await logIn(job);
    const second = await job.main(tokenInputs);
    expect(job.env).toMatchObject({ EXABITS_API_TOKEN: apiToken, EXABITS_ACCESS_TOKEN: '' });

    expect((await job.post(second)).env).toEqual({
      EXABITS_API_URL: '',
      EXABITS_API_BASE_URL: '',
      EXABITS_AUTH_SOURCE: '',
      EXABITS_AUTH_FINGERPRINT: '',
      EXABITS_HEADERS_FILE: '',
      EXABITS_API_TOKEN: '',
    });
    expect((await job.post(first)).env).toMatchObject({
      EXABITS_ACCESS_TOKEN: '',
      EXABITS_REFRESH_TOKEN: '',
    });
  });

  test('do not clear what the later one leaves with cleanup: false', async () => {
    const job = new InProcessJob();
    const first = await job.main(tokenInputs);
    const second = await job.main({ 'api-token': 'exa-the-second-token', cleanup: 'false' });
    expect((await job.post(second)).env).toEqual({});
    const post = await job.post(first);
    expect(post.env).toEqual({});
    expect(post.log).toBe('Cleared the header file.');
    expect(job.env.EXABITS_API_TOKEN).toBe('exa-the-second-token');
  });

  test('clear only variables that no later step has changed', async () => {
    const job = new InProcessJob();
    const main = await job.main({ ...tokenInputs, 'write-headers-file': 'false' });
    job.env.EXABITS_API_BASE_URL = 'https://elsewhere.test/api/v1';
    expect(Object.keys((await job.post(main)).env)).toEqual([
      'EXABITS_AUTH_SOURCE',
      'EXABITS_AUTH_FINGERPRINT',
      'EXABITS_API_TOKEN',
    ]);
  });

  test('leave variables that a later step has changed if there is no header file', async () => {
    const job = new InProcessJob();
    const main = await job.main({ ...tokenInputs, 'write-headers-file': 'false' });
    job.env.EXABITS_API_TOKEN = 'exa-set-by-hand';
    expect(Object.keys((await job.post(main)).env)).toEqual([
      'EXABITS_AUTH_SOURCE',
      'EXABITS_AUTH_FINGERPRINT',
    ]);
  });

  test.each([
    ['another token', { EXABITS_API_TOKEN: 'exa-the-second-token' }],
    ['another header file', { EXABITS_HEADERS_FILE: '/tmp/the-second-file' }],
  ])('keep the addresses if a later step has exported %s', async (_what, later) => {
    const job = new InProcessJob();
    const main = await job.main(tokenInputs);
    Object.assign(job.env, { EXABITS_HEADERS_FILE: '' }, later);
    const { env } = await job.post(main);
    expect(Object.keys(env)).toEqual(
      ['EXABITS_AUTH_SOURCE', 'EXABITS_AUTH_FINGERPRINT', 'EXABITS_HEADERS_FILE', 'EXABITS_API_TOKEN'].filter(
        (name) => !(name in later),
      ),
    );
  });

  test('keep the addresses for a credential of the other kind', async () => {
    const job = new InProcessJob();
    const main = await logIn(job, { 'write-headers-file': 'false' });
    job.env.EXABITS_API_TOKEN = 'exa-set-by-hand';
    expect(Object.keys((await job.post(main)).env).filter((name) => /_URL$/.test(name))).toEqual([]);
  });

  test('keep the address that came with existing credentials, however it is spelled', async () => {
    const job = new InProcessJob({
      EXABITS_API_TOKEN: apiToken,
      EXABITS_API_URL: 'https://api.example.test/api/v1/',
    });
    const main = await job.main({ 'use-existing-credentials': 'true', 'write-headers-file': 'false' });
    expect(main.outputs['auth-method']).toBe('existing');
    expect((await job.post(main)).env).toEqual({ EXABITS_API_BASE_URL: '' });
  });

  test('leave other files in the folder alone', async () => {
    const job = new InProcessJob();
    const foreign = join(job.temp, 'exabits-headers-of-somebody-else');
    writeFileSync(foreign, 'x');
    await job.post(await job.main(tokenInputs));
    expect(job.temporaryFiles()).toEqual([foreign]);
  });
});
