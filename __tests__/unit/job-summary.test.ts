import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from '@jest/globals';
import { skipWaits, stopCalendar } from './support/clock.ts';
import {
  apiToken,
  email,
  ephemeralToken,
  exabits,
  jwtUntil,
  loginInputs,
  password,
  passwordMd5,
  yes,
} from './support/exabits.ts';
import { InProcessJob, type Step } from './support/job.ts';

const accessToken = jwtUntil('2026-11-24T12:30:00Z');
const summary = { 'job-summary': 'true' };

skipWaits();
beforeEach(() => stopCalendar('2026-11-24T12:00:00Z'));

function logIn(
  inputs: Record<string, string> = summary,
  username = 'ada',
  job = new InProcessJob(),
): Promise<Step> {
  exabits()
    .post('/authenticate/login')
    .reply(200, yes({ access_token: accessToken, refresh_token: 'refresh-token', username, email }));
  return job.main({ ...loginInputs, ...inputs });
}

/** The rows of the table, with character references resolved. */
function rowsOf({ summary: text }: Step): string[][] {
  return [...text.matchAll(/<tr>(.*?)<\/tr>/g)].map(([, row = '']) =>
    [...row.matchAll(/<t[hd]>(.*?)<\/t[hd]>/g)].map(([, cell = '']) =>
      cell.replace(/&#(\d+);/g, (_reference, code) => String.fromCharCode(Number(code))),
    ),
  );
}

describe('job-summary: true writes a short table', () => {
  test('about a login', async () => {
    const step = await logIn();
    expect(step.summary).toContain('Exabits sign-in');
    expect(rowsOf(step)).toEqual([
      ['Method', 'login'],
      ['User', 'ada'],
      ['Host', 'gpu-api.exascalelabs.ai'],
      ['Expires', '2026-11-24T12:30:00.000Z'],
    ]);
  });

  test('about an API token', async () => {
    const step = await new InProcessJob().main({ 'api-token': apiToken, ...summary });
    expect(rowsOf(step)).toEqual([
      ['Method', 'api-token'],
      ['Host', 'gpu-api.exascalelabs.ai'],
      ['Expires', 'never, until the token is deleted'],
    ]);
  });

  test('about an API token that expires', async () => {
    const step = await new InProcessJob().main({ 'api-token': jwtUntil('2026-11-25T00:00:00Z'), ...summary });
    expect(rowsOf(step)).toContainEqual(['Expires', '2026-11-25T00:00:00.000Z']);
  });

  test('about an ephemeral token, with its name and its deletion', async () => {
    let name = '';
    exabits()
      .post('/api-tokens', (body) => {
        name = body.name;
        return true;
      })
      .reply(200, yes({ id: 1, token: ephemeralToken }));
    const step = await logIn({ ...summary, 'ephemeral-api-token': 'true' });
    expect(rowsOf(step)).toEqual([
      ['Method', 'ephemeral-api-token'],
      ['User', 'ada'],
      ['Host', 'gpu-api.exascalelabs.ai'],
      ['Expires', 'when the job ends: the post step deletes the token'],
      ['Ephemeral token', name],
    ]);
  });

  test('about existing credentials', async () => {
    const job = new InProcessJob({
      EXABITS_ACCESS_TOKEN: accessToken,
      EXABITS_REFRESH_TOKEN: 'refresh-token',
    });
    const step = await job.main({ ...summary, 'use-existing-credentials': 'true' });
    expect(rowsOf(step)).toEqual([
      ['Method', 'existing'],
      ['Host', 'gpu-api.exascalelabs.ai'],
      ['Expires', '2026-11-24T12:30:00.000Z'],
    ]);
  });

  test('about another host, with its port', async () => {
    const step = await new InProcessJob().main({
      'api-token': apiToken,
      'api-url': 'https://api.example:8443',
      ...summary,
    });
    expect(rowsOf(step)).toContainEqual(['Host', 'api.example:8443']);
  });
});

test('the table contains no secret', async () => {
  const { summary: text } = await logIn();
  for (const secret of [accessToken, 'refresh-token', password, passwordMd5]) {
    expect(text).not.toContain(secret);
  }
  expect((await new InProcessJob().main({ 'api-token': apiToken, ...summary })).summary).not.toContain(
    apiToken,
  );
});

test('untrusted text is escaped', async () => {
  const hostile = `<img src=x onerror=alert(1)>&amp;"'\`|\\[link](https://x.example)*_~ #1 @ada $x$`;
  const step = await logIn(summary, hostile);
  expect(rowsOf(step)[1]).toEqual(['User', hostile]);
  const cell = step.summary.match(/<th>User<\/th><td>(.*?)<\/td>/)?.[1] ?? '';
  expect(cell.replace(/&#\d+;/g, '')).not.toMatch(/[<>&"'`|\\[\]*_~@$]/);
});

test('existing content of the summary stays', async () => {
  const job = new InProcessJob();
  const path = `${job.temp}/summary.md`;
  writeFileSync(path, '# Before\n');
  job.env.GITHUB_STEP_SUMMARY = path;
  await job.main({ 'api-token': apiToken, ...summary });
  expect(readFileSync(path, 'utf8')).toMatch(/^# Before\n<h3>Exabits sign-in<\/h3>\n<table>\n/);
});

test('job-summary: false writes no summary', async () => {
  expect((await logIn({})).summary).toBe('');
});

test('a failed step writes no summary', async () => {
  expect((await new InProcessJob().main(summary)).summary).toBe('');
});

describe('a summary that cannot be written only causes a warning:', () => {
  test('the runner names no file', async () => {
    const step = await new InProcessJob({ GITHUB_STEP_SUMMARY: '' }).main({
      'api-token': apiToken,
      ...summary,
    });
    expect(step.log).toMatch(/\nWarning: Could not write the job summary: .*GITHUB_STEP_SUMMARY/);
    expect(step.exitCode).toBe(0);
    expect(step.outputs.token).toBe(apiToken);
  });

  test('its path is a folder', async () => {
    const job = new InProcessJob();
    const path = `${job.temp}/summary`;
    mkdirSync(path);
    job.env.GITHUB_STEP_SUMMARY = path;
    const step = await job.main({ 'api-token': apiToken, ...summary });
    expect(step.log).toMatch(
      /\nWarning: Could not write the job summary: GITHUB_STEP_SUMMARY is not a file\.$/,
    );
    expect(step.exitCode).toBe(0);
  });
});
