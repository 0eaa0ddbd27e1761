import { describe, expect, test } from '@jest/globals';
import { AWKWARD_ACCOUNT, EXAMPLE_ACCOUNT, type Sandbox } from '../../testbed/exabits/server.ts';
import { expectSuccess, startScenario, unixTime, warningsOf } from './support/scenario.ts';

const EPHEMERAL = { 'ephemeral-api-token': 'true' };
const HOUR = 3600;

/** Creates a token as if it had been created some hours ago. */
function seed(sandbox: Sandbox, name: string, hoursAgo: number, account = EXAMPLE_ACCOUNT): void {
  sandbox.seedApiToken(account, { name, createdAt: unixTime(-hoursAgo * HOUR) });
}

function namesIn(sandbox: Sandbox): string[] {
  return sandbox.apiTokens().map(({ name }) => name);
}

describe('Tokens that jobs left whose runner died', () => {
  test('are deleted by the post step of a later job when they are older than a week', async () => {
    const scenario = await startScenario();
    seed(scenario.sandbox, 'gha-11-1-0123abcd', 169);
    seed(scenario.sandbox, 'gha-22222222222-15-ffffffff', 5_000);
    await scenario.logIn(EPHEMERAL);
    const post = await scenario.post();
    expectSuccess(post);
    expect(namesIn(scenario.sandbox)).toEqual([]);
    expect(post.visible).toMatch(
      /\nDeleted what earlier jobs had left: (gha-11-1-0123abcd, gha-22222222222-15-ffffffff|gha-22222222222-15-ffffffff, gha-11-1-0123abcd)\.\n$/,
    );
  });

  test('are left when they are younger, for their job may still run', async () => {
    const scenario = await startScenario();
    seed(scenario.sandbox, 'gha-11-1-0123abcd', 167);
    seed(scenario.sandbox, 'gha-11-2-0123abcd', 0);
    await scenario.logIn(EPHEMERAL);
    const post = await scenario.post();
    expectSuccess(post);
    expect(namesIn(scenario.sandbox)).toEqual(['gha-11-1-0123abcd', 'gha-11-2-0123abcd']);
    expect(post.visible).not.toContain('earlier jobs');
  });

  test('are deleted at the age that stale-token-hours says', async () => {
    const scenario = await startScenario();
    seed(scenario.sandbox, 'gha-11-1-0123abcd', 7);
    seed(scenario.sandbox, 'gha-12-1-0123abcd', 5);
    await scenario.logIn({ ...EPHEMERAL, 'stale-token-hours': '6' });
    expectSuccess(await scenario.post());
    expect(namesIn(scenario.sandbox)).toEqual(['gha-12-1-0123abcd']);
  });

  test('are never deleted with stale-token-hours: 0', async () => {
    const scenario = await startScenario();
    seed(scenario.sandbox, 'gha-11-1-0123abcd', 9_000);
    await scenario.logIn({ ...EPHEMERAL, 'stale-token-hours': '0' });
    expectSuccess(await scenario.post());
    expect(namesIn(scenario.sandbox)).toEqual(['gha-11-1-0123abcd']);
  });

  test('cost the main step no request', async () => {
    const scenario = await startScenario();
    seed(scenario.sandbox, 'gha-11-1-0123abcd', 500);
    await scenario.logIn(EPHEMERAL);
    expect(scenario.calls).toEqual(['POST /authenticate/login', 'POST /api-tokens']);
  });

  test('are no matter of a job without ephemeral-api-token', async () => {
    const scenario = await startScenario();
    seed(scenario.sandbox, 'gha-11-1-0123abcd', 500);
    await scenario.logIn();
    expectSuccess(await scenario.post());
    expect(scenario.calls).toEqual(['POST /authenticate/login']);
    expect(namesIn(scenario.sandbox)).toEqual(['gha-11-1-0123abcd']);
  });

  test('are deleted also when the own token is deleted by a fresh login', async () => {
    const scenario = await startScenario();
    seed(scenario.sandbox, 'gha-11-1-0123abcd', 500);
    await scenario.logIn({ ...EPHEMERAL, 'write-headers-file': 'false' });
    expectSuccess(await scenario.post());
    expect(namesIn(scenario.sandbox)).toEqual([]);
  });
});

test('Nothing else is ever deleted, however old', async () => {
  const scenario = await startScenario();
  const names = [
    'ci',
    'gha',
    'gha-',
    'gha-1-1-0123abc',
    'gha-1-1-0123abcde',
    'gha-1-1-0123ABCD',
    'gha-1-1-0123abcg',
    'GHA-1-1-0123abcd',
    ' gha-1-1-0123abcd',
    'gha-1-1-0123abcd ',
    'gha-1-1-0123abcd\n',
    'gha-1-1-1-0123abcd',
    'gha-1-0123abcd',
    'gha-a-1-0123abcd',
    'gha--1-1-0123abcd',
    'my-gha-1-1-0123abcd',
    'gha-1-1-0123abcd-mine',
    'gha-1-١-0123abcd',
  ];
  for (const name of names) seed(scenario.sandbox, name, 9_000);
  seed(scenario.sandbox, 'gha-1-1-0123abcd', 9_000, AWKWARD_ACCOUNT);
  await scenario.logIn({ ...EPHEMERAL, 'stale-token-hours': '1' });
  const post = await scenario.post();
  expectSuccess(post);
  expect(namesIn(scenario.sandbox)).toEqual([...names, 'gha-1-1-0123abcd']);
  expect(post.visible).not.toContain('earlier jobs');
});

describe('When earlier tokens cannot be looked after', () => {
  test('because the list fails, it is a warning, and the own token is deleted', async () => {
    const scenario = await startScenario();
    await scenario.logIn({ ...EPHEMERAL, 'max-attempts': '1' });
    scenario.sandbox.faults.add({ effect: 'status', status: 500, match: { method: 'GET' } });
    const post = await scenario.post();
    expect(post).toMatchObject({ outcome: 'success', exitCode: 0 });
    expect(warningsOf(post)).toEqual([
      expect.stringMatching(/^Could not delete every token that was left over: .*HTTP 500/),
    ]);
    expect(namesIn(scenario.sandbox)).toEqual([]);
  });

  test('because a deletion fails, it is a warning, and the own token is deleted', async () => {
    const scenario = await startScenario();
    seed(scenario.sandbox, 'gha-11-1-0123abcd', 500);
    await scenario.logIn({ ...EPHEMERAL, 'max-attempts': '1' });
    scenario.sandbox.faults.add({ effect: 'status', status: 500, match: { method: 'DELETE' } });
    const post = await scenario.post();
    expect(post).toMatchObject({ outcome: 'success', exitCode: 0 });
    expect(warningsOf(post)).toEqual([
      expect.stringMatching(/^Could not delete every token that was left over: .*HTTP 500/),
    ]);
    expect(namesIn(scenario.sandbox)).toEqual(['gha-11-1-0123abcd']);
  });

  test('because the list never ends in time, the own token is deleted all the same', async () => {
    const scenario = await startScenario();
    await scenario.logIn({ ...EPHEMERAL, 'timeout-seconds': '2' });
    scenario.sandbox.faults.add({
      effect: 'hang',
      at: 'before-headers',
      match: { method: 'GET' },
      times: 99,
    });
    const post = await scenario.post();
    expect(post).toMatchObject({ outcome: 'success', exitCode: 0 });
    expect(warningsOf(post)).toHaveLength(1);
    expect(namesIn(scenario.sandbox)).toEqual([]);
  });

  test('because another job was faster, nobody is told', async () => {
    const scenario = await startScenario();
    seed(scenario.sandbox, 'gha-11-1-0123abcd', 500);
    await scenario.logIn(EPHEMERAL);
    scenario.sandbox.faults.add({
      effect: 'status',
      status: 404,
      match: { method: 'DELETE' },
      carriedOut: true,
    });
    expectSuccess(await scenario.post());
    expect(namesIn(scenario.sandbox)).toEqual([]);
  });
});
