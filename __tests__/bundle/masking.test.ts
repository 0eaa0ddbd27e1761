import { readFileSync } from 'node:fs';
import { EOL } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { unsignedJwt } from '../../testbed/exabits/jwt.ts';
import { AWKWARD_ACCOUNT, EXAMPLE_ACCOUNT, md5, tokensIn } from '../../testbed/exabits/server.ts';
import { testWithBash } from '../support/system.ts';
import { expectSuccess, type ProcessOptions, type Scenario, startScenario } from './support/scenario.ts';

const { username, password } = EXAMPLE_ACCOUNT;
const ephemeral = { 'ephemeral-api-token': 'true' };

/** What a step had done when a request arrived: the secrets of the request that it had masked, and what it had exported. */
interface Sight {
  readonly call: string;
  readonly masked: boolean;
  readonly exported: string;
}

/** Options that let a test look at a running step at each of its requests. */
function watched(scenario: Scenario): { sights: Sight[]; options: ProcessOptions } {
  const sights: Sight[] = [];
  let files: Record<string, string> = {};
  let printed = '';
  scenario.sandbox.onRequest(async (request, moment) => {
    if (moment !== 'received') return;
    const hash = /"password":"([^"]+)"/.exec(request.body)?.[1];
    const secrets = [...tokensIn(request), ...(hash ? [hash, password] : [])];
    const isMasked = (secret: string): boolean => printed.includes(`::add-mask::${secret}${EOL}`);
    // Output and requests arrive separately.
    for (let tries = 0; tries < 100 && !secrets.every(isMasked); tries += 1) await sleep(20);
    const masked = secrets.length > 0 && secrets.every(isMasked);
    const exported = ['GITHUB_ENV', 'GITHUB_OUTPUT'].map((name) => readFileSync(files[name] ?? '', 'utf8'));
    sights.push({ call: request.call, masked, exported: [...exported, ...scenario.headerFiles()].join('') });
  });
  const options: ProcessOptions = {
    onPrepare: (env) => {
      files = env;
    },
    onSpawn: (child) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        printed += chunk.toString('utf8');
      });
    },
  };
  return { sights, options };
}

const sight = (call: string): Sight => ({ call, masked: true, exported: '' });

describe('Before it is sent, and before anything is exported, the runner is told to mask', () => {
  test('the password, its MD5 and the tokens of a login', async () => {
    const scenario = await startScenario();
    const { sights, options } = watched(scenario);
    expectSuccess(await scenario.logIn(ephemeral, options));
    expect(sights).toEqual([sight('POST /authenticate/login'), sight('POST /api-tokens')]);
  });

  test('an API token', async () => {
    const scenario = await startScenario();
    const { token } = scenario.sandbox.store.createApiToken(EXAMPLE_ACCOUNT, { name: 'ci' });
    const { sights, options } = watched(scenario);
    expectSuccess(await scenario.uses({ 'api-token': token }, options));
    expect(sights).toEqual([sight('GET /billing/balance')]);
  });

  test('the token of the job, in the post step', async () => {
    const scenario = await startScenario();
    const { outputs } = await scenario.logIn(ephemeral);
    const { sights, options } = watched(scenario);
    expectSuccess(await scenario.post(options));
    expect(sights).toMatchObject([{ call: `DELETE /api-tokens/${outputs['api-token-id']}`, masked: true }]);
  });
});

test('The masks are the first lines that a step prints', async () => {
  const scenario = await startScenario();
  const { raw, outputs } = await scenario.logIn();
  const lines = raw.trimEnd().split(EOL);
  const masks = lines.filter((line) => line.startsWith('::add-mask::'));
  expect(lines.slice(0, masks.length)).toEqual(masks);
  expect(masks.map((line) => line.replace('::add-mask::', ''))).toEqual(
    expect.arrayContaining([password, md5(password), outputs['access-token'], outputs['refresh-token']]),
  );
  expect(lines.length).toBeGreaterThan(masks.length);
});

test('Secrets are masked even if another input is invalid', async () => {
  const scenario = await startScenario();
  scenario.expectFailure(await scenario.logIn({ cleanup: 'perhaps', 'api-token': 'some-api-token' }));
  expect([password, 'some-api-token'].map((secret) => scenario.job.mask(secret))).toEqual(['***', '***']);
});

describe('A later step that prints a secret shows a mask', () => {
  testWithBash('after a login', async () => {
    const scenario = await startScenario();
    await scenario.logIn();
    const step = await scenario.run(
      'echo "a=$EXABITS_ACCESS_TOKEN b=$EXABITS_REFRESH_TOKEN"; cat "$EXABITS_HEADERS_FILE"; echo -n "$EXABITS_ACCESS_TOKEN" | base64 | tr -d "\\n"',
    );
    expect(step.visible).toBe('a=*** b=***\nAuthorization: Bearer ***\nrefresh-token: ***\n***\n');
  });

  testWithBash.each([{ 'api-token': unsignedJwt({ sub: 'ci' }), verify: 'false' }, ephemeral])(
    'after a sign-in with %j',
    async (inputs) => {
      const scenario = await startScenario();
      await scenario.logIn(inputs);
      expect((await scenario.run('echo "$EXABITS_API_TOKEN"')).visible).toBe('***\n');
    },
  );
});

test.each([
  ['special characters', AWKWARD_ACCOUNT.password],
  ['several lines', 'first line of it\nsecond line of it\r\nthird line of it'],
  ['a percent sign and an escape', 'half%0Aof%25it and more'],
  ['a workflow command', '::error::not-an-error::'],
])('A password with %s is masked, and so are its lines and its MD5', async (_what, text) => {
  const accounts = [{ username, email: 'a@exabits.example', password: text }];
  const scenario = await startScenario({ sandbox: { accounts } });
  expectSuccess(await scenario.uses({ username, password: text }));
  for (const secret of [text, ...text.split(/\r?\n/), md5(text), md5(text).toUpperCase()])
    expect(scenario.job.mask(secret)).toBe('***');
});

describe('No secret is in the log, the summary or the state, even with debug logging,', () => {
  test.each([
    ['of a login', {}, ['exported']],
    ['of a stored API token', { 'api-token': unsignedJwt({ sub: 'ci' }), verify: 'false' }, ['exported']],
    ['of an ephemeral token', ephemeral, ['creation', 'ephemeral-token', 'exported']],
  ])('%s, except for the token that the post step deletes', async (_what, inputs, keys) => {
    const scenario = await startScenario({ job: { debug: true } });
    const step = await scenario.logIn({ 'job-summary': 'true', ...inputs });
    expect(step.outcome).toBe('success');
    expect(step.summary).not.toBe('');
    expect(Object.keys(step.state).sort()).toEqual(keys);
    expect(step.state['ephemeral-token'] ?? '').toBe(keys.length > 1 ? step.outputs.token : '');
    expect((await scenario.post()).outcome).toBe('success');
    scenario.expectNoSecretShown();
  });

  test.each([
    { access_token: 'access token with spaces', refresh_token: 'usable-refresh-token' },
    { access_token: 'usable-access-token', refresh_token: 'refresh-token\nin-two-lines' },
  ])('of a step that receives %j', async (data) => {
    const scenario = await startScenario({ job: { debug: true } });
    for (const token of Object.values(data)) scenario.expectSecret(token);
    scenario.sandbox.faults.add({ answer: { body: JSON.stringify({ status: true, data }) } });
    const message = scenario.expectFailure(await scenario.logIn());
    expect(message).toMatch(/its "(access|refresh)_token" contains a /);
    scenario.expectNoSecretShown();
  });

  test('of a step whose requests fail in different ways', async () => {
    const scenario = await startScenario({ job: { debug: true } });
    const { faults } = scenario.sandbox;
    faults.add({ answer: { status: 500, body: JSON.stringify({ message: md5(password) }) } });
    faults.add({ reset: 'received' });
    faults.add({ raw: `HTTP/1.1 200 ${md5(password)}\r\nbroken header\r\n\r\n` });
    const step = await scenario.logIn({ 'max-attempts': '3' });
    scenario.expectFailure(step);
    expect(step.visible).toContain('##[debug]');
    scenario.expectNoSecretShown();
  });
});
