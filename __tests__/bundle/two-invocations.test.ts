import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { AWKWARD_ACCOUNT, EXAMPLE_ACCOUNT } from '../../testbed/exabits/server.ts';
import { testWithBash } from '../support/system.ts';
import { expectSuccess, startExabits, startScenario } from './support/scenario.ts';

const other = { username: AWKWARD_ACCOUNT.username, password: AWKWARD_ACCOUNT.password };

/** Calls the API with the header file of one invocation. */
const callWith = (headersFile: string | undefined, url: string): string =>
  `curl --fail --silent --show-error -H @"${headersFile}" "${url}/api/v1/virtual-machines"`;

describe('Two invocations in one job', () => {
  testWithBash('have header files of their own, which both keep working', async () => {
    const scenario = await startScenario();
    const { url } = scenario.sandbox;
    const [first, second] = [await scenario.logIn(), await scenario.uses(other)];
    expectSuccess(first);
    expectSuccess(second);
    expect(first.outputs['headers-file']).not.toBe(second.outputs['headers-file']);
    const calls = [
      await scenario.run(callWith(first.outputs['headers-file'], url)),
      await scenario.run(callWith(second.outputs['headers-file'], url)),
    ];
    expect(calls.map(({ raw }) => JSON.parse(raw).data[0].name)).toEqual([
      `${EXAMPLE_ACCOUNT.username}-train-0`,
      `${AWKWARD_ACCOUNT.username}-train-0`,
    ]);
  });

  test('leave the second sign-in in the variables', async () => {
    const scenario = await startScenario();
    await scenario.logIn();
    const { outputs } = await scenario.uses(other);
    expect(scenario.job.env).toMatchObject({
      EXABITS_ACCESS_TOKEN: outputs['access-token'],
      EXABITS_REFRESH_TOKEN: outputs['refresh-token'],
      EXABITS_HEADERS_FILE: outputs['headers-file'],
    });
  });

  test('each clear their own header file, and together all variables', async () => {
    const scenario = await startScenario();
    const first = await scenario.logIn();
    const second = await scenario.uses(other);
    let filesBetween: boolean[] = [];
    let posts = 0;
    const results = await scenario.finish({
      onPrepare: () => {
        posts += 1;
        if (posts === 2) {
          filesBetween = [first, second].map(({ outputs }) => existsSync(outputs['headers-file'] ?? ''));
        }
      },
    });
    expect(results).toHaveLength(2);
    for (const post of results) expectSuccess(post);
    expect(filesBetween).toEqual([true, false]);
    expect(scenario.temporaryFiles()).toEqual([]);
    expect(Object.values(scenario.job.env).filter((value) => value !== '')).toEqual([]);
  });

  test('with another method each leave the credentials of the second alone in the job', async () => {
    const scenario = await startScenario();
    await scenario.uses({ 'api-token': 'some-api-token' });
    const login = await scenario.logIn();
    expect(scenario.job.env).toMatchObject({
      EXABITS_API_TOKEN: '',
      EXABITS_ACCESS_TOKEN: login.outputs['access-token'],
    });
    const posts = await scenario.finish();
    for (const post of posts) expectSuccess(post);
    expect(Object.values(scenario.job.env).filter((value) => value !== '')).toEqual([]);
    expect(scenario.temporaryFiles()).toEqual([]);
  });

  test('with cleanup: false at one of them leave the header file of that one alone', async () => {
    const scenario = await startScenario();
    const kept = await scenario.logIn({ cleanup: 'false' });
    await scenario.uses(other);
    const [second, first] = await scenario.finish();
    expect(second?.visible).toMatch(/^Cleared /);
    expect(first?.visible).toMatch(/^Left in place, because cleanup is false: /);
    expect(readFileSync(kept.outputs['headers-file'] ?? '', 'utf8')).toContain(kept.outputs.token);
    expect(scenario.temporaryFiles()).toHaveLength(1);
  });

  test('each delete the token that they made, and only that', async () => {
    const scenario = await startScenario();
    const first = await scenario.logIn({ 'ephemeral-api-token': 'true' });
    const second = await scenario.uses({ ...other, 'ephemeral-api-token': 'true' });
    expect(first.outputs['api-token-id']).not.toBe(second.outputs['api-token-id']);
    const idsBetween: string[][] = [];
    await scenario.finish({
      onPrepare: () => {
        idsBetween.push(scenario.sandbox.orphans().map(({ id }) => id));
      },
    });
    expect(idsBetween).toEqual([
      [first.outputs['api-token-id'], second.outputs['api-token-id']],
      [first.outputs['api-token-id']],
    ]);
    expect(scenario.sandbox.orphans()).toEqual([]);
  });

  test('leave what the second one set and was told to keep', async () => {
    const scenario = await startScenario();
    await scenario.logIn();
    const second = await scenario.uses({ ...other, cleanup: 'false' });
    for (const post of await scenario.finish()) expectSuccess(post);
    expect(scenario.job.env).toMatchObject({
      EXABITS_API_URL: scenario.sandbox.url,
      EXABITS_API_BASE_URL: `${scenario.sandbox.url}/api/v1`,
      EXABITS_ACCESS_TOKEN: second.outputs['access-token'],
      EXABITS_REFRESH_TOKEN: second.outputs['refresh-token'],
      EXABITS_HEADERS_FILE: second.outputs['headers-file'],
    });
    expect(existsSync(String(second.outputs['headers-file']))).toBe(true);
  });

  test('for two deployments each talk to their own', async () => {
    const scenario = await startScenario();
    const reseller = await startExabits();
    const first = await scenario.logIn({ 'ephemeral-api-token': 'true' });
    const second = await scenario.logIn({ 'ephemeral-api-token': 'true', 'api-url': reseller.url });
    expect(scenario.job.env.EXABITS_API_URL).toBe(reseller.url);
    expect(scenario.sandbox.orphans().map(({ id }) => id)).toEqual([first.outputs['api-token-id']]);
    expect(reseller.orphans().map(({ id }) => id)).toEqual([second.outputs['api-token-id']]);
    for (const post of await scenario.finish()) expectSuccess(post);
    expect([...scenario.sandbox.orphans(), ...reseller.orphans()]).toEqual([]);
  });

  test('run the post step of the second although the first one failed', async () => {
    const scenario = await startScenario();
    scenario.expectFailure(
      await scenario.logIn({ password: 'some-other-password' }, { continueOnError: true }),
    );
    await scenario.logIn();
    const [second, first] = await scenario.finish();
    expect(second?.visible).toMatch(/^Cleared /);
    expect(first?.visible).toBe('Nothing to clear: the step handed nothing on.\n');
    expect(scenario.job.conclusion).toBe('success');
  });
});
