import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { beforeEach, describe, expect, test } from '@jest/globals';
import * as double from './support/account.ts';
import { stopCalendar } from './support/clock.ts';
import { apiToken, jwtUntil, loginInputs, yes } from './support/exabits.ts';
import { InProcessJob, type Step } from './support/job.ts';
import './support/realm.ts';

const summary = { 'job-summary': 'true' };
const withToken = { 'api-token': apiToken, verify: 'false', ...summary };
const host = 'gpu-api.exascalelabs.ai';

let exabits: double.ServedExabits;

beforeEach(() => {
  stopCalendar('2026-11-24T12:00:00Z');
  exabits = new double.ServedExabits();
});

/** The rows of the table, with character references resolved. */
function rowsOf({ summary: text }: Step): string[][] {
  return [...text.matchAll(/<tr><th>(.*?)<\/th><td>(.*?)<\/td><\/tr>/g)].map(([, ...cells]) =>
    cells.map((cell) => cell.replace(/&#(\d+);/g, (_, code) => String.fromCharCode(Number(code)))),
  );
}

describe('job-summary: true writes a short table', () => {
  test('after what is there already', async () => {
    const job = new InProcessJob();
    job.onPrepare = (env) => writeFileSync(String(env.GITHUB_STEP_SUMMARY), '# Before\n');
    expect((await job.main(withToken)).summary).toBe(
      [
        ...['# Before', '<h3>Exabits sign-in</h3>', '<table>', '<tr><th>Method</th><td>api-token</td></tr>'],
        `<tr><th>Host</th><td>${host}</td></tr>`,
        ...['<tr><th>Expires</th><td>never, until the token is deleted</td></tr>', '</table>', ''],
      ].join('\n'),
    );
  });

  const until = '2026-11-24T12:30:00.000Z';

  test.each<[string, Record<string, string>, Record<string, string>, [string, string][]]>([
    [
      'a login',
      loginInputs,
      {},
      [
        ['Method', 'login'],
        ['User', 'ada'],
        ['Host', host],
        ['Expires', until],
      ],
    ],
    [
      'an API token that expires, at a host with a port',
      { 'api-token': jwtUntil(until), verify: 'false', 'api-url': 'https://api.example:8443' },
      {},
      [
        ['Method', 'api-token'],
        ['Host', 'api.example:8443'],
        ['Expires', until],
      ],
    ],
    [
      'existing credentials',
      { 'use-existing-credentials': 'true', verify: 'false' },
      { EXABITS_ACCESS_TOKEN: jwtUntil(until), EXABITS_REFRESH_TOKEN: 'refresh-token' },
      [
        ['Method', 'existing'],
        ['Host', host],
        ['Expires', until],
      ],
    ],
  ])('about %s', async (_what, inputs, env, rows) => {
    const step = await new InProcessJob(env).main({ ...inputs, ...summary });
    expect(rowsOf(step)).toEqual(rows);
    for (const secret of [step.outputs.token, step.outputs['refresh-token']]) {
      if (secret) expect(step.summary).not.toContain(secret);
    }
  });

  test('about an ephemeral token', async () => {
    const step = await new InProcessJob().main({ ...double.ephemeralInputs, ...summary });
    expect(rowsOf(step)).toEqual([
      ...[
        ['Method', 'ephemeral-api-token'],
        ['User', 'ada'],
        ['Host', host],
      ],
      ['Expires', 'when the job ends: the post step deletes the token'],
      ['Ephemeral token', exabits.left()[0]],
    ]);
  });

  test('in which untrusted text is escaped', async () => {
    const username = `<img src=x onerror=alert(1)>&amp;"'\`|\\[link](https://x.example)*_~ #1 @ada $x$`;
    const data = { access_token: 'access', refresh_token: 'refresh', username };
    exabits.when('POST', double.answers(200, yes(data)));
    const step = await new InProcessJob().main({ ...loginInputs, ...summary });
    expect(rowsOf(step)[1]).toEqual(['User', username]);
    const [, cell = ''] = step.summary.match(/<th>User<\/th><td>(.*?)<\/td>/) ?? [];
    expect(cell.replace(/&#\d+;/g, '')).not.toMatch(/[<>&"'`|\\[\]*_~:@$]/);
  });
});

test('no summary is written by default, or by a step that fails', async () => {
  expect((await new InProcessJob().main(loginInputs)).summary).toBe('');
  expect((await new InProcessJob().main(summary)).summary).toBe('');
});

test('a summary that cannot be written is a warning: the credentials are out', async () => {
  const job = new InProcessJob();
  const folder = `${job.temp}/summary`;
  mkdirSync(folder);
  const reasons: [path: string, reason: string][] = [
    ['', 'GITHUB_STEP_SUMMARY is not a file'],
    [folder, 'GITHUB_STEP_SUMMARY is not a file'],
    [`${folder}/none`, `ENOENT: no such file or directory, stat '${folder}/none'`],
  ];
  for (const [path, reason] of reasons) {
    job.env.GITHUB_STEP_SUMMARY = path;
    const { log, exitCode, outputs } = await job.main(withToken);
    expect(log.split('\n')[1]).toBe(`Warning: Could not write the job summary: ${reason}.`);
    expect([exitCode, outputs.token]).toEqual([0, apiToken]);
  }
  expect(() => readFileSync(`${folder}/none`)).toThrow('ENOENT');
});
