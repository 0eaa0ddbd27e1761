import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { unsignedJwt } from '../../testbed/exabits/jwt.ts';
import * as double from './support/account.ts';
import { balance, create, exabits, host, logIn, somebodyElse } from './support/account.ts';
import { apiToken, apiUrl, jwtUntil, loginInputs, password, username } from './support/exabits.ts';
import { InProcessJob } from './support/job.ts';

type Variables = Record<string, string>;

const until = '2026-11-24T12:30:00.000Z';
const pair = { EXABITS_ACCESS_TOKEN: jwtUntil(until), EXABITS_REFRESH_TOKEN: 'refresh-token' };
/** A token that expires at this time. */
const at = (time: string): string => jwtUntil(`2026-11-24T${time}Z`);
const reuse = { 'use-existing-credentials': 'true', verify: 'false' };
const elsewhere = 'https://reseller.example';
const notOurs = 'The credentials in use were not set by this action.';
const using = (expiry = ''): string =>
  `Using the credentials for ${host} already set in this job${expiry && `, until ${expiry}`}. This step does not clear them.`;
const signedIn = `Signed in to ${host} as ada. The access token expires at ${until}; for a longer job set ephemeral-api-token: true.`;
const instead = (reason: string): string =>
  `The credentials already set in this job ${reason}, so the step uses its inputs.`;
const inVain = (reason: string): string =>
  `Error: The credentials already set in this job ${reason}, and this step has none of its own. Sign in before it, or set username and password, or api-token.`;

/** A job that another step has signed in. */
async function signedInWith(inputs: Variables): Promise<InProcessJob> {
  const job = new InProcessJob();
  await job.main(inputs);
  exabits.requests.length = 0;
  return job;
}

describe('existing credentials are used as they are:', () => {
  const full = { ...pair, EXABITS_REFRESH_TOKEN: at('14:00:00') };
  const opaque = { ...pair, EXABITS_ACCESS_TOKEN: 'opaque', EXABITS_ACCESS_TOKEN_EXPIRES_AT: ` ${until}\n` };
  const brief = { ...pair, EXABITS_ACCESS_TOKEN: at('12:05:00') };

  test.each<[string, Variables, string, Variables]>([
    ['a token pair', pair, until, { token: pair.EXABITS_ACCESS_TOKEN, 'refresh-token-expires-at': '' }],
    ['one with a known end', full, until, { 'refresh-token-expires-at': '2026-11-24T14:00:00.000Z' }],
    ['one whose expiry is in a variable', opaque, until, { token: 'opaque', 'token-expires-at': until }],
    ['one that is valid for 5 more minutes', brief, '2026-11-24T12:05:00.000Z', {}],
    ['an API token', { EXABITS_API_TOKEN: apiToken }, '', { 'api-token': apiToken, 'token-expires-at': '' }],
    ['one with a second left', { EXABITS_API_TOKEN: at('12:00:01') }, '2026-11-24T12:00:01.000Z', {}],
    ['it before a pair, as in egpu', { ...pair, EXABITS_API_TOKEN: apiToken }, '', { token: apiToken }],
  ])('%s', async (_what, env, expiry, outputs) => {
    const step = await new InProcessJob(env).main(reuse);
    const [said, use] = step.log.split('\n');
    expect([said, use, step.exitCode]).toEqual([notOurs, using(expiry), 0]);
    const nobody = { 'auth-method': 'existing', username: '', email: '', 'api-token-id': '' };
    expect(step.outputs).toMatchObject({ ...nobody, ...outputs });
    expect(exabits.calls).toEqual([]);
  });

  test.each([
    [elsewhere, ''],
    [` ${elsewhere}/api/v1/ `, elsewhere],
  ])('for the host of EXABITS_API_URL, however it is spelled: "%s" and "%s"', async (variable, input) => {
    const job = new InProcessJob({ ...pair, EXABITS_API_URL: variable });
    const { outputs } = await job.main({ ...reuse, 'api-url': input });
    expect(outputs).toMatchObject({ 'auth-method': 'existing', 'api-url': elsewhere });
  });

  test('exported again, trimmed, in a header file of this step, and the post step clears only that', async () => {
    const addresses = { EXABITS_API_URL: apiUrl, EXABITS_API_BASE_URL: `${apiUrl}/api/v1` };
    const env = { EXABITS_API_TOKEN: ` ${apiToken}\n`, EXABITS_HEADERS_FILE: '/of/another' };
    const job = new InProcessJob(env);
    const main = await job.main(reuse);
    const [file = ''] = job.temporaryFiles();
    expect(main.env).toEqual({ ...addresses, EXABITS_API_TOKEN: apiToken, EXABITS_HEADERS_FILE: file });
    expect(readFileSync(file, 'utf8')).toBe(`Authorization: Bearer ${apiToken}\n`);
    const post = await job.post(main);
    expect(post.log).toBe('Cleared EXABITS_HEADERS_FILE, the header file.');
    expect(post.env).toEqual({ EXABITS_HEADERS_FILE: '' });
    expect(job.temporaryFiles()).toEqual([]);
  });

  test("without touching another step's header file if the step writes none", async () => {
    const job = new InProcessJob({ ...pair, EXABITS_HEADERS_FILE: '/of/another' });
    const main = await job.main({ ...reuse, 'write-headers-file': 'false' });
    expect(main.env).not.toHaveProperty('EXABITS_HEADERS_FILE');
    expect(main.log).toBe(`${notOurs}\n${using(until)}`);
    expect((await job.post(main)).env).toEqual({});
  });
});

describe('existing credentials that cannot be used', () => {
  const opaque = { ...pair, EXABITS_ACCESS_TOKEN: unsignedJwt({ sub: 'ada' }) };
  const soon = '2026-11-24T12:04:59.999Z';

  test.each<[string, Variables]>([
    [`are for ${host}:8443, not for ${host}`, { ...pair, EXABITS_API_URL: `${apiUrl}:8443` }],
    [`are for an unreadable address, not for ${host}`, { ...pair, EXABITS_API_URL: 'x' }],
    ['cannot be used: EXABITS_ACCESS_TOKEN is empty', { EXABITS_REFRESH_TOKEN: 'refresh-token' }],
    ['cannot be used: EXABITS_REFRESH_TOKEN is empty', { ...pair, EXABITS_REFRESH_TOKEN: ' ' }],
    ['cannot be used: EXABITS_API_TOKEN contains a space', { EXABITS_API_TOKEN: 'a b' }],
    ['expired at 2026-11-24T12:00:00.000Z', { EXABITS_API_TOKEN: at('12:00:00') }],
    ['expired at 2026-11-24T12:00:00.000Z', { ...pair, EXABITS_ACCESS_TOKEN: at('12:00:00') }],
    [
      'expire in less than 5 minutes, at 2026-11-24T12:00:01.000Z',
      { ...pair, EXABITS_ACCESS_TOKEN: at('12:00:01') },
    ],
    [`expire in less than 5 minutes, at ${soon}`, { ...opaque, EXABITS_ACCESS_TOKEN_EXPIRES_AT: soon }],
    ['do not say when they expire', opaque],
    ['do not say when they expire', { ...opaque, EXABITS_ACCESS_TOKEN_EXPIRES_AT: 'soon' }],
  ])('give the reason: they %s', async (reason, env) => {
    const inputs = { ...reuse, 'api-url': apiUrl };
    const step = await new InProcessJob(env).main({ ...loginInputs, ...inputs });
    expect(step.log.split('\n').slice(0, 2)).toEqual([instead(reason), signedIn]);
    // Where there is nothing to sign in with, the reason is the error.
    const bare = await new InProcessJob(env).main(inputs);
    expect([bare.exitCode, bare.log]).toEqual([1, inVain(reason)]);
  });

  test('are for the default host if no variable names one', async () => {
    const { log } = await new InProcessJob(pair).main({ ...reuse, 'api-url': elsewhere });
    expect(log).toBe(inVain(`are for ${host}, not for reseller.example`));
  });

  test('are not mentioned if there are none, or if the step does not want them', async () => {
    expect((await new InProcessJob().main({ ...loginInputs, ...reuse })).log).toBe(signedIn);
    expect((await new InProcessJob(pair).main(loginInputs)).log).toBe(signedIn);
    expect((await new InProcessJob().main(reuse)).log).toMatch(
      /^Error: No earlier step of this job has set credentials, and this step has none of its own\. /,
    );
  });
});

describe('by default, Exabits is asked whether it accepts them:', () => {
  const checked = { 'use-existing-credentials': 'true' };
  const refused = 'were not accepted by Exabits (HTTP 401, "revoked")';

  test.each([
    ['yes', double.carriesOut, `${notOurs}\n${using()}`],
    ['no', double.refuses(401, 'revoked'), inVain(refused)],
  ])('%s', async (_what, behaviour, log) => {
    exabits.when(balance, behaviour);
    const step = await new InProcessJob({ EXABITS_API_TOKEN: exabits.seed('ci').token }).main(checked);
    expect([step.log, exabits.calls]).toEqual([log, [balance]]);
  });

  test('a refusal that is not of Exabits says nothing, and no other credentials are sent', async () => {
    const job = await signedInWith(loginInputs);
    exabits.when(balance, double.answers(401, '<html>'));
    const { log } = await job.main({ ...loginInputs, ...checked });
    expect(log).toMatch(/^Error: The credentials could not be checked\. /m);
    expect(exabits.calls).toEqual([balance]);
  });

  test('if not, the step signs in with its inputs, without a second check', async () => {
    const job = await signedInWith(loginInputs);
    exabits.when(balance, double.refuses(401, 'revoked'));
    const { log } = await job.main({ ...loginInputs, ...checked });
    expect([log, exabits.calls]).toEqual([`${instead(refused)}\n${signedIn}`, [balance, logIn]]);
  });
});

describe('a step with credentials of its own', () => {
  test.each<[string, Variables, Variables]>([
    ['the same username', loginInputs, loginInputs],
    ['the same username with a new password', loginInputs, { username, password: `${password}!` }],
    ['the same API token', { 'api-token': apiToken, verify: 'false' }, { 'api-token': apiToken }],
    ['the same username, through an ephemeral token', double.ephemeralInputs, loginInputs],
  ])('reuses what was made from %s, and the post step keeps it', async (_what, inputs, later) => {
    const job = await signedInWith(inputs);
    const before = { ...job.env };
    const step = await job.main({ ...later, ...reuse });
    expect([step.log, exabits.calls]).toEqual([expect.stringMatching(/^Using the credentials /), []]);
    expect(step.env).toEqual({ ...before, EXABITS_HEADERS_FILE: step.outputs['headers-file'] });
    expect((await job.post(step)).log).toBe('Cleared EXABITS_HEADERS_FILE, the header file.');
  });

  test.each<[string, Variables, Variables, Variables]>([
    ['another username', loginInputs, somebodyElse, {}],
    ['another API token', { 'api-token': apiToken, verify: 'false' }, { 'api-token': 'exa-other' }, {}],
    ['something else, and set by hand', loginInputs, loginInputs, { EXABITS_ACCESS_TOKEN: jwtUntil(until) }],
    ['something else, and set by hand besides', loginInputs, loginInputs, { EXABITS_REFRESH_TOKEN: 'x' }],
    ['nobody knows what', loginInputs, loginInputs, { EXABITS_AUTH_SOURCE: '' }],
  ])('does not reuse what was made from %s', async (_what, inputs, later, changes) => {
    const job = await signedInWith(inputs);
    Object.assign(job.env, changes);
    const { log, outputs } = await job.main({ ...later, ...reuse });
    expect(log.split('\n')[0]).toBe(instead('were not made from the inputs of this step'));
    expect(outputs['auth-method']).toBe('api-token' in later ? 'api-token' : 'login');
  });
});

test('a step without credentials of its own reuses whatever is there, and the log says if it is not ours', async () => {
  const job = await signedInWith(loginInputs);
  const ours = await job.main(reuse);
  expect([ours.log, ours.env.EXABITS_AUTH_SOURCE]).toEqual([using(until), job.env.EXABITS_AUTH_SOURCE]);
  job.env.EXABITS_API_TOKEN = apiToken;
  const theirs = await job.main(reuse);
  expect(theirs.log.split('\n').slice(0, 2)).toEqual([notOurs, using()]);
  expect(theirs.env).not.toHaveProperty('EXABITS_AUTH_SOURCE');
});

describe('with ephemeral-api-token: true', () => {
  const ephemeral = { ...reuse, 'ephemeral-api-token': 'true' };

  test('an existing API token is used, and nothing is created', async () => {
    const { log, outputs } = await new InProcessJob({ EXABITS_API_TOKEN: apiToken }).main(ephemeral);
    expect([log, outputs['auth-method']]).toEqual([`${notOurs}\n${using()}`, 'existing']);
    expect(exabits.calls).toEqual([]);
  });

  test.each([
    ['their own account', loginInputs],
    ['an account that is not known', {}],
  ])('existing tokens of a login create the token, for %s', async (_what, own) => {
    const job = await signedInWith(loginInputs);
    const main = await job.main({ ...own, ...ephemeral });
    const [{ name, token } = { name: '', token: '' }] = exabits.tokens();
    expect(exabits.calls).toEqual([create]);
    expect(main.outputs).toMatchObject({ 'auth-method': 'ephemeral-api-token', token, username: '' });
    // A later step with the same inputs recognises the token.
    const later = await job.main({ ...own, ...reuse });
    expect(later.log).toBe(using());
    expect((await job.post(main)).log).toMatch(`Deleted the API token ${name}.`);
  });
});
