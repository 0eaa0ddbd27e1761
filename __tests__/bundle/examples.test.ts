import { chmodSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterAll, expect, jest } from '@jest/globals';
import { makeAuthority, makeCertificate } from '../../testbed/exabits/certificate.ts';
import {
  AWKWARD_ACCOUNT,
  EXAMPLE_ACCOUNT,
  type Sandbox,
  type SandboxOptions,
} from '../../testbed/exabits/server.ts';
import { secretsIn } from '../../testbed/runner/secret-forms.ts';
import { withBash } from '../support/system.ts';
import { startConnectProxy } from './support/connect-proxy.ts';
import { atEnd, startExabits } from './support/scenario.ts';
import { type JobResult, type StandIn, type WorkflowOptions, WorkflowRun } from './support/workflow-run.ts';

const { describe, test } = withBash;

jest.setTimeout(120_000);

const { username, password } = EXAMPLE_ACCOUNT;
const LOGIN = { EXABITS_USERNAME: username, EXABITS_PASSWORD: password };
const folder = mkdtempSync(join(tmpdir(), 'examples-'));
const bin = join(folder, 'bin');
mkdirSync(bin);
// Stand-ins for Go, which installs egpu, and for egpu, which reads the variables. __tests__/e2e runs the real ones.
program('go', `case $1 in env) echo '${folder}' ;; install) cp '${bin}/client' '${bin}/gpu-cli' ;; esac`);
program(
  'client',
  `test "$*" = 'billing balance'
  bearer=\${EXABITS_API_TOKEN:-$EXABITS_ACCESS_TOKEN}
  curl --fail -sS -H "Authorization: Bearer $bearer" -H "refresh-token: $EXABITS_REFRESH_TOKEN" \\
    "$EXABITS_API_URL/api/v1/billing/balance"`,
);

afterAll(() => rmSync(folder, { recursive: true }));

function program(name: string, script: string): void {
  writeFileSync(join(bin, name), `#!/usr/bin/env bash\nset -e\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
}

/** What each example needs. The training and sweep examples have tests of their own. */
const examples: Record<string, (sandbox: Sandbox) => WorkflowOptions | Promise<WorkflowOptions>> = {
  'api-token.yml': (sandbox) => ({ secrets: { EXABITS_API_TOKEN: tokenOf(sandbox) } }),
  'call-reusable-workflow.yml': () => ({ secrets: LOGIN }),
  'composite-action/workflow.yml': () => ({ secrets: LOGIN }),
  'matrix.yml': (sandbox) => ({ secrets: { ...LOGIN, EXABITS_API_TOKEN: tokenOf(sandbox) } }),
  'quick-start.yml': () => ({ secrets: LOGIN }),
  'reusable-workflow.yml': () => ({
    secrets: { 'exabits-username': username, 'exabits-password': password },
    inputs: { minimum: 50 },
  }),
  'secret-from-aws.yml': (sandbox) => ({
    standIns: {
      'aws-actions/aws-secretsmanager-get-secrets': ({ 'secret-ids': ids = '' }) =>
        handOver(tokenOf(sandbox), ids.split(',')[0], 'GITHUB_ENV'),
    },
  }),
  'secret-from-google.yml': (sandbox) => ({
    standIns: {
      'google-github-actions/get-secretmanager-secrets': ({ secrets = '' }) =>
        handOver(tokenOf(sandbox), secrets.split(':')[0], 'GITHUB_OUTPUT'),
    },
  }),
  'secret-from-vault.yml': (sandbox) => ({
    standIns: {
      'hashicorp/vault-action': ({ secrets = '' }) =>
        handOver(tokenOf(sandbox), secrets.split(' ').at(-1), 'GITHUB_OUTPUT'),
    },
  }),
  'self-hosted-proxy.yml': behindProxy,
  'two-accounts.yml': (sandbox) => ({
    secrets: {
      RESEARCH_USERNAME: username,
      RESEARCH_PASSWORD: password,
      PRODUCTION_API_TOKEN: sandbox.seedApiToken(AWKWARD_ACCOUNT, { name: 'production' }).token,
    },
  }),
};

/** The account's stored token, created on first use. */
function tokenOf(sandbox: Sandbox): string {
  const [existing] = sandbox.apiTokens().filter(({ name }) => name === 'stored');
  return (existing ?? sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'stored' })).token;
}

/** Masks and exports the token, as a vault's action does. */
function handOver(token: string, name: string | undefined, file: string): ReturnType<StandIn> {
  writeFileSync(join(folder, 'stored'), token);
  return `token=$(cat '${folder}/stored'); echo "::add-mask::$token"; echo "${name}=$token" >> "$${file}"`;
}

async function behindProxy({ port }: Sandbox): Promise<WorkflowOptions> {
  const proxy = await startConnectProxy({ routes: { 'exabits.example:443': port } });
  atEnd(() => proxy.close());
  const authority = join(folder, 'authority.pem');
  writeFileSync(authority, AUTHORITY.cert);
  return {
    secrets: LOGIN,
    override: {
      EXABITS_API_URL: 'https://exabits.example',
      https_proxy: proxy.url,
      NODE_EXTRA_CA_CERTS: authority,
      CURL_CA_BUNDLE: authority,
    },
  };
}

const AUTHORITY = await makeAuthority();

async function sandboxFor(example: string): Promise<SandboxOptions> {
  if (example !== 'self-hosted-proxy.yml') return {};
  return { tls: await makeCertificate({ commonName: 'x', hosts: ['exabits.example'], issuer: AUTHORITY }) };
}

/** Runs every job of an example, and each combination of its matrix. */
async function runAll(example: string, sandbox: Sandbox): Promise<JobResult[]> {
  const options = (await examples[example]?.(sandbox)) ?? {};
  const machine = { EXABITS_API_URL: sandbox.url, PATH: `${bin}:${process.env.PATH}` };
  const run = new WorkflowRun(`examples/${example}`, { machine, ...options });
  const results: JobResult[] = [];
  for (const job of run.jobs) {
    results.push(...(await Promise.all(run.matrixOf(job).map((combination) => run.job(job, combination)))));
  }
  return results;
}

const root = join(import.meta.dirname, '../../examples');

test('every example is run', () => {
  const workflows = globSync('**/*.yml', { cwd: root }).filter((path) => basename(path) !== 'action.yml');
  expect([...Object.keys(examples), 'sweep.yml', 'train-and-tear-down.yml'].sort()).toEqual(workflows.sort());
});

describe.each(Object.keys(examples))('%s', (example) => {
  const readsBalance = !example.startsWith('composite-action');

  test.each(['available', 'balance'] as const)(
    'works if the balance field is called %s',
    async (balanceField) => {
      const sandbox = await startExabits({ ...(await sandboxFor(example)), balanceField });
      const results = await runAll(example, sandbox);
      for (const { result, log } of results) expect({ result, log }).toEqual({ result: 'success', log });
      expect(results.length).toBeGreaterThan(0);
      expect(results.some(({ log, outputs }) => (log + outputs.available).includes('128.5'))).toBe(
        readsBalance,
      );
      expect(sandbox.orphans()).toEqual([]);

      const secrets = [password, AWKWARD_ACCOUNT.password, 'not-a-real-machine-password'];
      for (const { token } of sandbox.apiTokens()) secrets.push(token);
      for (const { log } of results)
        expect({ shown: secretsIn(log, secrets), log }).toEqual({ shown: [], log });
    },
  );

  test('fails if Exabits refuses with HTTP 200, and the reason cannot run a workflow command', async () => {
    const sandbox = await startExabits(await sandboxFor(example));
    const body = JSON.stringify({ status: false, message: 'Not now\n::error::owned', data: null });
    sandbox.faults.add({ effect: 'body', body, match: { path: /balance|machines|flavors/ }, times: 99 });
    const results = await runAll(example, sandbox);
    const failed = results.filter(({ result }) => result === 'failure');
    expect(failed.length).toBeGreaterThan(0);
    for (const { log, steps } of failed) {
      expect(log).toContain('Not now');
      const messages = steps.flatMap(({ annotations }) => annotations.map(({ message }) => message));
      expect(messages).not.toContain('owned');
    }
  });
});

test('The sweep deletes the tokens that the run left, and reports them', async () => {
  const sandbox = await startExabits();
  const token = tokenOf(sandbox);
  sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'gha-7-1-0123abcd' });
  sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'gha-7-2-0123abcd' });
  const event = { 'RUN-ID': '7', 'RUN-ATTEMPT': '1', 'API-URL': sandbox.url };
  const run = new WorkflowRun('examples/sweep.yml', {
    secrets: { EXABITS_API_TOKEN: token },
    standIns: {
      'your-org/exabits-auth/sweep': ({ 'api-token': given = '' }) => {
        const inputs = Object.entries({ ...event, 'API-TOKEN': given });
        const variables = inputs.map(([name, value]) => `'INPUT_${name}=${value}'`).join(' ');
        return `env ${variables} '${process.execPath}' '${join(root, '../dist/sweep.cjs')}'`;
      },
    },
  });
  const { result, steps, log } = await run.job('sweep');
  expect({ result, log }).toEqual({ result: 'success', log });
  expect(sandbox.apiTokens().map(({ name }) => name)).toEqual(['stored', 'gha-7-2-0123abcd']);
  const notices = steps.flatMap(({ annotations }) => annotations.map(({ message }) => message));
  expect(notices).toEqual(['Runners have died and left ["gha-7-1-0123abcd"]']);
});

test('The composite action signs in only once when used twice', async () => {
  const sandbox = await startExabits();
  await runAll('composite-action/workflow.yml', sandbox);
  expect(sandbox.requests.map(({ path }) => path.replace('/api/v1/', ''))).toEqual([
    'authenticate/login',
    'virtual-machines',
    'virtual-machines',
  ]);
});

test('The reusable workflow returns the balance, and fails if it is too low', async () => {
  const sandbox = await startExabits();
  const called = await runAll('call-reusable-workflow.yml', sandbox);
  expect(called.at(-1)?.log).toContain('128.5 USD are left. Train here.');

  const run = new WorkflowRun('examples/reusable-workflow.yml', {
    secrets: { 'exabits-username': username, 'exabits-password': password },
    inputs: { minimum: 1000 },
    machine: { EXABITS_API_URL: sandbox.url },
  });
  const { result, log } = await run.job('balance');
  expect(result).toBe('failure');
  expect(log).toContain('128.5 USD are left, and 1000 are needed.');
});

test.each(Object.keys(examples).filter((example) => example.startsWith('secret-from')))(
  '%s gives later steps an ephemeral token, not the stored one',
  async (example) => {
    const sandbox = await startExabits();
    await runAll(example, sandbox);
    const [balance] = sandbox.requests.filter(({ path }) => path.endsWith('billing/balance'));
    expect(balance?.headers.authorization).toMatch(/^Bearer ./);
    expect(balance?.headers.authorization).not.toBe(`Bearer ${tokenOf(sandbox)}`);
    expect(sandbox.apiTokens().map(({ name }) => name)).toEqual(['stored']);
    expect(readFileSync(join(root, example), 'utf8')).not.toContain('secrets.');
  },
);
