import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { AWKWARD_ACCOUNT, EXAMPLE_ACCOUNT, md5 } from '../../testbed/exabits/server.ts';
import { parseCommandFile } from '../../testbed/runner/file-commands.ts';
import { ownerOnly, testOnPosix, testWithBash } from '../support/system.ts';
import { expectSuccess, makeFolder, type Scenario, startScenario, warningsOf } from './support/scenario.ts';

const ephemeral = { 'ephemeral-api-token': 'true' };

/** Calls the API as later steps can: with the header file, or with only the variables. */
async function expectUsable(scenario: Scenario): Promise<void> {
  const calls = [
    'curl --fail --silent --show-error -H @"$EXABITS_HEADERS_FILE" "$EXABITS_API_BASE_URL/regions"',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: of bash
    'curl --fail --silent --show-error -H "Authorization: Bearer ${EXABITS_API_TOKEN:-$EXABITS_ACCESS_TOKEN}" ${EXABITS_REFRESH_TOKEN:+-H "refresh-token: $EXABITS_REFRESH_TOKEN"} "$EXABITS_API_URL/api/v1/regions"',
  ];
  for (const call of calls) expect((await scenario.run(call)).raw).toContain('us-east-demo');
}

describe('A whole job works with', () => {
  testWithBash('a login, which costs one request', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn();
    expectSuccess(step);
    expect(step.visible).toBe(
      `Signed in to ${scenario.host} as ${EXAMPLE_ACCOUNT.username}. The access token expires at ${step.outputs['token-expires-at']}; for a longer job set ephemeral-api-token: true.\n`,
    );
    expect(scenario.calls).toEqual(['POST /authenticate/login']);
    expect(JSON.parse(scenario.sandbox.requests[0]?.body ?? '')).toEqual({
      username: EXAMPLE_ACCOUNT.username,
      password: md5(EXAMPLE_ACCOUNT.password),
    });
    expect(statSync(step.outputs['headers-file'] ?? '').mode & 0o777).toBe(ownerOnly);
    await expectUsable(scenario);
    const { visible } = await scenario.expectNothingLeft();
    expect(visible).toBe(`Cleared ${Object.keys(step.env).join(', ')}, the header file.\n`);
  });

  testWithBash('an API token, which is checked and outlives the job', async () => {
    const scenario = await startScenario();
    const { id, token } = scenario.sandbox.store.createApiToken(EXAMPLE_ACCOUNT, { name: 'ci' });
    const step = await scenario.uses({ 'api-token': token });
    expectSuccess(step);
    expect(step.visible).toBe(`Using the API token for ${scenario.host}.\n`);
    expect(step.outputs).toMatchObject({ 'auth-method': 'api-token', token, 'api-token': token });
    expect(scenario.calls).toEqual(['GET /billing/balance']);
    await expectUsable(scenario);
    await scenario.expectNothingLeft();
    expect(scenario.sandbox.store.apiTokens().map((left) => left.id)).toEqual([id]);
  });

  testWithBash('an ephemeral API token, which one request deletes', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn(ephemeral);
    expectSuccess(step);
    const [{ id, name, token } = {}] = scenario.sandbox.store.apiTokens();
    expect(step.visible).toBe(
      `Signed in to ${scenario.host} with the API token ${name}, made for this job. The post step deletes it.\n`,
    );
    expect(step.outputs).toMatchObject({ token, 'api-token-id': id, 'access-token': '' });
    // Longer than a login's tokens live.
    scenario.sandbox.store.advance(5 * 3600);
    await expectUsable(scenario);
    expect((await scenario.run('exit 1')).outcome).toBe('failure');

    scenario.sandbox.requests.length = 0;
    const { visible } = await scenario.expectNothingLeft();
    expect(visible).toMatch(new RegExp(`^Cleared .*\nDeleted the API token ${name}\\.\n$`));
    expect(scenario.calls).toEqual([`DELETE /api-tokens/${id}`]);
  });

  test('a second step that reuses the credentials of the first', async () => {
    const scenario = await startScenario();
    const first = await scenario.logIn();
    const second = await scenario.logIn({ 'use-existing-credentials': 'true' });
    expectSuccess(second);
    expect(second.outputs['auth-method']).toBe('existing');
    expect({ ...scenario.job.env, EXABITS_HEADERS_FILE: '' }).toEqual({
      ...first.env,
      EXABITS_HEADERS_FILE: '',
    });
    const posts = await scenario.finish();
    expect(posts.map(({ visible }) => visible)).toEqual([
      'Cleared EXABITS_HEADERS_FILE, the header file.\n',
      expect.stringMatching(/^Cleared EXABITS_API_URL, .*, the header file\.\n$/),
    ]);
    expect(scenario.calls).toEqual(['POST /authenticate/login', 'GET /billing/balance']);
  });

  test('a username and password full of special characters', async () => {
    const scenario = await startScenario();
    const { username, password, email } = AWKWARD_ACCOUNT;
    const step = await scenario.uses({ username, password });
    expectSuccess(step);
    expect(step.outputs).toMatchObject({ username, email });
  });

  test.each(['--no-deprecation', '--throw-deprecation'])('NODE_OPTIONS set to %s', async (option) => {
    const scenario = await startScenario({ job: { env: { NODE_OPTIONS: option } } });
    expectSuccess(await scenario.logIn(ephemeral));
    expect((await scenario.post()).visible).toMatch(/^Deleted the API token /m);
    expect(scenario.tokensLeft).toEqual([]);
  });
});

testOnPosix(
  'A step that is started through dash, which drops inputs, sends nothing and says why',
  async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn(ephemeral, {
      onPrepare: (env) => {
        const script = `"${process.execPath}" --print 'JSON.stringify(process.env)'`;
        const passedOn = JSON.parse(execFileSync('dash', ['-c', script], { env, encoding: 'utf8' }));
        for (const name of Object.keys(env)) if (!(name in passedOn)) delete env[name];
      },
    });
    expect(scenario.expectFailure(step)).toMatch(/^The inputs whose name has a hyphen are missing /);
    expect(scenario.calls).toEqual([]);
  },
);

test('The post step deletes the token even if the runner gives it no inputs', async () => {
  const scenario = await startScenario();
  expectSuccess(await scenario.logIn(ephemeral));
  await scenario.expectNothingLeft({
    // As in nested composite actions (actions/runner#3514).
    onPrepare: (env) => {
      for (const name of Object.keys(env)) if (name.startsWith('INPUT_')) delete env[name];
    },
  });
});

testOnPosix('A job summary that is a named pipe does not block the step', async () => {
  const scenario = await startScenario();
  const pipe = join(makeFolder(), 'pipe');
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
  const { state, outputs } = await scenario.logIn(ephemeral);
  const commandFile = join(makeFolder(), 'env');
  writeFileSync(commandFile, '');
  const post = spawn(process.execPath, [join(import.meta.dirname, '../../dist/post.cjs')], {
    env: {
      GITHUB_ENV: commandFile,
      ...Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value])),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  post.stdout.destroy();
  let complaints = '';
  post.stderr.on('data', (chunk) => (complaints += chunk));
  const [exitCode] = await once(post, 'close');
  expect({ exitCode, complaints }).toEqual({ exitCode: 0, complaints: '' });
  expect(existsSync(outputs['headers-file'] ?? '')).toBe(false);
  expect(Object.fromEntries(parseCommandFile(readFileSync(commandFile, 'utf8')))).toMatchObject({
    EXABITS_API_TOKEN: '',
  });
  expect(scenario.tokensLeft).toEqual([]);
});
