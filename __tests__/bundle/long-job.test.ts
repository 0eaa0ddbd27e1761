import { describe, expect, test } from '@jest/globals';
import { testWithBash } from '../support/system.ts';
import { expectSuccess, startScenario } from './support/scenario.ts';

const CALL =
  'curl --fail-with-body --silent --show-error -H @"$EXABITS_HEADERS_FILE" "$EXABITS_API_BASE_URL/virtual-machines"';
const HALF_AN_HOUR_AND_A_BIT = 31 * 60;

describe('In a job that takes longer than an access token lives', () => {
  testWithBash(
    'a call with the tokens of a login gets a 401, which the log of the sign-in told how to avoid',
    async () => {
      const scenario = await startScenario();
      const step = await scenario.logIn();
      expect((await scenario.run(CALL)).outcome).toBe('success');
      scenario.sandbox.advance(HALF_AN_HOUR_AND_A_BIT);
      const late = await scenario.run(CALL);
      expect(late.outcome).toBe('failure');
      expect(late.raw).toContain('401');
      expect(step.visible).toContain(
        `expires at ${step.outputs['access-token-expires-at']}; for a longer job set ephemeral-api-token: true.`,
      );
    },
  );

  testWithBash('a token for this job goes on to the end, and then Exabits holds none', async () => {
    const scenario = await startScenario();
    await scenario.logIn({ 'ephemeral-api-token': 'true' });
    for (const seconds of [0, HALF_AN_HOUR_AND_A_BIT, 5 * 3600, 4 * 86_400]) {
      scenario.sandbox.advance(seconds);
      expect((await scenario.run(CALL)).outcome).toBe('success');
    }
    expectSuccess(await scenario.post());
    expect(scenario.sandbox.apiTokens()).toEqual([]);
  });

  testWithBash('both at once do not disturb each other', async () => {
    const scenario = await startScenario();
    const plain = await scenario.logIn();
    await scenario.logIn({ 'ephemeral-api-token': 'true' });
    scenario.sandbox.advance(HALF_AN_HOUR_AND_A_BIT);
    const late = await scenario.run(CALL, {
      env: { EXABITS_HEADERS_FILE: plain.outputs['headers-file'] ?? '' },
    });
    expect(late.outcome).toBe('failure');
    expect((await scenario.run(CALL)).outcome).toBe('success');
    for (const post of await scenario.finish()) expectSuccess(post);
    expect(scenario.sandbox.apiTokens()).toEqual([]);
    expect(scenario.temporaryFiles()).toEqual([]);
  });

  test('the token stops working the moment the job is over', async () => {
    const scenario = await startScenario();
    const { outputs } = await scenario.logIn({ 'ephemeral-api-token': 'true' });
    await scenario.post();
    const response = await fetch(`${outputs['api-base-url']}/billing/balance`, {
      headers: { authorization: `Bearer ${outputs.token}` },
    });
    expect(response.status).toBe(401);
  });
});
