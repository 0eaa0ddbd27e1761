import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { answers, ephemeralInputs, exabits, host, logIn } from './support/account.ts';
import { apiToken, jwtUntil, loginInputs, yes } from './support/exabits.ts';
import { InProcessJob, type Step } from './support/job.ts';
import './support/realm.ts';

const summary = { 'job-summary': 'true' };
const withToken = { 'api-token': apiToken, verify: 'false', ...summary };

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
    const step = await job.main({ ...withToken, 'api-url': 'https://127.0.0.1:8443' });
    expect(step.summary).toBe(
      [
        ...['# Before', '<h3>Exabits sign-in</h3>', '<table>', '<tr><th>Method</th><td>api-token</td></tr>'],
        '<tr><th>Host</th><td>127.0.0.1&#58;8443</td></tr>',
        ...['<tr><th>Expires</th><td>never, until the token is deleted</td></tr>', '</table>', ''],
      ].join('\n'),
    );
  });

  test('about a login, in which untrusted text is escaped', async () => {
    const username = `<img src=x onerror=alert(1)>&amp;"'\`|\\[link](https://x.example)*_~ #1 @ada $x$`;
    const tokens = { access_token: jwtUntil('2026-11-24T12:20:00Z'), refresh_token: 'refresh' };
    exabits.when(logIn, answers(200, yes({ ...tokens, username })));
    const step = await new InProcessJob().main({ ...loginInputs, ...summary });
    expect(rowsOf(step)).toEqual([
      ['Method', 'login'],
      ['User', username],
      ['Host', host],
      ['Expires', '2026-11-24T12:20:00.000Z'],
    ]);
    const [, cell = ''] = step.summary.match(/<th>User<\/th><td>(.*?)<\/td>/) ?? [];
    expect(cell.replace(/&#\d+;/g, '')).not.toMatch(/[<>&"'`|\\[\]*_~:@$]/);
  });

  test('about an ephemeral token', async () => {
    const step = await new InProcessJob().main({ ...ephemeralInputs, ...summary });
    expect(rowsOf(step)).toEqual([
      ['Method', 'ephemeral-api-token'],
      ['User', 'ada'],
      ['Host', host],
      ['Expires', 'when the job ends: the post step deletes the token'],
      ['Ephemeral token', exabits.left()[0]],
    ]);
  });
});

test('no summary is written by default, or by a step that fails', async () => {
  expect((await new InProcessJob().main(loginInputs)).summary).toBe('');
  expect((await new InProcessJob().main(summary)).summary).toBe('');
});

test('a summary that cannot be written is a warning: the credentials are out', async () => {
  const job = new InProcessJob();
  const folder = join(job.runnerTemp, 'summary');
  mkdirSync(folder);
  const reasons: [path: string, reason: string][] = [
    ['', 'GITHUB_STEP_SUMMARY is not a file'],
    [folder, 'GITHUB_STEP_SUMMARY is not a file'],
    [join(folder, 'none'), `ENOENT: no such file or directory, stat '${join(folder, 'none')}'`],
  ];
  for (const [path, reason] of reasons) {
    job.env.GITHUB_STEP_SUMMARY = path;
    const { log, exitCode, outputs } = await job.main(withToken);
    expect(log.split('\n')[1]).toBe(`Warning: Could not write the job summary: ${reason}.`);
    expect([exitCode, outputs.token]).toEqual([0, apiToken]);
  }
  expect(() => readFileSync(`${folder}/none`)).toThrow('ENOENT');
});
