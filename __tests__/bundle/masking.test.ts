import { EOL } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { EXAMPLE_ACCOUNT, md5, tokensIn } from '../../testbed/exabits/server.ts';
import { testWithBash } from '../support/system.ts';
import { expectSuccess, type ProcessOptions, startScenario } from './support/scenario.ts';

const { username, password } = EXAMPLE_ACCOUNT;
const ephemeral = { 'ephemeral-api-token': 'true' };

test.each([
  ['a password', {}],
  ['an API token', { username: '', password: '', 'api-token': 'stored-api-token' }],
])('When a request arrives, the runner has been told to mask its secrets (%s)', async (_what, inputs) => {
  const scenario = await startScenario();
  scenario.sandbox.store.createApiToken(EXAMPLE_ACCOUNT, { name: 'ci', token: 'stored-api-token' });
  const seen: { call: string; masked: boolean }[] = [];
  let printed = '';
  const options: ProcessOptions = {
    onSpawn: ({ stdout }) => {
      stdout?.on('data', (chunk) => {
        printed += chunk;
      });
    },
  };
  scenario.sandbox.onRequest(async (request, moment) => {
    if (moment !== 'received') return;
    const { call } = request;
    const secrets = call === 'POST /authenticate/login' ? [password, md5(password)] : tokensIn(request);
    const allMasked = () => secrets.every((secret) => printed.includes(`::add-mask::${secret}${EOL}`));
    // What was printed before the request has arrived, too, but may have to be read.
    for (let turn = 0; turn < 5; turn += 1) await setImmediate();
    seen.push({ call, masked: secrets.length > 0 && allMasked() });
  });
  expectSuccess(await scenario.logIn({ ...inputs, ...ephemeral }, options));
  printed = '';
  expectSuccess(await scenario.post(options));
  expect(scenario.calls.length).toBeGreaterThan(1);
  expect(seen).toEqual(scenario.calls.map((call) => ({ call, masked: true })));
});

testWithBash('A later step that prints the secrets shows masks', async () => {
  const scenario = await startScenario();
  await scenario.logIn();
  const printed = await scenario.run(
    'echo "$EXABITS_REFRESH_TOKEN"; cat "$EXABITS_HEADERS_FILE"; echo -n "$EXABITS_ACCESS_TOKEN" | base64 | tr -d "\\n"',
  );
  expect(printed.visible).toBe('***\nAuthorization: Bearer ***\nrefresh-token: ***\n***\n');
  await scenario.logIn(ephemeral);
  expect((await scenario.run('echo "$EXABITS_API_TOKEN"')).visible).toBe('***\n');
});

test('A password like a workflow command, with several lines, is masked, and so are its lines and its MD5', async () => {
  const text = '::error::not-an-error::\nhalf%0Aof%25it and more\r\nthe third line';
  const scenario = await startScenario({ sandbox: { accounts: [{ username, email: '', password: text }] } });
  expectSuccess(await scenario.uses({ username, password: text }));
  for (const secret of [text, ...text.split(/\r?\n/), md5(text), md5(text).toUpperCase()])
    expect(scenario.job.mask(secret)).toBe('***');
});

// What a job has shown is searched when its test is over.
describe('No secret is in the log, the summary or the state, even with debug logging,', () => {
  test.each([
    ['of a login', {}, ['exported']],
    ['of an ephemeral token', ephemeral, ['creation', 'ephemeral-token', 'exported']],
  ])('%s, except for the token that the post step deletes', async (_what, inputs, keys) => {
    const scenario = await startScenario({ job: { debug: true } });
    const { summary, state } = await scenario.logIn({ 'job-summary': 'true', ...inputs });
    expect(summary).not.toBe('');
    expect(Object.keys(state).sort()).toEqual(keys);
    expectSuccess(await scenario.post());
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
  });
});
