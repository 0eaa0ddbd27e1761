import { readFileSync, rmSync } from 'node:fs';
import * as os from 'node:os';
import { describe, expect, jest, test } from '@jest/globals';
import { type Origin, originFingerprint } from '../../src/credentials.ts';
import { ephemeralTokenLabel, parseEphemeralName } from '../../src/ephemeral-name.ts';
import { createMasker } from '../../src/secrets.ts';
import * as double from './support/account.ts';
import { type Behaviour, create, ephemeralInputs, exabits, host, logIn } from './support/account.ts';
import { apiUrl, email, jwtUntil, password, passwordMd5, username, yes } from './support/exabits.ts';
import { InProcessJob } from './support/job.ts';

jest.unstable_mockModule('node:os', () => ({ ...os, uptime: () => 4321.5 }));

describe('a step with ephemeral-api-token: true', () => {
  const { mask } = createMasker(() => {});
  const ada: Origin = { kind: 'password', username, md5: mask(passwordMd5), looksHashed: false };
  const maker = originFingerprint(apiUrl, ada);
  const begun = { apiUrl, timeoutMs: 60_000, maxAttempts: 5, startedAt: 4321.5, maker };

  test('logs in, creates a token, and exports that alone', async () => {
    const { log, outputs, env, state, exitCode } = await new InProcessJob().main(ephemeralInputs);
    const [{ id, name, token } = { id: '', name: '', token: '' }] = exabits.tokens();
    expect([log, exitCode]).toEqual([
      `Signed in to ${host} with the API token ${name}, made for this job. The post step deletes it.`,
      0,
    ]);
    expect(exabits.calls).toEqual([logIn, create]);
    expect(outputs).toMatchObject({ token, 'api-token-id': id, username, email });
    // A value of its own, because act masks no secret inside JSON.
    expect(state).toMatchObject({ 'ephemeral-token': token, exported: expect.not.stringContaining(token) });
    expect(JSON.parse(state.creation ?? '')).toEqual({ ...begun, unanswered: [], made: { id, name } });
    const accessToken = exabits.requests[1]?.bearer ?? '';
    for (const secret of [password, passwordMd5, accessToken]) {
      expect(JSON.stringify([outputs, env, state])).not.toContain(secret);
    }
  });

  test('does not export the stored API token that creates the new one, or save it', async () => {
    const stored = exabits.seed('ci');
    const { outputs, env, state } = await new InProcessJob().main({
      ...{ 'api-token': stored.token, 'ephemeral-api-token': 'true' },
      ...{ 'timeout-seconds': '30', 'max-attempts': '2' },
    });
    expect(exabits.calls).toEqual([create]);
    expect(outputs).toMatchObject({ token: exabits.tokens()[1]?.token, username: '', email: '' });
    expect(JSON.stringify([outputs, env, state])).not.toContain(stored.token);
    expect(JSON.parse(state.creation ?? '')).toMatchObject({ timeoutMs: 30_000, maxAttempts: 2 });
  });

  test('works with a short password that occurs in the id of the token', async () => {
    const pair = { access_token: jwtUntil('2026-11-24T12:30:00Z'), refresh_token: 'r' };
    exabits.when(logIn, double.answers(200, yes(pair)));
    exabits.when(create, double.answers(200, yes({ id: 'tok-12345', token: 'exa-made' })));
    const { exitCode, state } = await new InProcessJob().main({ ...ephemeralInputs, password: '123' });
    expect([exitCode, JSON.parse(state.creation ?? '').made.id]).toEqual([0, 'tok-12345']);
  });

  test('gives each try a name of its own, which is saved before it is sent', async () => {
    const job = new InProcessJob();
    const saved: string[] = [];
    const look =
      (behaviour: Behaviour): Behaviour =>
      (carryOut) => {
        const state = readFileSync(job.commandFile('GITHUB_STATE'), 'utf8');
        saved.push(state.match(/^{.*}$/gm)?.at(-1) ?? '');
        return behaviour(carryOut);
      };
    exabits.when(create, look(double.losesAnswer(502)), 1);
    exabits.when(create, look(double.answers(429)), 1);
    exabits.when(create, look(double.losesAnswer(503)), 1);
    exabits.when(create, look(double.carriesOut));
    const { state } = await job.main(ephemeralInputs);
    const [first, third, last] = exabits.left();
    const [, second] = JSON.parse(saved[1] ?? '').unanswered;
    expect(new Set([first, second, third, last]).size).toBe(4);
    const tries = [[first], [first, second], [first, third], [first, third, last]];
    expect(saved.map((json) => JSON.parse(json).unanswered)).toEqual(tries);
    expect(JSON.parse(saved[0] ?? '')).toEqual({ ...begun, unanswered: [first] });
    const { unanswered, made } = JSON.parse(state.creation ?? '');
    expect([unanswered, made.name]).toEqual([[first, third], last]);
  });

  test.each<[string, Behaviour, number]>([
    ['nothing if that is certain', double.refuses(422), 0],
    ['a token if the answer cannot be read', double.answers(200, yes({ token: 'exa-made' })), 1],
    ['a token if the answer was lost', double.losesAnswer(502), 1],
  ])('that fails may have made %s', async (_what, behaviour, count) => {
    exabits.when(create, behaviour);
    const inputs = { ...ephemeralInputs, 'max-attempts': '1' };
    const { exitCode, outputs, env, state } = await new InProcessJob().main(inputs);
    expect({ exitCode, outputs, env }).toEqual({ exitCode: 1, outputs: {}, env: {} });
    expect(Object.keys(state)).toEqual(['creation']);
    expect(JSON.parse(state.creation ?? '').unanswered).toHaveLength(count);
  });

  test('says what Exabits said, even if it can no longer save its state', async () => {
    const job = new InProcessJob();
    exabits.when(create, (carryOut) => {
      rmSync(job.commandFile('GITHUB_STATE'));
      return double.refuses(403, 'not for you')(carryOut);
    });
    expect((await job.main(ephemeralInputs)).log).toBe(
      `Error: Exabits refused the tokens of the login (HTTP 403, "not for you"). Check that the account may use the API, and that the runner's clock is right.`,
    );
  });

  test('creates no token if it cannot save its name', async () => {
    const { log } = await new InProcessJob({ GITHUB_STATE: '' }).main(ephemeralInputs);
    expect(log).toMatch(/^Error: The runner's files .* \(GITHUB_STATE is not set\)/);
    expect(exabits.calls).toEqual([logIn]);
  });
});

describe('the label of a token', () => {
  const label = (changes: NodeJS.ProcessEnv = {}) =>
    ephemeralTokenLabel({
      ...{ GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'octo-org/train' },
      ...{ GITHUB_WORKFLOW: 'nightly training', GITHUB_JOB: 'train' },
      ...{ GITHUB_RUN_ID: '9876543210', GITHUB_RUN_ATTEMPT: '2', ...changes },
    });

  test('shows in the Exabits console which run and job created the token', async () => {
    await new InProcessJob().main(ephemeralInputs);
    expect(exabits.tokens()[0]).toMatchObject({
      name: expect.stringMatching(/^gha-9876543210-2-[0-9a-f]{8}$/),
      description:
        'workflow nightly training, job train of octo-org/train: https://github.com/octo-org/train/actions/runs/9876543210/attempts/2',
    });
  });

  test('is one line that splits no emoji', () => {
    const names = { GITHUB_WORKFLOW: `a\n${'b'.repeat(46)}🚀🚀`, GITHUB_JOB: 'c'.repeat(51) };
    expect(label(names).description).toMatch(/^workflow a b{46}\ufffd…, job c{49}… of .*attempts\/2$/);
    const short = { GITHUB_WORKFLOW: 'w'.repeat(50), GITHUB_REPOSITORY: 'octo\norg' };
    expect(label(short).description).toMatch(/^workflow w{50}, job train of octo org: /);
  });

  test.each(['', 'seven', 'x1', '1x', '1.5', '-1', '1\n2', '1'.repeat(21)])(
    'has 0 in place of the invalid number %j',
    (id) => expect(label({ GITHUB_RUN_ID: id, GITHUB_RUN_ATTEMPT: id }).name).toMatch(/^gha-0-0-\w{8}$/),
  );

  test("has blanks if the runner's variables are missing", () => {
    const { name, description } = ephemeralTokenLabel({});
    expect([name, description]).toEqual([
      expect.stringMatching(/^gha-0-0-/),
      'workflow , job of : //actions/runs/0/attempts/0',
    ]);
  });
});

describe('the name of an ephemeral token', () => {
  const longest = ephemeralTokenLabel({ GITHUB_RUN_ID: '1'.repeat(20), GITHUB_RUN_ATTEMPT: '2'.repeat(10) });

  test.each([
    ['gha-111-1-0a1b2c3d', '111', 1],
    ['gha-0-0-00000000', '0', 0],
    [longest.name, '1'.repeat(20), 2222222222],
  ])('says which run created it: %s', (name, runId, attempt) => {
    expect(parseEphemeralName(name)).toEqual({ runId, attempt });
    expect(name.length).toBeLessThanOrEqual(50);
  });

  test.each([
    ...['', 'laptop', 'gha-111-1-0a1b2c3d-keep', 'my-gha-111-1-0a1b2c3d', 'mine\ngha-111-1-0a1b2c3d'],
    ...['gha-111-1-0a1b2c3d\n', 'gha-111-1-0A1B2C3D', 'gha-111-1-0a1b2c3', 'gha-111-1-0a1b2c3d4'],
    ...['gha-111-1-0a1b2c3g', 'gha-111-0a1b2c3d', 'gha-x-1-0a1b2c3d', 'gha-1-x-0a1b2c3d', 'gha--1-0a1b2c3d'],
    ...['gha-1--0a1b2c3d', 'gha-٣-1-0a1b2c3d', 'GHA-111-1-0a1b2c3d'],
    ...[`gha-${'1'.repeat(21)}-1-0a1b2c3d`, `gha-1-${'1'.repeat(11)}-0a1b2c3d`],
  ])('has exactly that form, unlike %j', (name) => {
    expect(parseEphemeralName(name)).toBeUndefined();
  });
});
