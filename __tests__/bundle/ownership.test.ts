import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { AWKWARD_ACCOUNT, EXAMPLE_ACCOUNT, type Sandbox } from '../../testbed/exabits/server.ts';
import {
  atEnd,
  expectSuccess,
  type Scenario,
  startScenario,
  unixTime,
  warningsOf,
} from './support/scenario.ts';

const LOGIN = 'POST /authenticate/login';
const EXISTING = { 'use-existing-credentials': 'true' };
const EPHEMERAL = { 'ephemeral-api-token': 'true' };
const OUTPUTS_ONLY = { 'export-environment': 'false', 'write-headers-file': 'false' };
const { username, password } = AWKWARD_ACCOUNT;
const STRANGER = { username, password };

/** A token of a job that the other account still runs, old enough to be swept. */
function seedOfStranger(sandbox: Sandbox): void {
  sandbox.seedApiToken(AWKWARD_ACCOUNT, { name: 'gha-1-1-0123abcd', createdAt: unixTime(-3600 * 200) });
}

function namesIn(sandbox: Sandbox): string[] {
  return sandbox.apiTokens().map(({ name }) => name);
}

describe('The post step touches nothing of another account', () => {
  test('where an earlier step has left that one’s token in the environment', async () => {
    const scenario = await startScenario();
    seedOfStranger(scenario.sandbox);
    await scenario.uses({ ...STRANGER, ...EPHEMERAL });
    await scenario.logIn({ ...EPHEMERAL, ...OUTPUTS_ONLY });
    const { length } = scenario.sandbox.requests;
    const [own] = await scenario.finish();
    expect(own?.visible).toMatch(/^Cleared nothing\.\nDeleted the API token gha-/);
    expect(scenario.calls[length]).toBe(LOGIN);
    // The stranger's own post step sweeps its own account.
    expect(namesIn(scenario.sandbox)).toEqual([]);
  });

  test('where the runner’s own environment holds that one’s token, and main fails after the creation', async () => {
    const scenario = await startScenario();
    seedOfStranger(scenario.sandbox);
    const { token } = scenario.sandbox.seedApiToken(AWKWARD_ACCOUNT, { name: 'of a person' });
    const env = { EXABITS_API_TOKEN: token, EXABITS_API_URL: scenario.sandbox.url };
    scenario.sandbox.faults.add({ effect: 'status', status: 403, match: { path: '/api/v1/billing' } });
    const step = await scenario.logIn({ ...EPHEMERAL, verify: 'true' }, { env });
    expect(step.outcome).toBe('failure');
    expect((await scenario.post()).visible).toMatch(/^Deleted the API token gha-/);
    expect(namesIn(scenario.sandbox)).toEqual(['gha-1-1-0123abcd', 'of a person']);
  });

  test('where the inputs are of that one by then: a warning names the token and the command', async () => {
    const scenario = await startScenario();
    seedOfStranger(scenario.sandbox);
    const step = await scenario.logIn({ ...EPHEMERAL, ...OUTPUTS_ONLY });
    const post = await scenario.post({
      onPrepare: (env) => void Object.assign(env, { INPUT_USERNAME: username, INPUT_PASSWORD: password }),
    });
    expect(warningsOf(post)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^The API token gha-\\S+ may still be valid: The inputs of the step are not of the account that made it\\. .*egpu token delete ${step.outputs['api-token-id']} --force$`,
        ),
      ),
    ]);
    expect(scenario.sandbox.apiTokens()).toHaveLength(2);
  });
});

describe('EXABITS_AUTH_SOURCE', () => {
  /** The source that a step exports. */
  async function sourceOf(scenario: Scenario, inputs: Record<string, string>): Promise<string | undefined> {
    return (await scenario.uses(inputs)).env.EXABITS_AUTH_SOURCE;
  }

  test('tells one account from another, and a login from an API token', async () => {
    const scenario = await startScenario();
    const known = await sourceOf(scenario, STRANGER);
    expect(known).toMatch(/^[0-9a-f]{32}$/);
    expect(await sourceOf(scenario, STRANGER)).toBe(known);
    const others = [
      await sourceOf(scenario, { username: EXAMPLE_ACCOUNT.username, password: EXAMPLE_ACCOUNT.password }),
      await sourceOf(scenario, { 'api-token': username.replaceAll(/\W/g, 'x') }),
    ];
    expect(new Set([known, ...others]).size).toBe(3);
    await scenario.finish();
    expect(scenario.job.env.EXABITS_AUTH_SOURCE).toBe('');
  });

  test('stays that of the account with a token that was made for the job', async () => {
    const scenario = await startScenario();
    const made = await sourceOf(scenario, { ...STRANGER, ...EPHEMERAL });
    expect(made).toBe(await sourceOf(scenario, STRANGER));
  });

  test('of somebody else makes the step sign in afresh, and say why', async () => {
    const scenario = await startScenario();
    await scenario.logIn();
    const step = await scenario.uses({ ...STRANGER, ...EXISTING });
    expectSuccess(step);
    expect(step.outputs).toMatchObject({ 'auth-method': 'login', username });
    expect(step.visible).toMatch(
      /^The credentials that the job carries are not those of the inputs of this step, so the step signs in afresh\.\n/,
    );
  });

  test('does not matter to a step that has no credentials of its own', async () => {
    const scenario = await startScenario();
    await scenario.logIn();
    const step = await scenario.uses(EXISTING);
    expectSuccess(step);
    expect(step.outputs['auth-method']).toBe('existing');
    expect(scenario.calls).toEqual([LOGIN]);
  });
});

test('Existing credentials that only this step has reach the later steps, and stay when the job ends', async () => {
  const scenario = await startScenario();
  const { token } = scenario.sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'ci' });
  const env = { EXABITS_API_TOKEN: token, EXABITS_API_URL: scenario.sandbox.url };
  const step = await scenario.logIn(EXISTING, { env });
  expectSuccess(step);
  expect(step.visible).toContain('were set outside of this action');
  expect(scenario.job.env).toMatchObject(env);
  expectSuccess(await scenario.post());
  expect(scenario.job.env).toMatchObject(env);
});

test('A configuration of egpu that it prefers to a login is a warning, and no matter for an API token', async () => {
  const home = mkdtempSync(join(tmpdir(), 'home-'));
  atEnd(() => rmSync(home, { recursive: true }));
  mkdirSync(join(home, '.exabits'));
  writeFileSync(join(home, '.exabits/config.yaml'), 'api_url: x\napi_token_encrypted: c2VjcmV0\n');
  const scenario = await startScenario();
  const onPrepare = (env: Record<string, string>): void => void Object.assign(env, { HOME: home });
  expect(warningsOf(await scenario.logIn({}, { onPrepare }))).toEqual([
    expect.stringMatching(
      /config\.yaml has api_token_encrypted, which egpu prefers .*ephemeral-api-token: true/,
    ),
  ]);
  expectSuccess(await scenario.logIn(EPHEMERAL, { onPrepare }));
});

describe('A password that is refused is sent once, whatever becomes of the rest of the answer:', () => {
  const head = 'HTTP/1.1 401 Unauthorized\r\n';
  test.each([
    ['a body that is cut', `${head}Content-Length: 900\r\n\r\n{"status":false`],
    ['chunks that are none', `${head}Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n`],
    ['headers of 20 kB', `${head}X-Long: ${'x'.repeat(20_000)}\r\n\r\n`],
    ['headers that are cut', `${head}Content-Ty`],
    ['headers that are none', `${head}no header at all\r\n\r\n`],
  ])('%s', async (_what, bytes) => {
    const scenario = await startScenario();
    scenario.sandbox.faults.add({ effect: 'raw', bytes, times: 9 });
    expect(scenario.expectFailure(await scenario.logIn())).toMatch(
      /^Exabits did not accept the username and password \(HTTP 401/,
    );
    expect(scenario.calls).toEqual([LOGIN]);
  });

  test.each(['mid-body', 'mid-headers'] as const)('a connection that falls silent, %s', async (at) => {
    const scenario = await startScenario({ sandbox: { accounts: [AWKWARD_ACCOUNT] } });
    scenario.sandbox.faults.add({ effect: 'hang', at, times: 9 });
    expect(scenario.expectFailure(await scenario.logIn())).toMatch(/\(HTTP 401/);
    expect(scenario.calls).toEqual([LOGIN]);
  });
});

describe('Options of Node that the job sets', () => {
  test.each(['--no-deprecation', '--throw-deprecation', '--trace-deprecation'])('%s', async (option) => {
    const scenario = await startScenario({ job: { env: { NODE_OPTIONS: option } } });
    expectSuccess(await scenario.logIn(EPHEMERAL));
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.orphans()).toEqual([]);
  });
});

test('A summary that is a pipe holds nothing up', async () => {
  const scenario = await startScenario();
  const pipe = join(scenario.job.runnerTemp, '..', 'pipe');
  execFileSync('mkfifo', [pipe]);
  const step = await scenario.logIn(
    { 'job-summary': 'true' },
    { onPrepare: (env) => void Object.assign(env, { GITHUB_STEP_SUMMARY: pipe }) },
  );
  expect(step.outcome).toBe('success');
  expect(warningsOf(step)).toEqual(['Could not write the job summary: GITHUB_STEP_SUMMARY is not a file.']);
});
