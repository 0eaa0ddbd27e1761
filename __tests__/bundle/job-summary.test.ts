import { tmpdir } from 'node:os';
import { describe, expect, test } from '@jest/globals';
import { unsignedJwt } from '../../testbed/exabits/jwt.ts';
import { EXAMPLE_ACCOUNT } from '../../testbed/exabits/server.ts';
import { expectSuccess, isoTime, startScenario, unixTime, warningsOf } from './support/scenario.ts';

const SUMMARY = { 'job-summary': 'true' };

/** The rows of the summary's table: label and text, as a browser would show them. */
function rowsOf(summary: string): [string, string][] {
  const rows = summary.matchAll(/<tr>\s*<th>(.*?)<\/th>\s*<td>(.*?)<\/td>\s*<\/tr>/g);
  const decoded = (html = ''): string =>
    html.replace(/&#(\d+);/g, (_entity, code) => String.fromCharCode(Number(code)));
  return [...rows].map(([, label, text]) => [decoded(label), decoded(text)]);
}

describe('With job-summary the step adds a short table', () => {
  test('about a login', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn(SUMMARY);
    expectSuccess(step);
    expect(rowsOf(step.summary)).toEqual([
      ['Method', 'login'],
      ['User', EXAMPLE_ACCOUNT.username],
      ['Host', scenario.host],
      ['Expires', step.outputs['access-token-expires-at']],
    ]);
    expect(step.summary.length).toBeLessThan(1_000);
  });

  test('about an API token', async () => {
    const scenario = await startScenario();
    const step = await scenario.uses({ 'api-token': 'some-api-token', ...SUMMARY });
    expect(rowsOf(step.summary)).toEqual([
      ['Method', 'api-token'],
      ['Host', scenario.host],
      ['Expires', 'never, until the token is deleted'],
    ]);
  });

  test('about an API token that expires', async () => {
    const scenario = await startScenario();
    const expiry = unixTime(900);
    const step = await scenario.uses({ 'api-token': unsignedJwt({ exp: expiry }), ...SUMMARY });
    expect(rowsOf(step.summary)).toContainEqual(['Expires', isoTime(expiry)]);
  });

  test('about a token for this job: its name, and that it will be deleted', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn({ 'ephemeral-api-token': 'true', ...SUMMARY });
    expect(rowsOf(step.summary)).toEqual([
      ['Method', 'ephemeral-api-token'],
      ['User', EXAMPLE_ACCOUNT.username],
      ['Host', scenario.host],
      ['Expires', expect.stringMatching(/the post step deletes/)],
      ['Ephemeral token', scenario.sandbox.apiTokens()[0]?.name],
    ]);
  });

  test('about existing credentials', async () => {
    const scenario = await startScenario();
    await scenario.logIn();
    const step = await scenario.logIn({ 'use-existing-credentials': 'true', ...SUMMARY });
    expect(rowsOf(step.summary)).toEqual([
      ['Method', 'existing'],
      ['Host', scenario.host],
      ['Expires', step.outputs['access-token-expires-at']],
    ]);
  });

  test('in which text from outside stays text', async () => {
    const scenario = await startScenario();
    const username = `<img src=x onerror=alert(1)> </td></table> **bold** [link](https://exabits.invalid) \`code\` | "q" 'q' & ~s~`;
    scenario.sandbox.faults.add({
      effect: 'body',
      body: JSON.stringify({
        status: true,
        data: { username, email: '', access_token: 'some-access-token', refresh_token: 'some-refresh-token' },
      }),
    });
    const step = await scenario.logIn(SUMMARY);
    expectSuccess(step);
    expect(rowsOf(step.summary)).toContainEqual(['User', username]);
    expect(step.summary).not.toContain('<img');
    expect(step.summary.match(/<\/table>/g)).toHaveLength(1);
    for (const markdown of ['**bold**', '[link](', '`code`']) expect(step.summary).not.toContain(markdown);
  });
});

test('Without job-summary there is none', async () => {
  const scenario = await startScenario();
  const step = await scenario.logIn();
  expect(step.rawSummary).toBe('');
});

test('A failed step has no summary', async () => {
  const scenario = await startScenario();
  const step = await scenario.logIn({ password: 'some-other-password', ...SUMMARY });
  scenario.expectFailure(step);
  expect(step.rawSummary).toBe('');
});

test.each([
  ['cannot be written', tmpdir()],
  ['is missing', undefined],
])('A summary file that %s is a warning and does not fail the step', async (_what, path) => {
  const scenario = await startScenario();
  const step = await scenario.logIn(SUMMARY, {
    onPrepare: (env) => {
      if (path) env.GITHUB_STEP_SUMMARY = path;
      else delete env.GITHUB_STEP_SUMMARY;
    },
  });
  expect(step).toMatchObject({ outcome: 'success', exitCode: 0 });
  expect(step.outputs['auth-method']).toBe('login');
  expect(warningsOf(step)).toEqual([expect.stringMatching(/^Could not write the job summary: /)]);
});
