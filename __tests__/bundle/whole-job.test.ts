import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { AWKWARD_ACCOUNT, EXAMPLE_ACCOUNT } from '../../testbed/exabits/server.ts';
import { testWithBash } from '../support/system.ts';
import { expectSuccess, type Scenario, startScenario } from './support/scenario.ts';

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
    expectSuccess(await scenario.logIn());
    await expectUsable(scenario);
    await scenario.expectNothingLeft();
    expect(scenario.calls).toEqual(['POST /authenticate/login', 'GET /regions', 'GET /regions']);
  });

  testWithBash('an API token, which is checked and outlives the job', async () => {
    const scenario = await startScenario();
    const { id, token } = scenario.sandbox.store.createApiToken(EXAMPLE_ACCOUNT, { name: 'ci' });
    expectSuccess(await scenario.uses({ 'api-token': token }));
    await expectUsable(scenario);
    await scenario.expectNothingLeft();
    expect(scenario.calls).toEqual(['GET /billing/balance', 'GET /regions', 'GET /regions']);
    expect(scenario.sandbox.store.apiTokens().map((left) => left.id)).toEqual([id]);
  });

  testWithBash('an ephemeral API token, which one request deletes', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn({ 'ephemeral-api-token': 'true' });
    expectSuccess(step);
    // Longer than a login's tokens live.
    scenario.sandbox.store.advance(5 * 3600);
    await expectUsable(scenario);
    expect((await scenario.run('exit 1')).outcome).toBe('failure');
    await scenario.expectNothingLeft();
    expect(scenario.calls).toEqual([
      ...['POST /authenticate/login', 'POST /api-tokens', 'GET /regions', 'GET /regions'],
      `DELETE /api-tokens/${step.outputs['api-token-id']}`,
    ]);
  });

  testWithBash('a step that signs out before the end, as docs/using.md shows', async () => {
    const page = readFileSync(join(import.meta.dirname, '../../docs/using.md'), 'utf8');
    const [, yaml = ''] = /^## Sign out.*?```yaml\n(.*?)```/ms.exec(page) ?? [];
    const scenario = await startScenario();
    await scenario.logIn();
    const { outputs } = await scenario.logIn({ 'ephemeral-api-token': 'true' });
    const { env } = await scenario.run(`ID=${outputs['api-token-id']}\n${parse(yaml)[0].run}`);
    expect(scenario.tokensLeft).toEqual([]);
    expect(scenario.headerFiles()).not.toContain(basename(outputs['headers-file'] ?? ''));
    const { env: left } = scenario.job;
    const secret = Object.keys(left).filter(
      (name) => /_TOKEN|_FILE/.test(name) && name.startsWith('EXABITS_'),
    );
    expect(Object.keys(env).sort()).toEqual(secret.sort());
    expect(secret.filter((name) => left[name] !== '')).toEqual([]);
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
    expectSuccess(await scenario.logIn({ 'ephemeral-api-token': 'true' }));
    await scenario.expectNothingLeft();
  });
});
