import { rmSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { EXAMPLE_ACCOUNT, startSandbox } from '../../testbed/exabits/server.ts';
import { testWithBash } from '../support/system.ts';
import { atEnd, expectSuccess, startJob, startScenario, warningsOf } from './support/scenario.ts';

const EPHEMERAL = { 'ephemeral-api-token': 'true' };
const LOGIN = 'POST /authenticate/login';
const CREATE = 'POST /api-tokens';
const LIST = 'GET /api-tokens';
const NAME = /^gha-1658821493-1-[0-9a-f]{8}$/;

describe('With ephemeral-api-token the step', () => {
  test('hands on a token that was created for this job, and nothing else', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn(EPHEMERAL);
    expectSuccess(step);

    const [created, ...more] = scenario.sandbox.apiTokens();
    expect(more).toEqual([]);
    const { id, token, name } = created ?? {};
    expect(name).toMatch(NAME);
    scenario.expectApiTokenHandedOn(step, token, {
      'auth-method': 'ephemeral-api-token',
      'api-token-id': id,
      username: EXAMPLE_ACCOUNT.username,
      email: EXAMPLE_ACCOUNT.email,
    });
    expect(step.visible).toBe(
      `Signed in to ${scenario.name} with the API token ${name}, made for this job. The post step deletes it.\n`,
    );
  });

  test('costs the main step one request more than a login', async () => {
    const scenario = await startScenario();
    expectSuccess(await scenario.logIn(EPHEMERAL));
    expect(scenario.calls).toEqual([LOGIN, CREATE]);
    const { headers } = scenario.sandbox.requests[1] ?? {};
    expect(headers?.authorization).toMatch(/^Bearer ey/);
    expect(headers?.['refresh-token']).toBeTruthy();
  });

  test('says in the description where the token is from', async () => {
    const scenario = await startScenario({
      job: { github: { GITHUB_WORKFLOW: 'Nightly', GITHUB_JOB: 'fine-tune', GITHUB_RUN_ATTEMPT: '3' } },
    });
    expectSuccess(await scenario.logIn(EPHEMERAL));
    const { name, description } = scenario.sandbox.apiTokens()[0] ?? {};
    expect(name).toMatch(/^gha-1658821493-3-[0-9a-f]{8}$/);
    for (const part of [
      'octo-org/octo-repo',
      'Nightly',
      'fine-tune',
      'https://github.com/octo-org/octo-repo/actions/runs/1658821493/attempts/3',
    ]) {
      expect(description).toContain(part);
    }
  });

  test('keeps name and description within limits, whatever the workflow is called', async () => {
    const github = {
      GITHUB_WORKFLOW: `${'Very long '.repeat(100)}\n::error::x`,
      GITHUB_RUN_ID: '98765432109876543210',
      GITHUB_RUN_ATTEMPT: '9999',
    };
    const scenario = await startScenario({ job: { github } });
    expectSuccess(await scenario.logIn(EPHEMERAL));
    const { name = '', description = '' } = scenario.sandbox.apiTokens()[0] ?? {};
    expect(name).toMatch(/^gha-98765432109876543210-9999-[0-9a-f]{8}$/);
    expect(name.length).toBeLessThanOrEqual(50);
    expect(description.length).toBeLessThanOrEqual(300);
    expect(description).not.toContain('\n');
    expect(description).toContain('/actions/runs/98765432109876543210/attempts/9999');
  });

  test('makes a name of the same form when the runner numbers its runs in another way', async () => {
    const scenario = await startScenario({
      job: { github: { GITHUB_RUN_ID: 'run/7', GITHUB_RUN_ATTEMPT: '' } },
    });
    expectSuccess(await scenario.logIn(EPHEMERAL));
    expect(scenario.sandbox.orphans()).toHaveLength(1);
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.orphans()).toEqual([]);
  });

  test('can also create the token with another API token, which is not handed on', async () => {
    const scenario = await startScenario();
    const long = scenario.sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'ci' });
    const step = await scenario.uses({ 'api-token': long.token, ...EPHEMERAL });
    expectSuccess(step);
    expect(step.outputs).toMatchObject({ 'auth-method': 'ephemeral-api-token', username: '', email: '' });
    expect(step.outputs.token).not.toBe(long.token);
    for (const value of [...Object.values(step.outputs), ...Object.values(step.env)]) {
      expect(value).not.toContain(long.token);
    }
    expect(scenario.calls).toEqual([CREATE]);
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.apiTokens().map(({ id }) => id)).toEqual([long.id]);
  });

  test('together with cleanup: false is an error before any request', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn({ ...EPHEMERAL, cleanup: 'false' });
    expect(scenario.expectFailure(step)).toBe(
      'Inputs "ephemeral-api-token: true" and "cleanup: false" exclude each other: the token would never expire and never be deleted. Remove one of them.',
    );
    expect(scenario.calls).toEqual([]);
  });

  test('fails with its own words when the account may not create tokens, and leaves none', async () => {
    const scenario = await startScenario();
    scenario.sandbox.faults.add({
      effect: 'status',
      status: 403,
      match: { method: 'POST', path: '/api/v1/api-tokens' },
    });
    const message = scenario.expectFailure(await scenario.logIn(EPHEMERAL));
    expect(message).toMatch(/^Exabits refused the tokens of the login \(HTTP 403/);
    expect((await scenario.post()).outcome).toBe('success');
    expect(scenario.sandbox.orphans()).toEqual([]);
  });

  test.each([
    ['no token', { id: 'some-id' }, 'its "token" is not a text'],
    ['no id', { token: 'created-token-value' }, 'its "id" is not an identifier'],
  ])('fails when the answer has %s', async (_what, data, defect) => {
    const scenario = await startScenario();
    scenario.expectSecret('created-token-value');
    scenario.sandbox.faults.add({
      effect: 'body',
      body: JSON.stringify({ status: true, data }),
      match: { method: 'POST', path: '/api/v1/api-tokens' },
      carriedOut: true,
    });
    expect(scenario.expectFailure(await scenario.logIn(EPHEMERAL))).toContain(defect);
    expect(scenario.sandbox.orphans()).toHaveLength(1);
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.orphans()).toEqual([]);
  });

  test('takes an id that is a number', async () => {
    const scenario = await startScenario();
    scenario.sandbox.faults.add({
      effect: 'body',
      body: JSON.stringify({ status: true, data: { id: 4711, token: 'created-token-value' } }),
      match: { method: 'POST', path: '/api/v1/api-tokens' },
    });
    const step = await scenario.logIn(EPHEMERAL);
    expectSuccess(step);
    expect(step.outputs['api-token-id']).toBe('4711');
  });
});

describe('The post step deletes the token', () => {
  test('by the token itself, without another login', async () => {
    const scenario = await startScenario();
    const { outputs } = await scenario.logIn(EPHEMERAL);
    scenario.sandbox.clearRequests();
    const post = await scenario.post();
    expectSuccess(post);
    expect(scenario.sandbox.apiTokens()).toEqual([]);
    expect(scenario.calls).not.toContain(LOGIN);
    expect(scenario.calls.at(-1)).toBe(`DELETE /api-tokens/${outputs['api-token-id']}`);
    for (const { headers } of scenario.sandbox.requests) {
      expect(headers.authorization).toBe(`Bearer ${outputs.token}`);
    }
    expect(post.visible).toMatch(/^Cleared .*\nDeleted the API token gha-1658821493-1-[0-9a-f]{8}\.\n$/);
  });

  test('hours later, when the tokens of the login are long gone', async () => {
    const scenario = await startScenario();
    await scenario.logIn(EPHEMERAL);
    scenario.sandbox.advance(6 * 3600);
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.apiTokens()).toEqual([]);
  });

  test.each([
    ['the header file is gone', {}, true],
    ['there was no header file', { 'write-headers-file': 'false' }, false],
  ])('by logging in afresh when %s', async (_why, inputs, remove) => {
    const scenario = await startScenario();
    const { outputs } = await scenario.logIn({ ...EPHEMERAL, ...inputs, 'export-environment': 'false' });
    if (remove) rmSync(outputs['headers-file'] ?? '');
    scenario.sandbox.advance(6 * 3600);
    scenario.sandbox.clearRequests();
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.apiTokens()).toEqual([]);
    expect(scenario.calls[0]).toBe(LOGIN);
  });

  test('by logging in afresh when the token itself is refused', async () => {
    const scenario = await startScenario();
    await scenario.logIn(EPHEMERAL);
    scenario.sandbox.faults.add({ effect: 'status', status: 403, match: { method: 'DELETE' } });
    scenario.sandbox.clearRequests();
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.apiTokens()).toEqual([]);
    expect(scenario.calls).toContain(LOGIN);
  });

  test('by the variable when there was no header file, even if what made it is gone by then', async () => {
    const scenario = await startScenario();
    const { token, id } = scenario.sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'ci' });
    await scenario.uses({ 'api-token': token, ...EPHEMERAL, 'write-headers-file': 'false' });
    await fetch(`${scenario.sandbox.url}/api/v1/api-tokens/${id}`, {
      method: 'DELETE',
      headers: { authorization: `Bearer ${token}` },
    });
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.apiTokens()).toEqual([]);
  });

  test('with the long-lived API token when its own is not there', async () => {
    const scenario = await startScenario();
    const long = scenario.sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'ci' });
    await scenario.uses({
      'api-token': long.token,
      ...EPHEMERAL,
      'write-headers-file': 'false',
      'export-environment': 'false',
    });
    scenario.sandbox.clearRequests();
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.apiTokens().map(({ id }) => id)).toEqual([long.id]);
    expect(scenario.calls).not.toContain(LOGIN);
  });

  testWithBash('and is content when somebody has deleted it already', async () => {
    const scenario = await startScenario();
    const { outputs } = await scenario.logIn(EPHEMERAL);
    const gone = await scenario.run(
      `curl --fail --silent -X DELETE -H @"$EXABITS_HEADERS_FILE" "$EXABITS_API_BASE_URL/api-tokens/${outputs['api-token-id']}"`,
    );
    expect(gone.outcome).toBe('success');
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.apiTokens()).toEqual([]);
  });

  test('also when the answer to the deletion is lost', async () => {
    const scenario = await startScenario();
    await scenario.logIn(EPHEMERAL);
    scenario.sandbox.faults.add({ effect: 'answer-lost', match: { method: 'DELETE' } });
    const post = await scenario.post();
    expect(post).toMatchObject({ outcome: 'success', annotations: [] });
    expect(scenario.sandbox.apiTokens()).toEqual([]);
  });

  test('also when Exabits is busy at first', async () => {
    const scenario = await startScenario();
    await scenario.logIn(EPHEMERAL);
    scenario.sandbox.faults.add({ effect: 'status', status: 503, match: { method: 'DELETE' } });
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.apiTokens()).toEqual([]);
  });

  test('also when the variables and the header file are not handed on at all', async () => {
    const scenario = await startScenario();
    await scenario.logIn({ ...EPHEMERAL, 'export-environment': 'false', 'write-headers-file': 'false' });
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.apiTokens()).toEqual([]);
  });

  test('also when main failed after it had created it', async () => {
    const scenario = await startScenario();
    scenario.sandbox.faults.add({ effect: 'status', status: 400, match: { path: '/api/v1/billing' } });
    scenario.expectFailure(await scenario.logIn({ ...EPHEMERAL, verify: 'true' }));
    expect(scenario.sandbox.orphans()).toHaveLength(1);
    const post = await scenario.post();
    expectSuccess(post);
    expect(scenario.sandbox.orphans()).toEqual([]);
    expect(post.visible).toMatch(/^Deleted the API token gha-/);
  });

  testWithBash('at the deployment where it was created, whatever EXABITS_API_URL says by then', async () => {
    const scenario = await startScenario();
    await scenario.logIn(EPHEMERAL);
    await scenario.run('echo EXABITS_API_URL=https://exabits.invalid >> "$GITHUB_ENV"');
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.apiTokens()).toEqual([]);
  });
});

describe('A deletion that fails for good', () => {
  test('is a warning that names the token and how to delete it by hand, and never fails the job', async () => {
    const scenario = await startScenario();
    const { outputs } = await scenario.logIn({ ...EPHEMERAL, 'max-attempts': '1' });
    const { name, token } = scenario.sandbox.apiTokens()[0] ?? {};
    const body = JSON.stringify({ status: false, message: `Not now: ${token}`, data: null });
    scenario.sandbox.faults.add({
      effect: 'status',
      status: 403,
      body,
      match: { method: 'DELETE' },
      times: 99,
    });
    const post = await scenario.post();
    expect(post).toMatchObject({ outcome: 'success', exitCode: 0 });
    expect(warningsOf(post)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^The API token ${name} may still be valid: .*HTTP 403.* Delete it by hand: egpu token delete ${outputs['api-token-id']} --force$`,
        ),
      ),
    ]);
    expect(post.visible).not.toContain(token);
    expect(scenario.job.conclusion).toBe('success');
    expect(scenario.temporaryFiles()).toEqual([]);
  });

  test('names the token also when Exabits is gone', async () => {
    const sandbox = await startSandbox();
    atEnd(() => sandbox.close());
    const scenario = startJob(sandbox);
    const { outputs } = await scenario.logIn({ ...EPHEMERAL, 'max-attempts': '1' });
    scenario.expectSecret(outputs.token);
    await sandbox.close();
    const post = await scenario.post();
    expect(post).toMatchObject({ outcome: 'success', exitCode: 0 });
    const [warning, ...more] = warningsOf(post);
    expect(more).toEqual([]);
    expect(warning).toContain('refused the connection');
    expect(warning).toContain(`egpu token delete ${outputs['api-token-id']} --force`);
  });

  test('ends at the deadline when Exabits never answers', async () => {
    const start = performance.now();
    const scenario = await startScenario();
    const { outputs } = await scenario.logIn({
      ...EPHEMERAL,
      'timeout-seconds': '1',
      'stale-token-hours': '0',
    });
    scenario.sandbox.faults.add({ effect: 'hang', at: 'before-headers', times: 99 });
    const post = await scenario.post();
    expect(post.outcome).toBe('success');
    expect(warningsOf(post)).toEqual([expect.stringContaining(outputs['api-token-id'] ?? 'none')]);
    expect(performance.now() - start).toBeLessThan(20_000);
  });

  test('for a token whose id never came says how to find it', async () => {
    const scenario = await startScenario();
    scenario.sandbox.faults.add({
      effect: 'answer-lost',
      match: { method: 'POST', path: '/api/v1/api-tokens' },
    });
    scenario.expectFailure(await scenario.logIn({ ...EPHEMERAL, 'max-attempts': '1' }));
    const name = scenario.sandbox.orphans()[0]?.name;
    scenario.sandbox.faults.add({ effect: 'status', status: 403, match: { method: 'DELETE' }, times: 99 });
    const post = await scenario.post();
    expect(post.outcome).toBe('success');
    expect(warningsOf(post)).toEqual([
      expect.stringMatching(
        new RegExp(
          `^The API token ${name} may still be valid: .* Look for ${name} in the output of "egpu token list", and delete it by hand: egpu token delete ID --force$`,
        ),
      ),
    ]);
  });
});

describe('A creation whose answer was lost', () => {
  test('is cleaned up before it is tried again, so that one token is left and that is deleted', async () => {
    const scenario = await startScenario();
    scenario.sandbox.faults.add({
      effect: 'answer-lost',
      match: { method: 'POST', path: '/api/v1/api-tokens' },
    });
    const step = await scenario.logIn(EPHEMERAL);
    expectSuccess(step);
    const [first, second, third, fourth, fifth, ...more] = scenario.calls;
    expect([first, second, third, fifth]).toEqual([LOGIN, CREATE, LIST, CREATE]);
    expect(fourth).toMatch(/^DELETE \/api-tokens\/[0-9a-f]+$/);
    expect(more).toEqual([]);
    expect(scenario.sandbox.apiTokens().map(({ id }) => id)).toEqual([step.outputs['api-token-id']]);
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.apiTokens()).toEqual([]);
  });

  test.each([
    ['half of it came', { effect: 'reset', at: 'mid-body' }],
    ['a gateway gave up waiting for it', { effect: 'status', status: 504, carriedOut: true }],
    ['Exabits said that it failed, but it had not', { effect: 'status', status: 500, carriedOut: true }],
  ] as const)('because %s, too', async (_why, fault) => {
    const scenario = await startScenario();
    scenario.sandbox.faults.add({ ...fault, match: { method: 'POST', path: '/api/v1/api-tokens' } });
    const step = await scenario.logIn(EPHEMERAL);
    expectSuccess(step);
    expect(scenario.sandbox.apiTokens().map(({ id }) => id)).toEqual([step.outputs['api-token-id']]);
  });

  test('several times leaves one token all the same', async () => {
    const scenario = await startScenario();
    const match = { method: 'POST', path: '/api/v1/api-tokens' };
    scenario.sandbox.faults.add({ effect: 'answer-lost', match, times: 2 });
    const step = await scenario.logIn(EPHEMERAL);
    expectSuccess(step);
    expect(scenario.sandbox.apiTokens().map(({ id }) => id)).toEqual([step.outputs['api-token-id']]);
  });

  test('is left to the post step when there is no further try', async () => {
    const scenario = await startScenario();
    const match = { method: 'POST', path: '/api/v1/api-tokens' };
    scenario.sandbox.faults.add({ effect: 'answer-lost', match });
    scenario.expectFailure(await scenario.logIn({ ...EPHEMERAL, 'max-attempts': '1' }));
    expect(scenario.sandbox.orphans()).toHaveLength(1);
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.orphans()).toEqual([]);
  });

  test('is left to the post step when it cannot be cleaned up now', async () => {
    const scenario = await startScenario();
    const path = '/api/v1/api-tokens';
    scenario.sandbox.faults.add({ effect: 'answer-lost', match: { method: 'POST', path } });
    scenario.sandbox.faults.add({ effect: 'status', status: 403, match: { method: 'GET', path } });
    scenario.expectFailure(await scenario.logIn(EPHEMERAL));
    expect(scenario.calls.filter((call) => call === CREATE)).toHaveLength(1);
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.orphans()).toEqual([]);
  });

  test('and that is carried out only after the next try is found by the post step', async () => {
    const scenario = await startScenario();
    const match = { method: 'POST', path: '/api/v1/api-tokens' };
    scenario.sandbox.faults.add({ effect: 'status', status: 504, match });
    scenario.sandbox.onRequest(({ moment, method, path, nth }) => {
      if (moment !== 'answered' || `${method} ${path}` !== 'POST /api/v1/api-tokens' || nth !== 2) return;
      const { name = '' } = scenario.sandbox.apiTokens()[0] ?? {};
      scenario.sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name });
    });
    expectSuccess(await scenario.logIn(EPHEMERAL));
    expect(scenario.sandbox.orphans()).toHaveLength(2);
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.orphans()).toEqual([]);
  });

  test('does not touch the tokens of others while it is cleaned up', async () => {
    const scenario = await startScenario({ sandbox: { maxPageSize: 2 } });
    for (const name of ['ci', 'gha-1-1-00000000', 'gha-2-1-00000000', 'laptop']) {
      scenario.sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name });
    }
    const match = { method: 'POST', path: '/api/v1/api-tokens' };
    scenario.sandbox.faults.add({ effect: 'answer-lost', match });
    const step = await scenario.logIn(EPHEMERAL);
    expectSuccess(step);
    expect(scenario.sandbox.apiTokens()).toHaveLength(5);
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.apiTokens().map(({ name }) => name)).toEqual([
      'ci',
      'gha-1-1-00000000',
      'gha-2-1-00000000',
      'laptop',
    ]);
  });
});
