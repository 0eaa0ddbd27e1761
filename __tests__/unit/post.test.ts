import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { exabits } from './support/account.ts';
import { apiToken, loginInputs } from './support/exabits.ts';
import { InProcessJob } from './support/job.ts';
import './support/realm.ts';

const tokenInputs = { 'api-token': apiToken, verify: 'false' };
const noFile = { 'write-headers-file': 'false' };
const nothing = { 'export-environment': 'false', ...noFile };
const ofAll = ['EXABITS_API_URL', 'EXABITS_API_BASE_URL', 'EXABITS_AUTH_SOURCE', 'EXABITS_HEADERS_FILE'];
const ofTheToken = [...ofAll, 'EXABITS_API_TOKEN'];
const left = 'Left in place, because cleanup is false:';
const all = `${ofTheToken.join(', ')}, the header file`;
const allOfALogin = `${ofAll.join(', ')}, EXABITS_ACCESS_TOKEN, EXABITS_REFRESH_TOKEN, EXABITS_ACCESS_TOKEN_EXPIRES_AT, the header file`;

describe('the post step', () => {
  test.each<[string, Record<string, string>, string]>([
    ['all', {}, `Cleared ${all}.`],
    ['all of a login', { ...loginInputs, 'api-token': '' }, `Cleared ${allOfALogin}.`],
    ['only variables', noFile, `Cleared ${ofTheToken.filter((name) => !/FILE/.test(name)).join(', ')}.`],
    ['only the header file', { 'export-environment': 'false' }, 'Cleared the header file.'],
    ['nothing, and says so', nothing, 'Nothing to clear.'],
    ['nothing with cleanup: false', { cleanup: 'false' }, `${left} ${all}.`],
    ['nothing of nothing', { cleanup: 'false', ...nothing }, `${left} nothing.`],
  ])('clears %s, without a word to Exabits', async (_what, inputs, log) => {
    const job = new InProcessJob();
    const main = await job.main({ ...tokenInputs, ...inputs });
    exabits.requests.length = 0;
    const post = await job.post(main);
    expect([post.log, post.exitCode, exabits.calls]).toEqual([log, 0, []]);
    const keeps = inputs.cleanup === 'false' && !('write-headers-file' in inputs);
    expect(job.temporaryFiles()).toHaveLength(keeps ? 1 : 0);
    const cleared = Object.keys(main.env).filter((name) => log.startsWith('Cleared') && log.includes(name));
    expect(post.env).toEqual(Object.fromEntries(cleared.map((name) => [name, ''])));
  });

  test('has nothing to clear after a step that failed, or was killed before it saved anything', async () => {
    const post = await new InProcessJob().post({ inputs: loginInputs, state: {} });
    expect([post.log, post.env]).toEqual(['Nothing to clear: the step exported nothing.', {}]);
  });

  test('clears what a step had set when it was killed', async () => {
    const job = new InProcessJob();
    const { state } = await job.main(tokenInputs);
    rmSync(job.temporaryFiles()[0] ?? '');
    for (const name of ofTheToken) delete job.env[name];
    expect((await job.post({ inputs: {}, state })).log).toBe(`Cleared ${ofTheToken.join(', ')}.`);
  });
});

describe('a problem in the post step is a warning, and does not stop the rest:', () => {
  const noVariables =
    "Warning: Could not empty the variables: The runner's files for this step cannot be written (GITHUB_ENV is not set). Check that this is a GitHub Actions job, and the free space and permissions of the runner's folders.";
  const noRemoval = (path = ''): string =>
    `Warning: Could not remove the header file: ${path} is still there (ERR_FS_EISDIR). Its tokens are valid until they expire or are deleted. Remove the file by hand.`;

  test.each([
    [false, true],
    [true, false],
    [true, true],
  ])(
    'variables that cannot be emptied: %s, a header file that cannot be removed: %s',
    async (noEnv, noFileRemoval) => {
      const job = new InProcessJob();
      const main = await job.main(tokenInputs);
      const path = main.outputs['headers-file'] ?? '';
      if (noFileRemoval) {
        rmSync(path);
        mkdirSync(path);
      }
      if (noEnv) job.env.GITHUB_ENV = '';
      const post = await job.post(main);
      expect(post.log.split('\n')).toEqual([
        ...(noEnv ? [noVariables] : []),
        ...(noFileRemoval ? [noRemoval(path)] : []),
        ...(noEnv ? [] : [`Cleared ${ofTheToken.join(', ')}.`]),
        ...(noFileRemoval ? [] : ['Cleared the header file.']),
      ]);
      expect([existsSync(path), post.exitCode]).toEqual([noFileRemoval, 0]);
    },
  );

  test('no warning for a missing GITHUB_ENV if there are no variables', async () => {
    const job = new InProcessJob();
    const main = await job.main({ ...tokenInputs, 'export-environment': 'false' });
    job.env.GITHUB_ENV = '';
    expect((await job.post(main)).log).toBe('Cleared the header file.');
  });

  test.each([
    [
      'exported',
      '{"variables":',
      /^Warning: Could not read what the step exported: Unexpected error: .*JSON/,
    ],
    ['exported', '{}', /^Warning: Could not clear what the step exported: Unexpected error: /],
    [
      'creation',
      'gha-',
      /^Warning: Could not read which API token the step made: .*\nCleared EXABITS_API_URL/,
    ],
    [
      'creation',
      '{"apiUrl":"x","unanswered":["a"]}',
      /^Cleared .*\nWarning: Could not delete the API token: The address of /,
    ],
  ])('state that cannot be used (%s: %s)', async (key, text, words) => {
    const job = new InProcessJob();
    const { inputs, state } = await job.main(tokenInputs);
    const post = await job.post({ inputs, state: { ...state, [key]: text } });
    expect([post.log, post.exitCode]).toEqual([expect.stringMatching(words), 0]);
  });
});

describe('of several invocations in one job, the post step of each', () => {
  test('clears what that one set, the last one first', async () => {
    const job = new InProcessJob();
    const first = await job.main(loginInputs);
    const second = await job.main(tokenInputs);
    expect(job.env).toMatchObject({ EXABITS_API_TOKEN: apiToken, EXABITS_ACCESS_TOKEN: '' });
    const foreign = join(job.runnerTemp, 'exabits-headers-of-somebody-else');
    writeFileSync(foreign, 'x');

    expect(Object.keys((await job.post(second)).env)).toEqual(ofTheToken);
    expect(job.temporaryFiles().toSorted()).toEqual([first.outputs['headers-file'], foreign].toSorted());
    expect((await job.post(first)).env).toMatchObject({ EXABITS_ACCESS_TOKEN: '' });
    expect(job.temporaryFiles()).toEqual([foreign]);
  });

  test('does not clear what a later one leaves with cleanup: false', async () => {
    const job = new InProcessJob();
    const first = await job.main(tokenInputs);
    const second = await job.main({ ...tokenInputs, 'api-token': 'exa-the-second-token', cleanup: 'false' });
    expect((await job.post(second)).env).toEqual({});
    const post = await job.post(first);
    expect([post.log, post.env]).toEqual(['Cleared the header file.', {}]);
  });

  const addresses = ['EXABITS_API_URL', 'EXABITS_API_BASE_URL'];

  test.each<[string, Record<string, string>, string, string[]]>([
    ['a variable that a later step has changed', tokenInputs, 'EXABITS_API_BASE_URL', []],
    ['the addresses of another API token', tokenInputs, 'EXABITS_API_TOKEN', addresses],
    ['the addresses of a credential of the other kind', loginInputs, 'EXABITS_API_TOKEN', addresses],
    ['the addresses of one that egpu encrypted', loginInputs, 'EXABITS_API_TOKEN_ENCRYPTED', addresses],
    ['the addresses of a token pair', tokenInputs, 'EXABITS_REFRESH_TOKEN', addresses],
    ['no addresses for another header file', tokenInputs, 'EXABITS_HEADERS_FILE', []],
  ])('keeps %s', async (_what, inputs, later, kept) => {
    const job = new InProcessJob();
    const main = await job.main(inputs);
    job.env[later] = 'set-by-hand';
    const { env } = await job.post(main);
    expect(Object.keys(main.env).filter((name) => !(name in env))).toEqual([
      ...[...kept, later].filter((name) => name in main.env),
    ]);
  });
});
