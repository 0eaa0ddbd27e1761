import { deepEqual, equal, match, notEqual, ok } from 'node:assert/strict';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Account } from '../../testbed/exabits/server.ts';
import { ACCOUNTS } from './accounts.ts';
import { configuredEgpu, egpu } from './egpu.ts';
import { type Job, requestsOf, runnerTemp } from './job.ts';
import { getJson } from './sandbox-client.ts';

/** Something that must be true. `run` throws if it is not. */
export interface Check {
  /** The whole sentence, without a vertical bar. */
  readonly title: string;
  readonly needsEgpu?: true;
  run(job: Job): void | Promise<void>;
}

/** A job of e2e.yml: what its steps check, what is checked after all post steps, and what its steps print. */
export interface Scenario {
  /** The id of the job. */
  readonly name: string;
  readonly checks: readonly Check[];
  readonly afterwards: readonly Check[];
  /** Secrets that a later step prints, for the runner to mask. */
  readonly probes: readonly Probe[];
}

/** A kind of secret in a job. */
export type Probe = 'password' | 'password hash' | 'access token' | 'refresh token' | 'API token';

/** The API token that each account has from the start. No job may delete it. */
export const LASTING_TOKEN = 'kept-by-hand';

const LOGIN_PROBES: readonly Probe[] = ['password', 'password hash', 'access token', 'refresh token'];

const outputsOfALogin = (account: Account): Check => ({
  title: `a later step gets the outputs of a login as ${account.username}, and no others`,
  run({ outputs, sandbox }) {
    equal(outputs['auth-method'], 'login');
    match(outputs['access-token'] ?? '', /^eyJ/);
    equal(outputs.token, outputs['access-token']);
    match(outputs['refresh-token'] ?? '', /^\S+$/);
    equal(outputs['api-token'], '');
    equal(outputs.username, account.username);
    equal(outputs.email, account.email);
    equal(outputs['api-url'], sandbox.url);
    equal(outputs['api-base-url'], `${sandbox.url}/api/v1`);
    inMinutes(outputs['access-token-expires-at'], 30);
    inMinutes(outputs['refresh-token-expires-at'], 120);
  },
});

const outputsOfAnApiToken: Check = {
  title: 'a later step gets the outputs of an API token, and no others',
  run({ outputs, sandbox }) {
    equal(outputs['auth-method'], 'api-token');
    match(outputs['api-token'] ?? '', /^eyJ/);
    equal(outputs.token, outputs['api-token']);
    for (const name of [
      'access-token',
      'refresh-token',
      'access-token-expires-at',
      'refresh-token-expires-at',
    ]) {
      equal(outputs[name], '', name);
    }
    equal(outputs.username, '');
    equal(outputs['api-url'], sandbox.url);
    equal(outputs['api-base-url'], `${sandbox.url}/api/v1`);
  },
};

const environmentOf = (credential: string, outputsByVariable: Readonly<Record<string, string>>): Check => ({
  title: `a later step has the ${credential} in its environment`,
  run({ env, outputs }) {
    const expected = {
      EXABITS_API_URL: 'api-url',
      EXABITS_API_BASE_URL: 'api-base-url',
      EXABITS_HEADERS_FILE: 'headers-file',
      ...outputsByVariable,
    };
    for (const [variable, output] of Object.entries(expected)) {
      ok(env[variable], `${variable} is empty`);
      equal(env[variable], outputs[output], variable);
    }
  },
});

const environmentOfALogin = environmentOf('login', {
  EXABITS_ACCESS_TOKEN: 'access-token',
  EXABITS_REFRESH_TOKEN: 'refresh-token',
  EXABITS_ACCESS_TOKEN_EXPIRES_AT: 'access-token-expires-at',
});

const environmentOfAnApiToken = environmentOf('API token', { EXABITS_API_TOKEN: 'api-token' });

const emptied = (...names: string[]): Check => ({
  title: `${names.join(', ')}, which an earlier step had set, ${names.length === 1 ? 'is' : 'are'} empty`,
  run({ env }) {
    for (const name of names) equal(env[name], '', name);
  },
});

const noPair: Check = {
  title: 'later steps have neither the login tokens nor the password in their environment',
  run({ env, outputs }) {
    for (const name of ['EXABITS_ACCESS_TOKEN', 'EXABITS_REFRESH_TOKEN']) ok(!env[name], name);
    for (const name of ['access-token', 'refresh-token']) equal(outputs[name], '', name);
    deepEqual(
      Object.keys(env).filter((name) => env[name]?.includes(ACCOUNTS.first.password)),
      [],
    );
  },
};

const headersFile: Check = {
  title: 'the header file has the headers of the method, and only its owner can read it',
  run({ env, outputs }) {
    const path = env.EXABITS_HEADERS_FILE ?? '';
    equal(dirname(path), runnerTemp({ env }));
    equal((statSync(path).mode & 0o777).toString(8), '600');
    const refresh = outputs['refresh-token'];
    deepEqual(readFileSync(path, 'utf8').split('\n'), [
      `Authorization: Bearer ${outputs.token}`,
      ...(refresh ? [`refresh-token: ${refresh}`] : []),
      '',
    ]);
  },
};

const curlWasAuthenticated: Check = {
  title: 'curl with the header file sends the headers of the method, and is let in',
  async run(job) {
    const requests = await requestsOf(job, 'curl/');
    ok(requests.length > 0, 'the sandbox saw no curl');
    for (const { headers, status } of requests) {
      equal(status, 200);
      equal(headers.authorization, `Bearer ${job.outputs.token}`);
      equal(headers['refresh-token'] ?? '', job.outputs['refresh-token'] ?? '');
    }
  },
};

/** Whose token the client sends if its configuration file holds one, as docs/api.md describes and the step warns. */
const clientWithFile = (whose: 'file' | 'step'): Check => ({
  title: `egpu prefers the token of the ${whose} to that of the ${whose === 'file' ? 'step' : 'file'}`,
  needsEgpu: true,
  async run(job) {
    const inFile = 'token-of-the-file';
    await configuredEgpu(job, `api_token: ${inFile}\n`, 'billing', 'balance').catch(() => undefined);
    const sent = (await requestsOf(job, 'Go-http-client/')).at(-1)?.headers.authorization;
    equal(sent, `Bearer ${whose === 'file' ? inFile : job.outputs.token}`);
  },
});

const officialClient: readonly Check[] = [
  {
    title: 'egpu billing balance prints what the sandbox holds',
    needsEgpu: true,
    async run(job) {
      deepEqual(await egpu(job, 'billing', 'balance'), await fromApi(job, 'billing/balance'));
    },
  },
  {
    title: 'egpu vm list prints what the sandbox holds for this account',
    needsEgpu: true,
    async run(job) {
      const held: Record<string, unknown>[] = await fromApi(job, 'virtual-machines');
      const printed: { total: number; data: Record<string, unknown>[] } = await egpu(job, 'vm', 'list');
      equal(printed.total, held.length);
      ok(held.length > 0, 'the sandbox holds no virtual machine');
      // The client prints a zero for each of its fields that the answer lacks.
      const shared = printed.data.map((machine, index) =>
        Object.fromEntries(Object.keys(held[index] ?? {}).map((name) => [name, machine[name]])),
      );
      deepEqual(shared, held);
    },
  },
  {
    title: 'egpu token list prints what the sandbox holds for this account',
    needsEgpu: true,
    async run(job) {
      const printed: { total: number; data: Record<string, unknown>[] } = await egpu(job, 'token', 'list');
      const account = accountOf(job);
      const held = (await job.sandbox.apiTokens()).filter((token) => token.account === account.username);
      equal(printed.total, held.length);
      ok(held.length > 0, 'the sandbox holds no API token');
      const byId = (one: { id: unknown }, other: { id: unknown }) =>
        String(one.id) < String(other.id) ? -1 : 1;
      deepEqual(
        printed.data
          .map(({ id, name, description = '', created_at, last_used }) => ({
            id,
            name,
            description,
            created_at,
            last_used,
          }))
          .sort(byId),
        held
          .map(({ id, name, description, createdAt, lastUsed }) => ({
            id,
            name,
            description,
            created_at: createdAt,
            last_used: lastUsed,
          }))
          .sort(byId),
      );
    },
  },
  {
    title: 'egpu sends the headers of the method, and none of the other one',
    needsEgpu: true,
    async run(job) {
      const requests = await requestsOf(job, 'Go-http-client/');
      deepEqual(
        requests.map(({ method, path, status }) => `${method} ${path} ${status}`),
        ['billing/balance', 'virtual-machines', 'api-tokens'].map((path) => `GET /api/v1/${path} 200`),
      );
      for (const { headers } of requests) {
        equal(headers.authorization, `Bearer ${job.outputs.token}`);
        equal(headers['refresh-token'] ?? '', job.outputs['refresh-token'] ?? '');
      }
    },
  },
];

const usesTheCredential = [headersFile, curlWasAuthenticated, ...officialClient];

const outputsOfAnEphemeralToken: Check = {
  title: 'a later step gets the outputs of an ephemeral API token, and no others',
  run({ outputs }) {
    equal(outputs['auth-method'], 'ephemeral-api-token');
    match(outputs['api-token'] ?? '', /^eyJ/);
    equal(outputs.token, outputs['api-token']);
    match(outputs['api-token-id'] ?? '', /^\S+$/);
  },
};

const ephemeralTokenExists: Check = {
  title: "the sandbox holds this job's ephemeral token, named and described after the job",
  async run({ env, outputs, sandbox }) {
    const [token, ...others] = await sandbox.orphans();
    deepEqual(others, []);
    ok(token, 'the sandbox holds no ephemeral token');
    if (outputs['api-token-id']) equal(token.id, outputs['api-token-id']);
    match(token.name, new RegExp(`^gha-${env.GITHUB_RUN_ID}-${env.GITHUB_RUN_ATTEMPT}-[0-9a-f]{8}$`));
    for (const part of [
      env.GITHUB_REPOSITORY,
      env.GITHUB_WORKFLOW,
      env.GITHUB_JOB,
      `/actions/runs/${env.GITHUB_RUN_ID}`,
    ]) {
      ok(token.description.includes(part ?? ''), `"${token.description}" does not say ${part}`);
    }
  },
};

const failed: Check = {
  title: 'the step failed',
  run({ outcome }) {
    equal(outcome, 'failure');
  },
};

const stopped: Check = {
  title: 'the step was stopped before it ended',
  run({ outcome }) {
    match(outcome, /^(failure|cancelled)$/);
  },
};

const nothingExported: Check = {
  title: 'later steps see no output, variable or header file',
  run({ env, outputs }) {
    deepEqual(Object.values(outputs).filter(Boolean), []);
    deepEqual(
      Object.keys(env).filter((name) => name.startsWith('EXABITS_')),
      [],
    );
    deepEqual(headerFilesIn(runnerTemp({ env })), []);
  },
};

const twoAccounts: readonly Check[] = [
  {
    title: 'two sign-ins have separate outputs, and both work at the same time',
    async run({ outputs, firstOutputs, sandbox }) {
      for (const [own, account] of [
        [firstOutputs, ACCOUNTS.first],
        [outputs, ACCOUNTS.second],
      ] as const) {
        equal(own.username, account.username);
        const machines: { name: string }[] = await getJson(`${sandbox.url}/api/v1/virtual-machines`, {
          authorization: `Bearer ${own['access-token']}`,
          'refresh-token': own['refresh-token'] ?? '',
        });
        ok(
          machines.every(({ name }) => name.startsWith(account.username)),
          JSON.stringify(machines),
        );
      }
    },
  },
  {
    title: 'two sign-ins have separate header files, and the environment holds the second one',
    run({ env, outputs, firstOutputs }) {
      const files = [firstOutputs['headers-file'] ?? '', outputs['headers-file'] ?? ''];
      deepEqual(headerFilesIn(runnerTemp({ env })).sort(), [...files].sort());
      notEqual(files[0], files[1]);
      equal(env.EXABITS_HEADERS_FILE, files[1]);
      equal(env.EXABITS_ACCESS_TOKEN, outputs['access-token']);
    },
  },
];

const variablesEmptied: Check = {
  title: 'after the post steps no credential is left in a variable',
  run({ env }) {
    const left = Object.keys(env).filter((name) => name.startsWith('EXABITS_') && env[name]);
    deepEqual(left, []);
  },
};

const headerFilesRemoved: Check = {
  title: 'after the post steps no header file is left',
  run({ env }) {
    deepEqual(headerFilesIn(runnerTemp({ env })), []);
  },
};

const tokensCleanedUp: Check = {
  title: 'after the post steps the sandbox holds no ephemeral token, and still holds the lasting ones',
  async run({ sandbox }) {
    deepEqual(await sandbox.orphans(), []);
    deepEqual(
      (await sandbox.apiTokens()).map(({ name }) => name),
      Object.keys(ACCOUNTS).map(() => LASTING_TOKEN),
    );
  },
};

const afterwards = [variablesEmptied, headerFilesRemoved, tokensCleanedUp];

/** The jobs of .github/workflows/e2e.yml, in its order. */
export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'login',
    checks: [
      outputsOfALogin(ACCOUNTS.first),
      environmentOfALogin,
      emptied('EXABITS_API_TOKEN', 'EXABITS_API_TOKEN_ENCRYPTED'),
      ...usesTheCredential,
      clientWithFile('file'),
    ],
    afterwards,
    probes: LOGIN_PROBES,
  },
  {
    name: 'api-token',
    checks: [
      outputsOfAnApiToken,
      environmentOfAnApiToken,
      emptied('EXABITS_ACCESS_TOKEN', 'EXABITS_REFRESH_TOKEN', 'EXABITS_ACCESS_TOKEN_EXPIRES_AT'),
      ...usesTheCredential,
      clientWithFile('step'),
    ],
    afterwards,
    probes: ['API token'],
  },
  {
    name: 'ephemeral-api-token',
    checks: [
      outputsOfAnEphemeralToken,
      environmentOfAnApiToken,
      noPair,
      ephemeralTokenExists,
      ...usesTheCredential,
    ],
    afterwards,
    probes: ['password', 'password hash', 'API token'],
  },
  {
    name: 'refused',
    checks: [failed, nothingExported],
    afterwards,
    probes: [],
  },
  {
    name: 'two-accounts',
    checks: [...twoAccounts, outputsOfALogin(ACCOUNTS.second), environmentOfALogin, ...usesTheCredential],
    afterwards,
    probes: LOGIN_PROBES,
  },
  {
    name: 'composite-action',
    checks: [outputsOfALogin(ACCOUNTS.first), environmentOfALogin, headersFile, curlWasAuthenticated],
    afterwards,
    probes: LOGIN_PROBES,
  },
  {
    name: 'failed-step',
    checks: [outputsOfALogin(ACCOUNTS.first), environmentOfALogin, headersFile],
    afterwards,
    probes: [],
  },
  {
    name: 'cancelled-step',
    checks: [outputsOfAnEphemeralToken, environmentOfAnApiToken, ephemeralTokenExists, headersFile],
    afterwards,
    probes: [],
  },
  {
    name: 'cancelled-sign-in',
    checks: [stopped, nothingExported, ephemeralTokenExists],
    afterwards,
    probes: [],
  },
];

/** @throws when e2e.yml has a job that is not a scenario */
export function scenarioOf(name: string): Scenario {
  const scenario = SCENARIOS.find((each) => each.name === name);
  if (scenario === undefined) throw new Error(`There is no scenario called "${name}"`);
  return scenario;
}

/** The account that a job signed in with last. */
export function accountOf({ outputs }: Job): Account {
  return outputs.username === ACCOUNTS.second.username ? ACCOUNTS.second : ACCOUNTS.first;
}

/** Files below a folder that hold request headers, whatever they are called. */
function headerFilesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !entry.parentPath.includes('_runner_file_commands'))
    .map(({ parentPath, name }) => `${parentPath}/${name}`)
    .filter((path) => /^(authorization|refresh-token):/im.test(readFileSync(path, 'utf8')));
}

function fromApi(job: Job, path: string) {
  return getJson(`${job.sandbox.url}/api/v1/${path}`, {
    authorization: `Bearer ${job.outputs.token}`,
    ...(job.outputs['refresh-token'] ? { 'refresh-token': job.outputs['refresh-token'] } : {}),
  });
}

function inMinutes(time: string | undefined, minutes: number): void {
  match(time ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const off = (Date.parse(time ?? '') - Date.now()) / 60_000 - minutes;
  ok(Math.abs(off) < 3, `${time} is not in about ${minutes} minutes`);
}
