import { execFileSync } from 'node:child_process';
import * as crypto from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { testOnPosix } from '../support/system.ts';
import * as double from './support/account.ts';
import { type Behaviour, balance, exabits, host, logIn } from './support/account.ts';
import { apiToken, jwtUntil, loginInputs, no, passwordMd5, username } from './support/exabits.ts';
import { InProcessJob } from './support/job.ts';
import './support/realm.ts';

let isFips = false;
jest.unstable_mockModule('node:crypto', () => ({
  ...crypto,
  createHash(algorithm: string) {
    if (isFips && algorithm === 'md5') throw new Error('digital envelope routines::unsupported');
    return crypto.createHash(algorithm);
  },
}));

const signedIn = `Signed in to ${host} as ada. The access token expires at 2026-11-24T12:30:00.000Z; for a longer job set ephemeral-api-token: true.`;
const using = `Using the API token for ${host}.`;

beforeEach(() => {
  isFips = false;
});

describe('before a credential is exported, Exabits has accepted it:', () => {
  test.each(['true', 'false'])('a login is proof enough (verify: %s)', async (verify) => {
    const { log, exitCode } = await new InProcessJob().main({ ...loginInputs, verify });
    expect([log, exitCode]).toEqual([signedIn, 0]);
    expect(exabits.calls).toEqual([logIn]);
  });

  test('an API token is checked by one request', async () => {
    const { token } = exabits.seed('ci');
    const { log, exitCode } = await new InProcessJob().main({ 'api-token': token });
    expect([log, exitCode]).toEqual([using, 0]);
    expect(exabits.requests).toEqual([{ call: balance, bearer: token, as: username }]);
  });

  test('an API token is not checked with verify: false, and the log says so', async () => {
    const token = jwtUntil('2026-11-25T00:00:00Z');
    const { log, outputs } = await new InProcessJob().main({ 'api-token': token, verify: 'false' });
    expect(outputs['token-expires-at']).toBe('2026-11-25T00:00:00.000Z');
    expect(log).toBe(
      `Using the API token for ${host}, which expires at 2026-11-25T00:00:00.000Z. It was not checked, because verify is false.`,
    );
    expect(exabits.calls).toEqual([]);
  });

  const failed = (problem: string, advice: string): string =>
    `Error: The credentials could not be checked. ${problem} ${advice} With verify: false they are not checked, and nothing is sent.`;

  test.each<[string, Behaviour, string, number]>([
    [
      'a refused one fails the step',
      double.refuses(401),
      `Error: Exabits refused the API token (HTTP 401, "no"). Check that it still exists in the Exabits console, that the secret holds all of it, and that it belongs to ${host}.`,
      1,
    ],
    [
      'one that is refused with HTTP 200 fails it, too',
      double.answers(200, no('revoked')),
      `Error: Exabits refused ${balance} (HTTP 200, "revoked"). Check the inputs of the step.`,
      1,
    ],
    [
      'one that may not read balances is used',
      double.refuses(403),
      `Whether ${host} accepts the credentials could not be checked (HTTP 403, "no"). They are used.\n${using}`,
      0,
    ],
    [
      'one at a host without the call is used',
      double.refuses(404),
      `Whether ${host} accepts the credentials could not be checked (HTTP 404, "no"). They are used.\n${using}`,
      0,
    ],
    [
      'a refusal by something else is none',
      double.answers(404, '<html>'),
      failed(`${host} refused ${balance} (HTTP 404).`, 'This is not how Exabits answers: check the address.'),
      1,
    ],
    [
      'a server that is down fails the step',
      double.refuses(503),
      failed('Exabits cannot answer now (HTTP 503, "no").', 'Run the job again later.'),
      1,
    ],
  ])('%s', async (_what, behaviour, log, exitCode) => {
    exabits.when(balance, behaviour);
    const inputs = { 'api-token': exabits.seed('ci').token, 'max-attempts': '1' };
    const step = await new InProcessJob().main(inputs);
    expect([step.log, step.exitCode]).toEqual([log, exitCode]);
    expect(Object.keys(step.outputs)).toHaveLength(exitCode === 1 ? 0 : 13);
    // The debug log shows causes, too.
    const errors = step.debugLog.match(/^(Failure|Error): .*/gm) ?? [];
    expect(errors).toHaveLength(exitCode + Number(log.includes('verify: false')));
  });
});

test('an API token besides a login causes a warning', async () => {
  const inputs = { ...loginInputs, 'api-token': apiToken, verify: 'false' };
  expect((await new InProcessJob().main(inputs)).log).toBe(
    `Warning: Both api-token and username/password are given: api-token is used, and no login happens. Remove one of them.\n${using} It was not checked, because verify is false.`,
  );
});

describe('the step fails before it sends anything', () => {
  test.each<[string, Record<string, string>, Record<string, string>]>([
    ['for a login', loginInputs, {}],
    ['for a token to be made there', double.ephemeralInputs, {}],
    [
      'in place of others',
      { ...loginInputs, 'use-existing-credentials': 'true' },
      { EXABITS_API_TOKEN: 'a b' },
    ],
  ])('to a host that only a variable names: %s', async (_what, inputs, env) => {
    const job = new InProcessJob({ ...env, EXABITS_API_URL: 'https://reseller.example' });
    const { log, exitCode, state } = await job.main(inputs);
    const words = 'Error: The variable EXABITS_API_URL names https://reseller.example, ';
    expect([log.includes(words), exitCode, state, exabits.calls]).toEqual([true, 1, {}, []]);
  });

  test.each(['main', 'sweep'] as const)(
    'where a shell has dropped the inputs with a hyphen: %s',
    async (phase) => {
      const job = new InProcessJob();
      job.onPrepare = (env) => {
        for (const name of Object.keys(env)) if (name.includes('-')) delete env[name];
      };
      const { log, exitCode } = await job[phase](loginInputs);
      expect([log, exitCode, exabits.calls]).toEqual([
        "Error: The inputs whose name has a hyphen are missing from the environment. Some shells drop such variables, for example if Node is started through a script for sh. Start Node directly, as GitHub's runner does, or let the script use bash.",
        ...[1, []],
      ]);
    },
  );
});

test('in FIPS mode, only the MD5 of a password works, and the step says so', async () => {
  isFips = true;
  const job = new InProcessJob();
  const { log, debugLog } = await job.main(loginInputs);
  expect(debugLog).toContain('\nError: digital envelope routines::unsupported');
  expect(log).toBe(
    'Error: Node cannot compute the MD5 that Exabits expects, probably because this runner is in FIPS mode. Store the MD5 of the password as the secret, and set password-format: md5.',
  );
  const hashed = { username, password: passwordMd5, 'password-format': 'md5' };
  expect((await job.main(hashed)).log).toBe(signedIn);
});

describe("the official client's configuration", () => {
  let home = '';
  let job: InProcessJob;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), 'exabits-home-'));
    job = new InProcessJob({ HOME: home, USERPROFILE: '' });
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const configure = (text: string): string => {
    mkdirSync(join(home, '.exabits'));
    const path = join(home, '.exabits', 'config.yaml');
    if (text) writeFileSync(path, text);
    return path;
  };
  const warning = (path: string, key: string): string =>
    `Warning: ${path} has ${key}, which egpu prefers to the tokens of a login: in later steps egpu acts as that account, not as this one. Remove the key ("egpu config set" writes that file), or set ephemeral-api-token: true, which egpu prefers to the file.`;

  test.each([
    ['api_token: exa-1\n', 'api_token'],
    ['api_url: https://api.example\napi_token: "exa-1" # of a person\n', 'api_token'],
    ['api_token: ""\napi_token_encrypted: c2VjcmV0\n', 'api_token_encrypted'],
    ["'api_token'\t:\t'exa-1'", 'api_token'],
    ['{"api_token":"exa-1"}', 'api_token'],
    ['api_token:   exa-1', 'api_token'],
    ['{\n  "api_token": "exa-1"\n}\n', 'api_token'],
    ['\ufeffapi_token: exa-1\r\n', 'api_token'],
    ['access_token: a\nrefresh_token: b\n', ''],
    ["api_token: ''\r\napi_token_encrypted:\r\n", ''],
    ['api_token:\napi_url: x\n', ''],
    ['api_token: # none\n', ''],
    ['# api_token: exa-1\n', ''],
    ['my_api_token: exa-1\n', ''],
    ['api_token_name: exa-1\n', ''],
  ])('causes a warning after a login if the client prefers a key of it: %j, "%s"', async (text, key) => {
    const path = configure(text);
    const { log } = await job.main(loginInputs);
    expect(log).toBe(key ? `${signedIn}\n${warning(path, key)}` : signedIn);
  });

  test('causes a warning after a login that is reused, too', async () => {
    const path = configure('api_token: exa-1\n');
    await job.main(loginInputs);
    const { log } = await job.main({ 'use-existing-credentials': 'true' });
    expect(log).toContain(warning(path, 'api_token'));
  });

  test('causes none with an API token, which the client prefers to the file', async () => {
    configure('api_token: exa-1\n');
    const { token } = exabits.seed('ci');
    expect((await job.main({ 'api-token': token })).log).toBe(using);
  });

  test('is read up to 64 kB', async () => {
    const key = 'api_token: exa-1\n';
    const path = configure(key.padEnd(64 * 1024, '#'));
    expect((await job.main(loginInputs)).log).toContain(warning(path, 'api_token'));
    writeFileSync(path, key.padEnd(64 * 1024 + 1, '#'));
    expect((await job.main(loginInputs)).log).toBe(signedIn);
  });

  test('is found on Windows, too', async () => {
    const path = configure('api_token: exa-1\n');
    const windows = new InProcessJob({ HOME: '/git', USERPROFILE: home });
    expect((await windows.main(loginInputs)).log).toContain(warning(path, 'api_token'));
  });

  test('may be missing, as may the home folder', async () => {
    expect((await job.main(loginInputs)).log).toBe(signedIn);
    expect((await new InProcessJob({ HOME: '', USERPROFILE: '' }).main(loginInputs)).log).toBe(signedIn);
  });

  testOnPosix('is not read if it is a pipe, which may never end', async () => {
    execFileSync('mkfifo', [configure('')]);
    expect((await job.main(loginInputs)).log).toBe(signedIn);
  });
});
