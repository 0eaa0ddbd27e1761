import { readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { fingerprint } from '../../src/fingerprint.ts';
import { stopCalendar } from './support/clock.ts';
import { apiToken, exabits, jwtUntil, loginInputs, yes } from './support/exabits.ts';
import { InProcessJob, type Step } from './support/job.ts';

const accessToken = jwtUntil('2026-11-24T12:30:00Z');

beforeEach(() => stopCalendar('2026-11-24T12:00:00Z'));

function logIn(job: InProcessJob, inputs: Record<string, string> = {}): Promise<Step> {
  exabits()
    .post('/authenticate/login')
    .reply(200, yes({ access_token: accessToken, refresh_token: 'refresh-token' }));
  return job.main({ ...loginInputs, ...inputs });
}

describe('export-environment: false', () => {
  test('exports nothing, but sets outputs and writes the header file', async () => {
    const job = new InProcessJob();
    const step = await logIn(job, { 'export-environment': 'false' });
    expect(step.env).toEqual({});
    expect(step.outputs).toMatchObject({ token: accessToken, 'headers-file': job.temporaryFiles()[0] });
  });

  test('empties nothing either', async () => {
    const step = await logIn(new InProcessJob({ EXABITS_API_TOKEN: 'of-the-job' }), {
      'export-environment': 'false',
    });
    expect(step.env).toEqual({});
    expect(step.log).not.toContain('Emptied');
  });
});

describe('write-headers-file: false', () => {
  test('writes no file, and names none', async () => {
    const job = new InProcessJob();
    const step = await logIn(job, { 'write-headers-file': 'false' });
    expect(job.temporaryFiles()).toEqual([]);
    expect(step.env).not.toHaveProperty('EXABITS_HEADERS_FILE');
    expect(step.outputs['headers-file']).toBe('');
    expect(step.env.EXABITS_ACCESS_TOKEN).toBe(accessToken);
  });

  test('needs no RUNNER_TEMP', async () => {
    const step = await logIn(new InProcessJob({ RUNNER_TEMP: '' }), { 'write-headers-file': 'false' });
    expect(step.exitCode).toBe(0);
  });

  test("empties the variable for an earlier step's file, which holds other credentials", async () => {
    const step = await logIn(new InProcessJob({ EXABITS_HEADERS_FILE: '/tmp/other' }), {
      'write-headers-file': 'false',
    });
    expect(step.env.EXABITS_HEADERS_FILE).toBe('');
    expect(step.log).toContain('Emptied EXABITS_HEADERS_FILE');
  });

  test('leaves only variables to the post step', async () => {
    const job = new InProcessJob();
    const post = await job.post(await logIn(job, { 'write-headers-file': 'false' }));
    expect(post.log).toBe(
      'Cleared EXABITS_API_URL, EXABITS_API_BASE_URL, EXABITS_AUTH_SOURCE, EXABITS_AUTH_FINGERPRINT, EXABITS_ACCESS_TOKEN, EXABITS_REFRESH_TOKEN, EXABITS_ACCESS_TOKEN_EXPIRES_AT.',
    );
  });
});

test('with both off, the step only sets outputs, and the post step has nothing to do', async () => {
  const job = new InProcessJob();
  const main = await logIn(job, { 'export-environment': 'false', 'write-headers-file': 'false' });
  expect(main.outputs.token).toBe(accessToken);
  const post = await job.post(main);
  expect(post.log).toBe('Cleared nothing.');
});

describe('existing credentials', () => {
  test('of another method are emptied after a login: the official client would prefer them', async () => {
    const job = new InProcessJob({
      EXABITS_API_TOKEN: 'of-the-job',
      EXABITS_API_TOKEN_ENCRYPTED: 'of-the-job-too',
    });
    const { env, log } = await logIn(job);
    expect(env).toMatchObject({
      EXABITS_API_TOKEN: '',
      EXABITS_API_TOKEN_ENCRYPTED: '',
      EXABITS_ACCESS_TOKEN: accessToken,
    });
    expect(log).toMatch(
      /\nEmptied EXABITS_API_TOKEN, EXABITS_API_TOKEN_ENCRYPTED, which were set before: later steps use the credentials of this step\.$/,
    );
  });

  test('of another method are emptied with an API token, so that no step finds two', async () => {
    const job = new InProcessJob({
      EXABITS_ACCESS_TOKEN: 'a',
      EXABITS_REFRESH_TOKEN: 'r',
      EXABITS_ACCESS_TOKEN_EXPIRES_AT: '2026-11-24T12:10:00.000Z',
    });
    const { env, log } = await job.main({ 'api-token': apiToken });
    expect(env).toMatchObject({
      EXABITS_ACCESS_TOKEN: '',
      EXABITS_REFRESH_TOKEN: '',
      EXABITS_ACCESS_TOKEN_EXPIRES_AT: '',
      EXABITS_API_TOKEN: apiToken,
    });
    expect(log).toContain(
      'Emptied EXABITS_ACCESS_TOKEN, EXABITS_REFRESH_TOKEN, EXABITS_ACCESS_TOKEN_EXPIRES_AT, which',
    );
  });

  test('that are already empty are not mentioned', async () => {
    const { env, log } = await logIn(new InProcessJob({ EXABITS_API_TOKEN: '' }));
    expect(env).not.toHaveProperty('EXABITS_API_TOKEN');
    expect(log).not.toContain('Emptied');
  });

  test('of the same method are replaced', async () => {
    const { env, log } = await new InProcessJob({ EXABITS_API_TOKEN: 'of-the-job' }).main({
      'api-token': apiToken,
    });
    expect(env.EXABITS_API_TOKEN).toBe(apiToken);
    expect(log).not.toContain('Emptied');
  });

  test('are not emptied by the post step, as this step did not set them', async () => {
    const job = new InProcessJob({ EXABITS_API_TOKEN: 'of-the-job' });
    const post = await job.post(await logIn(job));
    expect(post.env).not.toHaveProperty('EXABITS_API_TOKEN');
  });
});

describe("nothing is exported if the runner's files cannot be written:", () => {
  function expectNothing(job: InProcessJob, step: Step): void {
    expect(step.exitCode).toBe(1);
    expect(step.log).toMatch(
      /^Error: The runner's files for this step cannot be written \(.*nothing was exported/,
    );
    expect(step.outputs).toEqual({});
    expect(step.env).toEqual({});
    expect(step.state).toEqual({});
    expect(job.temporaryFiles()).toEqual([]);
    // The toolkit prints values if it has no file for them.
    expect(step.lines.filter((line) => /^::(set-output|set-env|save-state)/.test(line))).toEqual([]);
  }

  test.each(['GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_STATE'])('%s is not set', async (variable) => {
    const job = new InProcessJob({ [variable]: '' });
    const step = await job.main({ 'api-token': apiToken });
    expectNothing(job, step);
    expect(step.log).toContain(`${variable} is not set`);
  });

  test.each(['GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_STATE'] as const)(
    '%s names a missing file',
    async (variable) => {
      const job = new InProcessJob();
      job.env[variable] = `${job.temp}/nowhere/file`;
      const step = await job.main({ 'api-token': apiToken });
      expectNothing(job, step);
      expect(step.log).toContain('ENOENT');
    },
  );

  test.each(['GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_STATE'] as const)(
    '%s names a folder',
    async (variable) => {
      const job = new InProcessJob();
      job.env[variable] = tmpdir();
      const step = await job.main({ 'api-token': apiToken });
      expectNothing(job, step);
      expect(step.log).toContain(`${variable} is not a file`);
    },
  );

  test('the folder of the header file is missing, and earlier content stays', async () => {
    const job = new InProcessJob();
    const gone = `${job.temp}/gone`;
    job.env.RUNNER_TEMP = gone;
    const earlier = 'EARLIER=value\n';
    job.onLine = (line) => {
      if (!line.startsWith('::add-mask::')) return;
      for (const file of ['GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_STATE'] as const) {
        if (readFileSync(job.commandFile(file), 'utf8') === '') writeFileSync(job.commandFile(file), earlier);
      }
    };
    const step = await job.main({ 'api-token': apiToken });
    expect(step.exitCode).toBe(1);
    expect(step.log).toContain('ENOENT');
    for (const written of [step.env, step.outputs, step.state]) expect(written).toEqual({ EARLIER: 'value' });
  });

  test('RUNNER_TEMP is not set', async () => {
    const job = new InProcessJob({ RUNNER_TEMP: '' });
    const step = await job.main({ 'api-token': apiToken });
    expect(step.log).toMatch(/^Error: RUNNER_TEMP is not set.*write-headers-file: false/);
    expect(step.exitCode).toBe(1);
    expect(step.env).toEqual({});
    expect(step.outputs).toEqual({});
  });
});

describe('the state for the post step', () => {
  test('names what the step set, with fingerprints of the values', async () => {
    const job = new InProcessJob();
    const { state, env } = await logIn(job);
    expect(Object.keys(state)).toEqual(['leftovers']);
    expect(JSON.parse(state.leftovers ?? '')).toEqual({
      variables: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, fingerprint(value)])),
      unset: ['EXABITS_API_TOKEN', 'EXABITS_API_TOKEN_ENCRYPTED'],
      headersFile: job.temporaryFiles()[0],
      cleanup: true,
    });
  });
});
