import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import * as double from './support/account.ts';
import { create, exabits, logIn } from './support/account.ts';
import { apiToken, apiUrl, email, jwtUntil, loginInputs, username, yes } from './support/exabits.ts';
import { InProcessJob, type Step } from './support/job.ts';
import './support/realm.ts';

type Variables = Record<string, string>;

// A test cannot fill the disk, so writes to certain files fail as if it were full.
let isFull: (file: fs.PathOrFileDescriptor) => boolean;

function unlessFull<Args extends [fs.PathOrFileDescriptor, ...unknown[]]>(write: (...args: Args) => void) {
  return jest.fn((...args: Args) => {
    if (isFull(args[0])) throw new Error('ENOSPC: no space left on device, write');
    write(...args);
  });
}

const appendFileSync = unlessFull(fs.appendFileSync);
const writeFileSync = unlessFull(fs.writeFileSync);
const truncateSync = jest.fn(fs.truncateSync);
// This also mocks `node:fs`.
jest.unstable_mockModule('fs', () => ({ ...fs, default: fs, appendFileSync, writeFileSync, truncateSync }));

const accessToken = jwtUntil('2026-11-24T12:30:00Z');
const refreshToken = jwtUntil('2026-11-24T14:00:00Z');
const pair = {
  EXABITS_ACCESS_TOKEN: accessToken,
  EXABITS_REFRESH_TOKEN: refreshToken,
  EXABITS_ACCESS_TOKEN_EXPIRES_AT: '2026-11-24T12:30:00.000Z',
};
const addresses = { EXABITS_API_URL: apiUrl, EXABITS_API_BASE_URL: `${apiUrl}/api/v1` };
const source = expect.stringMatching(/^[0-9a-f]{32}\.[0-9a-f]{32}$/);
const tokenInputs = { 'api-token': apiToken, verify: 'false' };
const commandFiles = ['GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_STATE'] as const;

beforeEach(() => {
  isFull = () => false;
  const data = { access_token: accessToken, refresh_token: refreshToken, username, email };
  exabits.when(logIn, double.answers(200, yes(data)));
});

describe('later steps get', () => {
  test.each<[string, Variables, Variables, Variables, string]>([
    [
      'the tokens of a login',
      loginInputs,
      {
        ...{ 'auth-method': 'login', token: accessToken, username, email },
        ...{ 'access-token': accessToken, 'refresh-token': refreshToken, 'api-token': '' },
        'token-expires-at': '2026-11-24T12:30:00.000Z',
        'refresh-token-expires-at': '2026-11-24T14:00:00.000Z',
      },
      pair,
      `Authorization: Bearer ${accessToken}\nrefresh-token: ${refreshToken}\n`,
    ],
    [
      'an API token',
      tokenInputs,
      {
        ...{ 'auth-method': 'api-token', token: apiToken, username: '', email: '' },
        ...{ 'access-token': '', 'refresh-token': '', 'api-token': apiToken },
        ...{ 'token-expires-at': '', 'refresh-token-expires-at': '' },
      },
      { EXABITS_API_TOKEN: apiToken },
      `Authorization: Bearer ${apiToken}\n`,
    ],
  ])('%s, and the post step gets a state without it', async (_what, inputs, outputs, env, headers) => {
    const job = new InProcessJob();
    const step = await job.main(inputs);
    const [file = ''] = job.temporaryFiles();
    const urls = { 'api-url': apiUrl, 'api-base-url': `${apiUrl}/api/v1` };
    expect(step.outputs).toEqual({ ...outputs, ...urls, 'api-token-id': '', 'headers-file': file });
    const more = { EXABITS_AUTH_SOURCE: source, EXABITS_HEADERS_FILE: file };
    expect(step.env).toEqual({ ...addresses, ...env, ...more });
    expect(fs.readFileSync(file, 'utf8')).toBe(headers);
    expect(JSON.stringify(step.state)).not.toContain(outputs.token);
  });

  test('only what they ask for', async () => {
    const job = new InProcessJob({ EXABITS_API_TOKEN: 'of-the-job', EXABITS_HEADERS_FILE: '/of/the/job' });
    const noVariables = await job.main({ ...loginInputs, 'export-environment': 'false' });
    expect([noVariables.env, noVariables.log]).toEqual([{}, expect.not.stringContaining('Emptied')]);
    const file = job.temporaryFiles()[0];
    expect(noVariables.outputs).toMatchObject({ token: accessToken, 'headers-file': file });

    const bare = new InProcessJob({ RUNNER_TEMP: '' });
    const noFile = await bare.main({ ...loginInputs, 'write-headers-file': 'false' });
    expect(noFile.env).toEqual({ ...addresses, ...pair, EXABITS_AUTH_SOURCE: source });
    expect([noFile.outputs['headers-file'], bare.temporaryFiles()]).toEqual(['', []]);
  });
});

describe('variables of another credential', () => {
  const emptied = (names: string[]): string =>
    `\nEmptied what was set before (${names.join(', ')}): later steps use the credentials of this step.`;

  test.each<[string, Variables, Variables, string[]]>([
    [
      'are emptied after a login: the official client would prefer them',
      { EXABITS_API_TOKEN: 'of-the-job', EXABITS_API_TOKEN_ENCRYPTED: 'of-the-job-too' },
      loginInputs,
      ['EXABITS_API_TOKEN', 'EXABITS_API_TOKEN_ENCRYPTED'],
    ],
    ['are emptied with an API token, so that no step finds two', pair, tokenInputs, Object.keys(pair)],
    [
      'are emptied if they name the header file of another step',
      { EXABITS_HEADERS_FILE: '/of/another' },
      { ...tokenInputs, 'write-headers-file': 'false' },
      ['EXABITS_HEADERS_FILE'],
    ],
    ['are not mentioned if they are empty', { EXABITS_API_TOKEN: '' }, loginInputs, []],
    ['are replaced if they are of the same kind', { EXABITS_API_TOKEN: 'of-the-job' }, tokenInputs, []],
  ])('%s', async (_what, env, inputs, names) => {
    const job = new InProcessJob(env);
    const main = await job.main(inputs);
    expect(Object.keys(main.env).filter((name) => main.env[name] === '')).toEqual(names);
    expect(main.log.replace(/^.*/, '')).toBe(names.length > 0 ? emptied(names) : '');
    expect(Object.keys((await job.post(main)).env).filter((name) => names.includes(name))).toEqual([]);
  });
});

describe('all is exported or nothing', () => {
  const earlier = 'EARLIER=value\n';

  /** A job whose step finds something in its command files. */
  function jobWithContent(env: Variables, full = isFull): InProcessJob {
    const job = new InProcessJob(env);
    job.onPrepare = (variables) => {
      for (const file of commandFiles) if (!(file in env)) fs.writeFileSync(String(variables[file]), earlier);
      isFull = full;
    };
    return job;
  }

  function expectNothing(job: InProcessJob, step: Step, reason: string): void {
    expect(step.log).toBe(
      `Error: The runner's files for this step cannot be written (${reason}). Check that this is a GitHub Actions job, and the free space and permissions of the runner's folders.`,
    );
    expect(step.debugLog).toContain(`\nError: ${reason}`);
    expect(step.exitCode).toBe(1);
    for (const written of [step.env, step.outputs, step.state]) {
      expect([{}, { EARLIER: 'value' }]).toContainEqual(written);
    }
    expect(job.temporaryFiles()).toEqual([]);
    // The toolkit prints values if it has no file for them.
    expect(step.lines.filter((line) => /^::(set-output|set-env|save-state)/.test(line))).toEqual([]);
  }

  test.each(commandFiles)('if %s names no file', async (variable) => {
    const missing = join(tmpdir(), 'exabits', 'no', 'such', 'file');
    for (const [path, reason] of [
      ['', `${variable} is not set`],
      [tmpdir(), `${variable} is not a file`],
      [missing, `ENOENT: no such file or directory, stat '${missing}'`],
    ] as const) {
      const job = jobWithContent({ [variable]: path });
      expectNothing(job, await job.main(tokenInputs), reason);
    }
  });

  test.each<[string, typeof isFull]>([
    ['the state', (file) => String(file).includes('GITHUB_STATE')],
    ['the header file', (file) => typeof file === 'number'],
    ['the variables', (file) => String(file).includes('GITHUB_ENV')],
    ['the outputs', (file) => String(file).includes('GITHUB_OUTPUT')],
  ])('if the disk fills up at %s', async (_what, full) => {
    const job = jobWithContent({}, full);
    const step = await job.main(tokenInputs);
    expectNothing(job, step, 'ENOSPC: no space left on device, write');
    for (const written of [step.env, step.outputs, step.state]) expect(written).toEqual({ EARLIER: 'value' });
  });

  test('even if the step is killed while it sets variables: there is one write for all', async () => {
    appendFileSync.mockClear();
    await new InProcessJob({ EXABITS_ACCESS_TOKEN: 'earlier' }).main(tokenInputs);
    const files = appendFileSync.mock.calls.map(([file]) => String(file));
    expect(files.filter((file) => file.includes('GITHUB_ENV'))).toHaveLength(1);
  });

  test('as far as possible if a file cannot be restored', async () => {
    const job = new InProcessJob();
    isFull = (file) => String(file).includes('GITHUB_OUTPUT');
    truncateSync.mockImplementationOnce(() => {
      throw new Error('EIO: i/o error, truncate');
    });
    const step = await job.main(tokenInputs);
    expect(step.log).toContain('(ENOSPC: no space left on device, write)');
    expect([step.env, step.outputs, Object.keys(step.state)]).toEqual([{}, {}, ['exported']]);
    expect(job.temporaryFiles()).toEqual([]);
  });

  test('if RUNNER_TEMP is not set', async () => {
    const step = await new InProcessJob({ RUNNER_TEMP: '' }).main(tokenInputs);
    expect([step.log, step.exitCode, step.env, step.outputs]).toEqual([
      'Error: RUNNER_TEMP is not set, so there is no folder for the header file. Run this in a GitHub Actions job, or set write-headers-file: false.',
      ...[1, {}, {}],
    ]);
  });

  test('and a token that was made meanwhile is deleted by the post step', async () => {
    const fillDisk = (): void => {
      isFull = () => true;
    };
    exabits.when(create, double.afterwards(fillDisk));
    const job = new InProcessJob();
    const main = await job.main({ 'api-token': exabits.seed('ci').token, 'ephemeral-api-token': 'true' });
    expect([main.log, main.outputs]).toEqual([expect.stringContaining('(ENOSPC'), {}]);
    isFull = () => false;
    const [, name] = exabits.left();
    expect((await job.post(main)).log).toBe(`Deleted the API token ${name}.`);
    expect(exabits.left()).toEqual(['ci']);
  });
});
