import { readFileSync, statSync } from 'node:fs';
import { EOL } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { unsignedJwt } from '../../testbed/exabits/jwt.ts';
import { AWKWARD_ACCOUNT, EXAMPLE_ACCOUNT, md5 } from '../../testbed/exabits/server.ts';
import type { StepOptions } from '../../testbed/runner/job.ts';
import { testWithBash } from '../support/system.ts';
import { expectSuccess, type Scenario, startScenario } from './support/scenario.ts';

const { username, password } = EXAMPLE_ACCOUNT;

/** What a step has printed so far, and its environment, which names the runner's files. */
interface Watched {
  printed: string;
  files: Record<string, string>;
}

/** Options that let a test watch a running step. */
function watched(): { watch: Watched; options: StepOptions } {
  const watch: Watched = { printed: '', files: {} };
  const options: StepOptions = {
    onPrepare: (env) => {
      watch.files = env;
    },
    onSpawn: (child) => {
      child.stdout?.on('data', (chunk: Buffer) => {
        watch.printed += chunk.toString('utf8');
      });
    },
  };
  return { watch, options };
}

/** Waits until a step has printed a mask; its output and its requests arrive separately. */
async function isMasked(watch: Watched, secret: string): Promise<boolean> {
  const command = `::add-mask::${escaped(secret)}${EOL}`;
  for (let tries = 0; tries < 100; tries += 1) {
    if (watch.printed.includes(command)) return true;
    await sleep(20);
  }
  return false;
}

/** A text escaped for a workflow command. */
function escaped(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function whenReceived(scenario: Scenario, call: string, look: () => Promise<void>): void {
  scenario.sandbox.onRequest(async ({ moment, method, path }) => {
    if (moment === 'received' && `${method} ${path.replace('/api/v1', '')}` === call) await look();
  });
}

describe('The step masks', () => {
  test('the password and its MD5, before the login is sent', async () => {
    const scenario = await startScenario();
    const { watch, options } = watched();
    const seen: boolean[] = [];
    whenReceived(scenario, 'POST /authenticate/login', async () => {
      seen.push(await isMasked(watch, password), await isMasked(watch, md5(password)));
    });
    expectSuccess(await scenario.logIn({}, options));
    expect(seen).toEqual([true, true]);
  });

  test('the tokens of a login, before they are sent, exported or written', async () => {
    const scenario = await startScenario();
    const { watch, options } = watched();
    const seen: unknown[] = [];
    whenReceived(scenario, 'GET /billing/balance', async () => {
      const { authorization = '', 'refresh-token': refreshToken = '' } =
        scenario.sandbox.requests.at(-1)?.headers ?? {};
      seen.push(
        await isMasked(watch, authorization.replace('Bearer ', '')),
        await isMasked(watch, refreshToken),
        ...['GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_STATE'].map(
          (name) => statSync(watch.files[name] ?? '').size,
        ),
        scenario.temporaryFiles(),
      );
    });
    expectSuccess(await scenario.logIn({ verify: 'true' }, options));
    expect(seen).toEqual([true, true, 0, 0, 0, []]);
  });

  test('an API token, before it is sent', async () => {
    const scenario = await startScenario();
    const { token } = scenario.sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'ci' });
    const { watch, options } = watched();
    const seen: boolean[] = [];
    whenReceived(scenario, 'GET /billing/balance', async () => {
      seen.push(await isMasked(watch, token));
    });
    expectSuccess(await scenario.uses({ 'api-token': token, verify: 'true' }, options));
    expect(seen).toEqual([true]);
  });

  test('an ephemeral API token, before it is sent, exported or written', async () => {
    const scenario = await startScenario();
    const { watch, options } = watched();
    const seen: unknown[] = [];
    whenReceived(scenario, 'GET /billing/balance', async () => {
      seen.push(
        await isMasked(watch, scenario.sandbox.apiTokens()[0]?.token ?? 'none'),
        statSync(watch.files.GITHUB_ENV ?? '').size,
        statSync(watch.files.GITHUB_OUTPUT ?? '').size,
        scenario.temporaryFiles(),
      );
    });
    expectSuccess(await scenario.logIn({ 'ephemeral-api-token': 'true', verify: 'true' }, options));
    expect(seen).toEqual([true, 0, 0, []]);
  });

  test('everything before it prints any other line', async () => {
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

  test('the secrets even if another input is invalid', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn({ cleanup: 'perhaps', 'api-token': 'some-api-token' });
    scenario.expectFailure(step);
    expect(scenario.job.mask(password)).toBe('***');
    expect(scenario.job.mask('some-api-token')).toBe('***');
  });

  test('the token again in the post step, before it is sent', async () => {
    const scenario = await startScenario();
    await scenario.logIn({ 'ephemeral-api-token': 'true' });
    const { watch, options } = watched();
    const seen: boolean[] = [];
    scenario.sandbox.onRequest(async ({ moment, method }) => {
      const bearer = scenario.sandbox.requests.at(-1)?.headers.authorization?.replace('Bearer ', '');
      if (moment === 'received' && method === 'DELETE') seen.push(await isMasked(watch, bearer ?? 'none'));
    });
    expectSuccess(await scenario.post(options));
    expect(seen).toEqual([true]);
  });
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

  testWithBash('after a sign-in with an API token', async () => {
    const scenario = await startScenario();
    await scenario.uses({ 'api-token': 'some-api-token' });
    expect((await scenario.run('echo "$EXABITS_API_TOKEN"')).visible).toBe('***\n');
  });

  testWithBash('after a sign-in with an ephemeral token', async () => {
    const scenario = await startScenario();
    await scenario.logIn({ 'ephemeral-api-token': 'true' });
    expect((await scenario.run('echo "$EXABITS_API_TOKEN"')).visible).toBe('***\n');
  });
});

describe('Any kind of secret is masked:', () => {
  test.each([
    ['special characters', AWKWARD_ACCOUNT.password],
    ['several lines', 'first line of it\nsecond line of it\r\nthird line of it'],
    ['a percent sign and an escape', 'half%0Aof%25it and more'],
    ['a workflow command', '::error::not-an-error::'],
  ])('a password with %s', async (_what, text) => {
    const scenario = await startScenario({
      sandbox: { accounts: [{ username, email: 'a@exabits.example', password: text }] },
    });
    const step = await scenario.uses({ username, password: text });
    expectSuccess(step);
    expect(scenario.job.mask(text)).toBe('***');
    for (const line of text.split(/\r?\n/)) expect(scenario.job.mask(line)).toBe('***');
    expect(scenario.job.mask(md5(text))).toBe('***');
  });

  test('an upper-case hash, both as given and as sent', async () => {
    const scenario = await startScenario();
    const hash = md5(password).toUpperCase();
    expectSuccess(await scenario.logIn({ password: hash, 'password-format': 'md5' }));
    expect(scenario.job.mask(hash)).toBe('***');
    expect(scenario.job.mask(hash.toLowerCase())).toBe('***');
  });
});

describe('Debug logging shows no secret', () => {
  test.each([
    ['a login', {}],
    ['a sign-in with an API token', { 'api-token': unsignedJwt({ sub: 'ci' }) }],
    [
      'a sign-in with an ephemeral token',
      { 'ephemeral-api-token': 'true', verify: 'true', 'job-summary': 'true' },
    ],
  ])('in the log, the summary and the state of %s', async (_what, inputs) => {
    const scenario = await startScenario({ job: { debug: true } });
    const step = await scenario.logIn(inputs);
    expect(step.outcome).toBe('success');
    expect(step.outputs.token).not.toBe('');
    const post = await scenario.post();
    expect(post.outcome).toBe('success');
    expect(Object.keys(step.state)).toContain('leftovers');
  });

  test('in the log of a step that receives unusable tokens', async () => {
    const tokens = [
      { access_token: 'access token with spaces', refresh_token: 'usable-refresh-token' },
      { access_token: 'usable-access-token', refresh_token: 'refresh-token\nin-two-lines' },
      { access_token: 'tökens-with-umlauts', refresh_token: 'usable-refresh-token' },
    ];
    for (const data of tokens) {
      const scenario = await startScenario({ job: { debug: true } });
      for (const token of Object.values(data)) scenario.expectSecret(token);
      scenario.sandbox.faults.add({
        effect: 'body',
        body: JSON.stringify({ status: true, message: '', data }),
      });
      expect(scenario.expectFailure(await scenario.logIn())).toMatch(
        /its "(access|refresh)_token" contains a /,
      );
    }
  });

  test('in the log of a step whose requests fail in different ways', async () => {
    const scenario = await startScenario({ job: { debug: true } });
    const { faults } = scenario.sandbox;
    const match = { path: '/api/v1/authenticate' };
    faults.add({ match, effect: 'status', status: 500, body: JSON.stringify({ message: md5(password) }) });
    faults.add({ match, effect: 'reset', at: 'mid-body' });
    faults.add({ match, effect: 'raw', bytes: `HTTP/1.1 200 ${md5(password)}\r\nbroken header\r\n\r\n` });
    const step = await scenario.logIn({ 'max-attempts': '3' });
    scenario.expectFailure(step);
    expect(step.visible).toContain('##[debug]');
  });
});

test('The state for the post step holds no secret', async () => {
  const scenario = await startScenario();
  const step = await scenario.logIn({ 'ephemeral-api-token': 'true' });
  const token =
    readFileSync(step.outputs['headers-file'] ?? '', 'utf8')
      .trim()
      .split(' ')
      .at(-1) ?? '';
  expect(token).toMatch(/^ey/);
  expect(JSON.stringify(step.state)).not.toContain(token);
  expect(Object.keys(step.state).sort()).toEqual(['ephemeral-token', 'leftovers']);
});
