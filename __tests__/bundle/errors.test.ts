import { describe, expect, test } from '@jest/globals';
import { unsignedJwt } from '../../testbed/exabits/jwt.ts';
import { unusedPort } from '../../testbed/exabits/local-server.ts';
import { EXAMPLE_ACCOUNT, md5 } from '../../testbed/exabits/server.ts';
import { expectSuccess, isoTime, type Scenario, startScenario, unixTime } from './support/scenario.ts';

const { username, password } = EXAMPLE_ACCOUNT;

describe('A step without usable credentials says which and what to do', () => {
  test('no credentials at all, as in workflows of forks and of Dependabot', async () => {
    const scenario = await startScenario();
    const step = await scenario.uses({});
    expect(scenario.expectFailure(step)).toBe(
      'No credentials: set the inputs username and password, or api-token. If they come from secrets, check that the secrets exist here: workflows of forks and of Dependabot get none.',
    );
    expect(scenario.calls).toEqual([]);
  });

  test('a username without a password', async () => {
    const scenario = await startScenario();
    const step = await scenario.uses({ username });
    expect(scenario.expectFailure(step)).toMatch(
      /^Input "username" is set, but "password" is empty\. Set both/,
    );
    expect(scenario.calls).toEqual([]);
  });

  test('a password without a username', async () => {
    const scenario = await startScenario();
    const step = await scenario.uses({ password });
    expect(scenario.expectFailure(step)).toMatch(
      /^Input "password" is set, but "username" is empty\. Set both/,
    );
    expect(scenario.calls).toEqual([]);
  });

  test.each([
    ['a line break', 'first-part-of-token\nsecond-part-of-token', 'has a line break inside'],
    ['a carriage return', 'first-part-of-token\rsecond-part-of-token', 'has a line break inside'],
    ['a space', 'Bearer token-with-a-space', 'has a space inside'],
    ['a tab', 'first-part-of-token\tsecond-part-of-token', 'has a space inside'],
    [
      'a letter that no header can carry',
      'tökenß-of-somebody',
      'has a character inside that cannot stand in an HTTP header',
    ],
  ])('an API token with %s inside', async (_what, token, defect) => {
    const scenario = await startScenario();
    const step = await scenario.uses({ 'api-token': token });
    expect(scenario.expectFailure(step)).toBe(
      `Input "api-token" ${defect}. Copy the token alone, without "Bearer", and store it again.`,
    );
    expect(scenario.calls).toEqual([]);
  });

  test('an API token that is far too long', async () => {
    const scenario = await startScenario();
    const step = await scenario.uses({ 'api-token': 'token'.repeat(4_000) });
    expect(scenario.expectFailure(step)).toMatch(/^Input "api-token" is longer than \d+ characters\./);
  });

  test('an API token whose JWT has expired', async () => {
    const scenario = await startScenario();
    const expiry = unixTime(-60);
    const step = await scenario.uses({ 'api-token': unsignedJwt({ exp: expiry }) });
    expect(scenario.expectFailure(step)).toBe(
      `The API token expired at ${isoTime(expiry)}. Create a new one in the Exabits console and store it as the secret.`,
    );
    expect(scenario.calls).toEqual([]);
  });

  test('a wrong password, tried once so that it does not lock the account', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn({ password: 'some-other-password' });
    expect(scenario.expectFailure(step)).toBe(
      `Exabits did not accept the username and password (HTTP 401, "The username or the password is wrong"). Check both secrets and that they belong to ${scenario.name}; "password-format" must be md5 where the MD5 of the password is stored, and plain where the password itself is.`,
    );
    expect(scenario.calls).toEqual(['POST /authenticate/login']);
  });

  test('an unknown username', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn({ username: 'nobody' });
    expect(scenario.expectFailure(step)).toMatch(
      /^Exabits did not accept the username and password \(HTTP 401/,
    );
    expect(scenario.calls).toHaveLength(1);
  });

  test('a login that is refused with status false and HTTP 200', async () => {
    const scenario = await startScenario();
    scenario.sandbox.faults.add({
      effect: 'body',
      body: JSON.stringify({ status: false, message: 'Invalid credentials', data: null }),
    });
    const step = await scenario.logIn();
    expect(scenario.expectFailure(step)).toMatch(
      /^Exabits did not accept the username and password \(HTTP 200, "Invalid credentials"\)/,
    );
    expect(scenario.calls).toHaveLength(1);
  });
});

describe('A step that cannot reach Exabits says where the way ends', () => {
  test('the host is not found', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn({ 'api-url': 'https://exabits.invalid', 'max-attempts': '1' });
    expect(scenario.expectFailure(step)).toMatch(
      /^Host exabits\.invalid \(input "api-url"\) was not found \((ENOTFOUND|EAI_AGAIN)\)\. Check the address, and the runner's DNS\. \(1 try\)$/,
    );
  });

  test('the connection is refused', async () => {
    const scenario = await startScenario();
    const port = await unusedPort();
    const step = await scenario.logIn({ 'api-url': `http://127.0.0.1:${port}`, 'max-attempts': '2' });
    expect(scenario.expectFailure(step)).toBe(
      `127.0.0.1:${port} (input "api-url") refused the connection. Check the address, and that the service is up. (2 tries)`,
    );
  });

  test.each(['http://exabits.invalid', 'http://192.0.2.1:8080/api/v1', 'http://127.0.0.1.exabits.invalid'])(
    'http to a host that is not loopback is refused before anything is sent: %s',
    async (url) => {
      const scenario = await startScenario();
      const step = await scenario.logIn({ 'api-url': url });
      expect(scenario.expectFailure(step)).toBe(
        `The input "api-url" is http, which would send your credentials to ${new URL(url).host} unencrypted. Use https; http is for loopback addresses only.`,
      );
    },
  );
});

describe('What the server says is untrusted', () => {
  test('its message cannot start a workflow command, break the line or colour the log', async () => {
    const scenario = await startScenario();
    refuseLogin(scenario, 'no\r\n::error::injected\n::add-mask::e\u2028\u001b[31mred\u0000\u202eend');
    const step = await scenario.logIn();
    const message = scenario.expectFailure(step);
    expect(message).toContain('"no ::error::injected ::add-mask::e [31mred end"');
    expect(scenario.job.mask('e')).toBe('e');
    expect(step.visible.trimEnd().split('\n')).toHaveLength(1);
  });

  test('an old-style command in the middle of its message stays text', async () => {
    const scenario = await startScenario();
    refuseLogin(scenario, 'no ##[error]injected ##[add-mask]injected');
    const step = await scenario.logIn();
    scenario.expectFailure(step);
    expect(step.annotations).toHaveLength(1);
    expect(scenario.job.mask('injected')).toBe('injected');
  });

  test('nor does an old-style command in a line about a try that failed', async () => {
    const scenario = await startScenario();
    const body = JSON.stringify({ status: false, message: 'no ##[error]injected ##[add-mask]injected' });
    scenario.sandbox.faults.add({ effect: 'status', status: 503, body });
    const step = await scenario.logIn();
    expectSuccess(step);
    expect(step.visible).toContain('injected');
    expect(scenario.job.mask('injected')).toBe('injected');
  });

  test('its message is cut to a sensible length', async () => {
    const scenario = await startScenario();
    refuseLogin(scenario, 'word '.repeat(50_000));
    const message = scenario.expectFailure(await scenario.logIn());
    expect(message.length).toBeLessThan(700);
    expect(message).toContain('word word');
    expect(message).toContain('…');
  });

  test('a secret that it repeats is not shown, not even half of it where the message is cut', async () => {
    for (const before of [0, 270, 285, 290, 295, 298]) {
      const scenario = await startScenario();
      refuseLogin(
        scenario,
        `${'x'.repeat(before)}${password} ${md5(password)} ${encodeURIComponent(password)}`,
      );
      const message = scenario.expectFailure(await scenario.logIn());
      expect(message).not.toContain('not-a-');
      expect(message).not.toContain(md5(password).slice(0, 4));
    }
  });

  test('one line of a password of several lines is not shown either, where the message is cut', async () => {
    const lines = ['first-line-of-the-password', 'second-line-of-the-password'];
    const scenario = await startScenario({
      sandbox: { accounts: [{ username, email: 'a@exabits.example', password: lines.join('\n') }] },
    });
    refuseLogin(scenario, `${'x'.repeat(285)}${lines[1]}`);
    const message = scenario.expectFailure(await scenario.logIn({ password: lines.join('\n') }));
    expect(message).toContain('xxx***');
    expect(message).not.toContain('second');
  });

  test('the reason is found also where it stands deeper in the answer', async () => {
    const scenario = await startScenario();
    scenario.sandbox.faults.add({
      effect: 'status',
      status: 400,
      body: JSON.stringify({
        status: false,
        data: { error_reason: { message: 'The account is suspended' } },
      }),
    });
    expect(scenario.expectFailure(await scenario.logIn())).toContain('The account is suspended');
  });
});

describe('With debug logging', () => {
  test('a failed step shows its stack, in debug lines alone', async () => {
    const scenario = await startScenario({ job: { debug: true } });
    const step = await scenario.logIn({ password: 'some-other-password' });
    scenario.expectFailure(step);
    expect(step.visible).toMatch(/^##\[debug\]Failure: Exabits did not accept/m);
    expect(step.visible).toMatch(/^##\[debug\]\s*at /m);
  });

  test('no secret is shown even if the server repeats all of them', async () => {
    const scenario = await startScenario({ job: { debug: true } });
    const all = [
      password,
      md5(password),
      md5(password).toUpperCase(),
      Buffer.from(password).toString('base64'),
    ];
    refuseLogin(scenario, all.join('\n'));
    scenario.expectFailure(await scenario.logIn());
    await scenario.finish();
  });
});

describe('A failed step', () => {
  test('hands nothing on, so that the next steps find the job as it was', async () => {
    const scenario = await startScenario({ job: { env: { EXABITS_API_URL: 'https://exabits.invalid' } } });
    scenario.expectFailure(await scenario.logIn({ password: 'some-other-password' }));
    expect(scenario.job.env).toEqual({ EXABITS_API_URL: 'https://exabits.invalid' });
    expect(scenario.job.conclusion).toBe('failure');
  });

  test('has a post step that succeeds and says that there is nothing to clear', async () => {
    const scenario = await startScenario();
    scenario.expectFailure(await scenario.logIn({ password: 'some-other-password' }));
    const post = await scenario.post();
    expect(post).toMatchObject({ outcome: 'success', annotations: [], env: {} });
    expect(post.visible).toBe('Nothing to clear: the step handed nothing on.\n');
  });

  test('does not disturb what an earlier invocation handed on', async () => {
    const first = await startScenario();
    const { outputs } = await first.logIn();
    const failed = await first.logIn({ password: 'some-other-password' });
    expect(failed).toMatchObject({ outcome: 'failure', outputs: {}, env: {} });
    expect(first.job.env.EXABITS_ACCESS_TOKEN).toBe(outputs['access-token']);
  });
});

function refuseLogin(scenario: Scenario, message: string): void {
  scenario.sandbox.faults.add({
    effect: 'status',
    status: 401,
    body: JSON.stringify({ status: false, message, data: null }),
  });
}
