import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { AWKWARD_ACCOUNT, EXAMPLE_ACCOUNT, md5 } from '../../testbed/exabits/server.ts';
import { ownerOnly, testOnPosix, testWithBash } from '../support/system.ts';
import { expectSuccess, startScenario, warningsOf } from './support/scenario.ts';

const EPHEMERAL = { 'ephemeral-api-token': 'true' };
const ADDRESSES = 'EXABITS_API_URL, EXABITS_API_BASE_URL, EXABITS_AUTH_SOURCE, EXABITS_AUTH_FINGERPRINT';
const PAIR = 'EXABITS_ACCESS_TOKEN, EXABITS_REFRESH_TOKEN, EXABITS_ACCESS_TOKEN_EXPIRES_AT';

/** The two ways in which a later step can call the API: with the header file, or with only the variables. */
const CALLS = [
  'curl --fail --silent --show-error -H @"$EXABITS_HEADERS_FILE" "$EXABITS_API_BASE_URL/regions"',
  // biome-ignore lint/suspicious/noTemplateCurlyInString: of bash
  'curl --fail --silent --show-error -H "Authorization: Bearer ${EXABITS_API_TOKEN:-$EXABITS_ACCESS_TOKEN}" ${EXABITS_REFRESH_TOKEN:+-H "refresh-token: $EXABITS_REFRESH_TOKEN"} "$EXABITS_API_URL/api/v1/regions"',
];

describe('A whole job works with', () => {
  testWithBash('a login', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn();
    expectSuccess(step);
    expect(step.visible).toBe(
      `Signed in to ${scenario.name} as ${EXAMPLE_ACCOUNT.username}. The access token expires at ${step.outputs['access-token-expires-at']}; for a longer job set ephemeral-api-token: true.\n`,
    );
    const { path, body } = scenario.sandbox.requests[0] ?? {};
    expect([path, JSON.parse(body ?? '')]).toEqual([
      '/api/v1/authenticate/login',
      { username: EXAMPLE_ACCOUNT.username, password: md5(EXAMPLE_ACCOUNT.password) },
    ]);
    expect(statSync(step.outputs['headers-file'] ?? '').mode & 0o777).toBe(ownerOnly);
    for (const call of CALLS) expect((await scenario.run(call)).raw).toContain('us-east-demo');

    const post = await scenario.post();
    expectSuccess(post);
    expect(post.visible).toBe(`Cleared ${ADDRESSES}, EXABITS_HEADERS_FILE, ${PAIR}, the header file.\n`);
    expect(Object.values(scenario.job.env).join('')).toBe('');
    expect(scenario.temporaryFiles()).toEqual([]);
  });

  testWithBash('an API token', async () => {
    const scenario = await startScenario();
    const { id, token } = scenario.sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'ci' });
    const step = await scenario.uses({ 'api-token': token });
    expectSuccess(step);
    scenario.expectApiTokenExported(step, token, {
      'auth-method': 'api-token',
      'api-token-id': '',
      username: '',
      email: '',
    });
    expect(step.visible).toBe(
      `Using the API token for ${scenario.name}. It was not checked: set verify: true to find out here whether it works.\n`,
    );
    for (const call of CALLS) expect((await scenario.run(call)).raw).toContain('us-east-demo');

    const post = await scenario.post();
    expectSuccess(post);
    expect(post.visible).toBe(
      `Cleared ${ADDRESSES}, EXABITS_HEADERS_FILE, EXABITS_API_TOKEN, the header file.\n`,
    );
    expect(scenario.sandbox.apiTokens().map((left) => left.id)).toEqual([id]);
  });

  testWithBash('an ephemeral API token', async () => {
    const scenario = await startScenario();
    const { id: before } = scenario.sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'ci' });
    const step = await scenario.logIn(EPHEMERAL);
    expectSuccess(step);
    const { id, name, token } = scenario.sandbox.apiTokens()[1] ?? {};
    scenario.expectApiTokenExported(step, token, {
      'auth-method': 'ephemeral-api-token',
      'api-token-id': id,
      username: EXAMPLE_ACCOUNT.username,
      email: EXAMPLE_ACCOUNT.email,
    });
    expect(step.visible).toBe(
      `Signed in to ${scenario.name} with the API token ${name}, made for this job. The post step deletes it.\n`,
    );
    // Longer than a login's tokens live.
    scenario.sandbox.advance(5 * 3600);
    for (const call of CALLS) expect((await scenario.run(call)).raw).toContain('us-east-demo');
    expect((await scenario.run('exit 1')).outcome).toBe('failure');

    const post = await scenario.post();
    expectSuccess(post);
    expect(post.visible).toBe(
      `Cleared ${ADDRESSES}, EXABITS_HEADERS_FILE, EXABITS_API_TOKEN, the header file.\nDeleted the API token ${name}.\n`,
    );
    expect(scenario.sandbox.apiTokens().map((left) => left.id)).toEqual([before]);
  });

  test('a second step that reuses the credentials of the first', async () => {
    const scenario = await startScenario();
    const first = await scenario.logIn();
    const second = await scenario.logIn({ 'use-existing-credentials': 'true' });
    expectSuccess(second);
    expect(second.visible).toBe(
      `Using the credentials for ${scenario.name} already set in this job, until ${first.outputs['access-token-expires-at']}.\n`,
    );
    expect(scenario.job.env).toEqual(first.env);
    const [ofSecond, ofFirst] = await scenario.finish();
    expect(ofSecond?.visible).toBe('Cleared nothing.\n');
    expect(ofFirst?.visible).toMatch(/^Cleared EXABITS_API_URL, .*, the header file\.\n$/);
    expect(scenario.calls).toEqual(['POST /authenticate/login']);
  });
});

testWithBash('A username and password full of special characters work', async () => {
  const scenario = await startScenario();
  const { username, password, email } = AWKWARD_ACCOUNT;
  const step = await scenario.uses({ username, password });
  expectSuccess(step);
  expect(step.outputs).toMatchObject({ username, email });
});

describe('The action works with NODE_OPTIONS set to', () => {
  test.each(['--no-deprecation', '--throw-deprecation', '--trace-deprecation'])('%s', async (option) => {
    const scenario = await startScenario({ job: { env: { NODE_OPTIONS: option } } });
    expectSuccess(await scenario.logIn(EPHEMERAL));
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.orphans()).toEqual([]);
  });
});

testOnPosix('A job summary that is a named pipe does not block the step', async () => {
  const scenario = await startScenario();
  const pipe = join(scenario.job.runnerTemp, 'pipe');
  await once(spawn('mkfifo', [pipe]), 'close');
  const step = await scenario.logIn(
    { 'job-summary': 'true' },
    { onPrepare: (env) => void Object.assign(env, { GITHUB_STEP_SUMMARY: pipe }) },
  );
  expect(step.outcome).toBe('success');
  expect(warningsOf(step)).toEqual(['Could not write the job summary: GITHUB_STEP_SUMMARY is not a file.']);
});

test('The post step cleans up even if its output is closed', async () => {
  const scenario = await startScenario();
  const { state, outputs, env } = await scenario.logIn();
  const commandFile = join(scenario.job.runnerTemp, 'env');
  writeFileSync(commandFile, '');
  const post = spawn(process.execPath, [join(import.meta.dirname, '../../dist/post.cjs')], {
    env: { STATE_leftovers: state.leftovers, GITHUB_ENV: commandFile },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  post.stdout.destroy();
  let complaints = '';
  post.stderr.on('data', (chunk) => (complaints += chunk));
  const [exitCode] = await once(post, 'close');
  expect({ exitCode, complaints }).toEqual({ exitCode: 0, complaints: '' });
  expect(existsSync(outputs['headers-file'] ?? '')).toBe(false);
  expect(readFileSync(commandFile, 'utf8')).toBe(
    Object.keys(env)
      .map((name) => `${name}=\n`)
      .join(''),
  );
});
