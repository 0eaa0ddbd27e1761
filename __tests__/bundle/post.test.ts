import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { EXAMPLE_ACCOUNT } from '../../testbed/exabits/server.ts';
import { testWithBash } from '../support/system.ts';
import { expectSuccess, startExabits, startJob, startScenario, warningsOf } from './support/scenario.ts';

const LOGIN_VARIABLES = [
  'EXABITS_API_URL',
  'EXABITS_API_BASE_URL',
  'EXABITS_AUTH_SOURCE',
  'EXABITS_AUTH_FINGERPRINT',
  'EXABITS_HEADERS_FILE',
  'EXABITS_ACCESS_TOKEN',
  'EXABITS_REFRESH_TOKEN',
  'EXABITS_ACCESS_TOKEN_EXPIRES_AT',
];

/** Each of the variables with nothing in it. */
function emptied(names: readonly string[]): Record<string, string> {
  return Object.fromEntries(names.map((name) => [name, '']));
}

describe('The post step', () => {
  test('empties the variables of a login, removes the header file and says so in one line', async () => {
    const scenario = await startScenario();
    const { outputs } = await scenario.logIn();
    expect(existsSync(outputs['headers-file'] ?? '')).toBe(true);
    const post = await scenario.post();
    expectSuccess(post);
    expect(post.env).toEqual(emptied(LOGIN_VARIABLES));
    expect(scenario.job.env).toEqual(emptied(LOGIN_VARIABLES));
    expect(scenario.temporaryFiles()).toEqual([]);
    expect(post.visible).toBe(`Cleared ${LOGIN_VARIABLES.join(', ')}, the header file.\n`);
    expect(scenario.calls).toEqual(['POST /authenticate/login']);
  });

  test('empties the variables of an API token and makes no request', async () => {
    const scenario = await startScenario();
    await scenario.uses({ 'api-token': 'some-api-token' });
    const post = await scenario.post();
    expectSuccess(post);
    const names = [
      'EXABITS_API_URL',
      'EXABITS_API_BASE_URL',
      'EXABITS_AUTH_SOURCE',
      'EXABITS_AUTH_FINGERPRINT',
      'EXABITS_HEADERS_FILE',
      'EXABITS_API_TOKEN',
    ];
    expect(post.env).toEqual(emptied(names));
    expect(post.visible).toBe(`Cleared ${names.join(', ')}, the header file.\n`);
    expect(scenario.calls).toEqual([]);
  });

  testWithBash('clears after a later step has failed, too', async () => {
    const scenario = await startScenario();
    await scenario.logIn();
    expect((await scenario.run('exit 1')).outcome).toBe('failure');
    expectSuccess(await scenario.post());
    expect(scenario.job.env).toEqual(emptied(LOGIN_VARIABLES));
    expect(scenario.job.conclusion).toBe('failure');
  });

  test('clears even when nobody reads any more what it prints', async () => {
    const scenario = await startScenario();
    const { state, outputs } = await scenario.logIn();
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
    expect(readFileSync(commandFile, 'utf8')).toBe(LOGIN_VARIABLES.map((name) => `${name}=\n`).join(''));
  });

  test('clears the header file alone with export-environment: false', async () => {
    const scenario = await startScenario();
    await scenario.logIn({ 'export-environment': 'false' });
    const post = await scenario.post();
    expectSuccess(post);
    expect(post.visible).toBe('Cleared the header file.\n');
    expect(post.env).toEqual({});
    expect(scenario.temporaryFiles()).toEqual([]);
  });

  test('clears the variables alone with write-headers-file: false', async () => {
    const scenario = await startScenario();
    await scenario.logIn({ 'write-headers-file': 'false' });
    const post = await scenario.post();
    expectSuccess(post);
    const names = LOGIN_VARIABLES.filter((name) => name !== 'EXABITS_HEADERS_FILE');
    expect(post.visible).toBe(`Cleared ${names.join(', ')}.\n`);
    expect(post.env).toEqual(emptied(names));
  });

  test('says so when the step set nothing', async () => {
    const scenario = await startScenario();
    await scenario.logIn({ 'export-environment': 'false', 'write-headers-file': 'false' });
    const post = await scenario.post();
    expectSuccess(post);
    expect(post.visible).toBe('Cleared nothing.\n');
    expect(post.env).toEqual({});
  });

  test('is quiet about a header file that is gone already', async () => {
    const scenario = await startScenario();
    const { outputs } = await scenario.logIn();
    rmSync(outputs['headers-file'] ?? '');
    expectSuccess(await scenario.post());
  });

  test('leaves the files of others in the temporary directory alone', async () => {
    const scenario = await startScenario();
    await scenario.logIn();
    writeFileSync(join(scenario.job.runnerTemp, 'exabits-headers-mine'), 'mine');
    expectSuccess(await scenario.post());
    expect(scenario.temporaryFiles()).toEqual(['exabits-headers-mine']);
  });

  testWithBash('leaves variables alone that the step did not set', async () => {
    const scenario = await startScenario({ job: { env: { EXABITS_REGION: 'us-east-demo' } } });
    await scenario.logIn();
    await scenario.run('echo EXABITS_OTHER=kept >> "$GITHUB_ENV"');
    expectSuccess(await scenario.post());
    expect(scenario.job.env).toMatchObject({ EXABITS_REGION: 'us-east-demo', EXABITS_OTHER: 'kept' });
  });
});

describe('With cleanup: false the post step', () => {
  test('leaves everything and says so', async () => {
    const scenario = await startScenario();
    const { outputs, env } = await scenario.logIn({ cleanup: 'false' });
    const post = await scenario.post();
    expectSuccess(post);
    expect(post.visible).toBe(
      `Left in place, because cleanup is false: ${LOGIN_VARIABLES.join(', ')}, the header file.\n`,
    );
    expect(post.env).toEqual({});
    expect(scenario.job.env).toEqual(env);
    expect(readFileSync(outputs['headers-file'] ?? '', 'utf8')).toContain(outputs.token);
  });

  test('leaves what it emptied of another method empty', async () => {
    const token = 'carried-api-token';
    const scenario = await startScenario({ job: { env: { EXABITS_API_TOKEN: token }, secrets: [token] } });
    await scenario.logIn({ cleanup: 'false' });
    expectSuccess(await scenario.post());
    expect(scenario.job.env.EXABITS_API_TOKEN).toBe('');
  });
});

describe('The post step never fails the job', () => {
  test('when the variables cannot be emptied, which is a warning', async () => {
    const scenario = await startScenario();
    await scenario.logIn();
    const post = await scenario.post({
      onPrepare: (env) => {
        env.GITHUB_ENV = tmpdir();
      },
    });
    expect(post).toMatchObject({ outcome: 'success', exitCode: 0 });
    expect(warningsOf(post)).toEqual([expect.stringMatching(/^Could not empty the variables: /)]);
    expect(post.visible).toContain('Cleared the header file.\n');
    expect(scenario.temporaryFiles()).toEqual([]);
    expect(scenario.job.conclusion).toBe('success');
  });

  test('when the runner gives it no file for variables, and no secret is printed instead', async () => {
    const scenario = await startScenario();
    await scenario.logIn();
    const post = await scenario.post({
      onPrepare: (env) => {
        delete env.GITHUB_ENV;
      },
    });
    expect(post).toMatchObject({ outcome: 'success', exitCode: 0 });
    expect(warningsOf(post)).toEqual([expect.stringMatching(/^Could not empty the variables: .*GITHUB_ENV/)]);
  });

  test('when the header file cannot be removed, which is a warning', async () => {
    const scenario = await startScenario();
    const { outputs } = await scenario.logIn();
    const headersFile = outputs['headers-file'] ?? '';
    rmSync(headersFile);
    mkdirSync(headersFile);
    const post = await scenario.post();
    expect(post).toMatchObject({ outcome: 'success', exitCode: 0 });
    expect(warningsOf(post)).toEqual([expect.stringMatching(/^Could not remove the header file: /)]);
    expect(post.env).toEqual(emptied(LOGIN_VARIABLES));
    expect(scenario.job.conclusion).toBe('success');
  });

  test('when the inputs are wrong, because main has failed at them already', async () => {
    const scenario = await startScenario();
    scenario.expectFailure(await scenario.logIn({ 'timeout-seconds': 'long', cleanup: 'perhaps' }));
    expectSuccess(await scenario.post());
  });

  test('when Exabits is gone', async () => {
    const sandbox = await startExabits();
    const scenario = startJob(sandbox);
    await scenario.logIn();
    await sandbox.close();
    expectSuccess(await scenario.post());
  });
});

describe('After a cancelled main', () => {
  test('the post step finds nothing to clear when it was cancelled during the login', async () => {
    const scenario = await startScenario();
    scenario.sandbox.faults.add({ effect: 'hang', at: 'before-headers' });
    const cancel = new AbortController();
    scenario.sandbox.onRequest(({ moment }) => {
      if (moment === 'received') cancel.abort();
    });
    const step = await scenario.logIn({}, { cancel: cancel.signal });
    expect(step).toMatchObject({ outcome: 'cancelled', outputs: {}, env: {} });
    const post = await scenario.post();
    expectSuccess(post);
    expect(post.visible).toBe('Nothing to clear: the step handed nothing on.\n');
    expect(scenario.temporaryFiles()).toEqual([]);
  });

  test('the post step deletes the token that it was about to verify', async () => {
    const scenario = await startScenario();
    const cancel = new AbortController();
    scenario.sandbox.onRequest(({ moment, path }) => {
      if (moment === 'handled' && path.endsWith('/billing/balance')) cancel.abort();
    });
    scenario.sandbox.faults.add({ effect: 'hang', at: 'mid-body', match: { path: '/api/v1/billing' } });
    const step = await scenario.logIn(
      { 'ephemeral-api-token': 'true', verify: 'true' },
      { cancel: cancel.signal },
    );
    expect(step).toMatchObject({ outcome: 'cancelled', outputs: {}, env: {} });
    expect(scenario.sandbox.orphans()).toHaveLength(1);
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.orphans()).toEqual([]);
  });
});

test('The account keeps every token that it had before', async () => {
  const scenario = await startScenario();
  const { id } = scenario.sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'ci' });
  await scenario.logIn({ 'ephemeral-api-token': 'true' });
  expectSuccess(await scenario.post());
  expect(scenario.sandbox.apiTokens().map((token) => token.id)).toEqual([id]);
});
