import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  AWKWARD_ACCOUNT,
  EXAMPLE_ACCOUNT,
  type Fault,
  type Sandbox,
  startSandbox,
  tokensIn,
} from '../../testbed/exabits/server.ts';
import { type ActLog, type ActRun, type Repository, runAct } from './act.ts';
import type { Report } from './report.ts';

/** What the scenarios need. */
export interface Setting {
  readonly act: string;
  readonly repository: Repository;
  readonly report: Report;
}

/** A scenario while it runs, with a sandbox of its own. */
interface Stage {
  readonly sandbox: Sandbox;
  readonly run: (options: Omit<ActRun, 'name' | 'sandbox' | keyof Setting>) => Promise<ActLog>;
  readonly check: Report['check'];
}

const { username, password } = EXAMPLE_ACCOUNT;
const NEEDS_BALANCE = 'train if there is money/train';
const TRAINING = '.github/workflows/train-and-tear-down.yml';
const VAULT = 'vault';

const EMPTY_LIST: Fault = {
  answer: { body: '{"status": true, "data": []}' },
  match: { method: 'GET', path: '/api/v1/virtual-machines' },
  carriedOut: true,
};

/** The jobs of the examples that run, by their names in the log, and what each prints. */
const JOBS: Readonly<Record<string, string>> = {
  'API token/for-the-whole-job': '128.5',
  'API token/for-one-step': '128.5',
  'balance/read the balance/balance': 'balance={"available":{"USD":128.5}}',
  'behind a proxy/balance': '128.5',
  'list machines/not-signed-in': 'names=[]',
  'list machines/signed-in': '-train-0',
  ...combinations('matrix/in-stock', 4, 'Success - Main What is in stock'),
  ...combinations('matrix/same-account', 8, '128.5'),
  'quick start/look-around': '-train-0',
  'secret from AWS Secrets Manager/balance': '128.5',
  'secret from Google Secret Manager/balance': '128.5',
  'secret from HashiCorp Vault/balance': '128.5',
  'train and tear down/train': ' is deleted.',
  [NEEDS_BALANCE]: 'Left is {"available":{"USD":128.5}}.',
  'two accounts/compare': '128.5',
};

/** Every example as users copy it, except the sweep, which another event starts. */
export async function runExamples(setting: Setting): Promise<void> {
  await play('examples', setting, async ({ sandbox, run, check }) => {
    const log = await run({ ...forExamples(sandbox), workflows: '.github/workflows' });
    const expected = Object.keys(JOBS).map((job) => `${job} succeeded`);
    check('every job succeeds', differences(log.results, expected));
    const silent = Object.entries(JOBS).flatMap(([job, text]) => log.lacks(text, job));
    check('every job prints what Exabits answers', silent);
    check('later steps get an ephemeral token, not the one in the vault', callsWithVaultToken(sandbox));
    const set = log.exported.flatMap(({ job, name, value }) => (value === '' ? [] : [`${name} in ${job}`]));
    check('the matrix finds what is in stock', log.lacks('"name": "1x-H100"'));
    check('actions that only give outputs leave the variables of their job alone', [
      ...set.filter((variable) => /(machines\/not-signed-in|accounts\/compare)$/.test(variable)),
      ...set.filter((variable) => variable === 'EXABITS_ACCESS_TOKEN in list machines/signed-in').slice(1),
    ]);
    check('no machine is left', trainingMachines(sandbox));
    return log;
  });
}

/**
 * The same while Exabits refuses everything with HTTP 200. The repository should have the stand-in for egpu: the real
 * one prints what Exabits says as it is.
 */
export async function runRefusedExamples(setting: Setting): Promise<void> {
  await play('refused', setting, async ({ sandbox, run, check }) => {
    const body = JSON.stringify({ status: false, message: 'Not now\n::error::owned', data: null });
    const match = { path: /balance|flavors|virtual-machines/ };
    sandbox.faults.add({ answer: { body }, match, times: 999 });
    const log = await run({ ...forExamples(sandbox), workflows: '.github/workflows' });
    // act runs no job that needs another, once a reusable workflow has failed.
    const expected = Object.keys(JOBS).filter((job) => job !== NEEDS_BALANCE);
    const failures = expected.map((job) => `${job} failed`);
    check('every job fails', differences(log.results, failures));
    check('the log shows the reason', log.lacks('Not now'));
    const commands = log.lines.filter((line) => /❗.*::error::owned/.test(line));
    check('the reason never becomes a workflow command', commands);
    return log;
  });
}

/** The training where the machine is listed late, and where the run is cancelled while the machine starts. */
export async function runTraining(setting: Setting): Promise<void> {
  await play('late machine', setting, async ({ sandbox, run, check }) => {
    // The wait lists it once, and the first job then looks 12 times.
    sandbox.faults.add({ ...EMPTY_LIST, after: 1, times: 12 });
    const log = await run({ ...forExamples(sandbox), workflows: TRAINING });
    const expected = ['train and tear down/train succeeded', 'train and tear down/tear-down succeeded'];
    check('both jobs succeed', differences(log.results, expected));
    const deletes = log.lacks(' is deleted.', 'train and tear down/tear-down');
    check('the second job deletes the machine', [...deletes, ...trainingMachines(sandbox)]);
    return log;
  });

  await play('cancelled training', setting, async ({ sandbox, run, check }) => {
    sandbox.faults.add({ ...EMPTY_LIST, times: 10 });
    const cancel = handled(sandbox, 'GET /virtual-machines', 1);
    const log = await run({ ...forExamples(sandbox), workflows: TRAINING, cancel });
    check('the second job is skipped', differences(log.results, ['train and tear down/train failed']));
    check('the first job deletes the machine', [...log.lacks(' is deleted.'), ...trainingMachines(sandbox)]);
    return log;
  });
}

/** The sweep, as GitHub starts it when a run has ended. */
export async function runSweep(setting: Setting): Promise<void> {
  await play('sweep', setting, async ({ sandbox, run, check }) => {
    const { token } = sandbox.store.createApiToken(EXAMPLE_ACCOUNT, { name: 'stored' });
    for (const name of ['gha-7-1-0123abcd', 'gha-7-2-0123abcd'])
      sandbox.store.createApiToken(EXAMPLE_ACCOUNT, { name });
    const log = await run({
      workflows: '.github/workflows/sweep.yml',
      event: { name: 'workflow_run', payload: { workflow_run: { id: 7, run_attempt: 1 } } },
      secrets: { EXABITS_API_TOKEN: token },
    });
    const left = sandbox.store.apiTokens().map(({ name }) => name);
    check(
      'the token of the run that has ended is deleted',
      differences(left, ['stored', 'gha-7-2-0123abcd']),
    );
    check('the log says so', log.lacks('Earlier jobs left ["gha-7-1-0123abcd"], which'));
    check('the log shows no secret', log.leaks);
    return undefined;
  });
}

/** The jobs that GitHub's own runner runs, too. */
export async function runSharedJobs(setting: Setting): Promise<void> {
  await play('e2e.yml', setting, async ({ sandbox, run, check }) => {
    const log = await run({ workflows: '__tests__/e2e/e2e.yml', env: { SANDBOX_URL: sandbox.url } });
    check('both jobs succeed', differences(log.results, ['e2e/sign-in succeeded', 'e2e/masks succeeded']));
    const printed = log.of('e2e/sign-in').filter((line) => line.includes('| secret: '));
    check('five secrets are printed', printed.length === 5 ? [] : [String(printed.length)]);
    check(
      'the log shows each of them as ***',
      printed.filter((line) => !line.endsWith(': ***')).map(() => 'one is not masked'),
    );
    return log;
  });
}

/** A job that is cancelled while it creates its second token. */
export async function runInterruptedJob(setting: Setting): Promise<void> {
  await play('interrupted', setting, async ({ sandbox, run, check }) => {
    const match = { method: 'POST', path: /api-tokens/ };
    sandbox.faults.add({ hang: 'handled', match, after: 1, times: 99 });
    const log = await run({
      workflows: '__tests__/e2e/interrupted.yml',
      vars: { USERNAME: username, PASSWORD: password },
      cancel: handled(sandbox, 'POST /api-tokens', 2),
    });
    check('the job fails', differences(log.results, ['interrupted/cancelled failed']));
    const later = log.lines.filter((line) => /Run Main echo/.test(line));
    check('no step runs after the one that was cancelled', later);
    return log;
  });
}

/** Which token the official client sends where its configuration file holds one, too, as docs/api.md says. */
export async function checkClientFile(egpu: string, report: Report): Promise<void> {
  const sandbox = await startSandbox({ asDefaultHost: true });
  const home = mkdtempSync(join(tmpdir(), 'egpu-'));
  mkdirSync(join(home, '.exabits'));
  writeFileSync(join(home, '.exabits/config.yaml'), 'api_token: of-the-file\n');
  const sentWith = async (variables: Record<string, string>) => {
    const env = { ...sandbox.defaultHost?.environment, ...variables, HOME: home };
    // The sandbox knows none of these tokens, so egpu fails.
    await promisify(execFile)(egpu, ['billing', 'balance'], { env, timeout: 60_000 }).catch(() => undefined);
    return [String(sandbox.requests.at(-1)?.headers.authorization)];
  };
  const token = await sentWith({ EXABITS_API_TOKEN: 'of-the-job' });
  report.check('egpu: an API token of the job wins over its file', differences(token, ['Bearer of-the-job']));
  const login = await sentWith({ EXABITS_ACCESS_TOKEN: 'of-the-job', EXABITS_REFRESH_TOKEN: 'of-the-job' });
  report.check('egpu: its file wins over a login of the job', differences(login, ['Bearer of-the-file']));
  rmSync(home, { recursive: true });
  await sandbox.close();
}

/**
 * Plays a scenario. If it returns its log, checks that the log shows no secret, that post has emptied every variable,
 * and that no ephemeral token is left.
 */
async function play(
  name: string,
  { report, ...setting }: Setting,
  scenario: (stage: Stage) => Promise<ActLog | undefined>,
): Promise<void> {
  const sandbox = await startSandbox({
    machineStart: { status: 'running', seconds: 0.01 },
    asDefaultHost: true,
  });
  const check: Report['check'] = (title, problems) => report.check(`${name}: ${title}`, problems);
  try {
    const log = await scenario({
      sandbox,
      check,
      run: (run) => runAct({ ...setting, ...run, name, sandbox }),
    });
    if (log === undefined) return;
    check('the log shows no secret', log.leaks);
    const last = new Map(log.exported.map(({ job, name, value }) => [`${name} in ${job}`, value]));
    const full = [...last.keys()].filter((variable) => last.get(variable) !== '');
    check('post empties every variable', last.size === 0 ? ['none was set'] : full);
    const orphans = sandbox.store.orphans().map((token) => token.name);
    check('no ephemeral token is left', orphans);
  } finally {
    await sandbox.close();
  }
}

/** The secrets and variables that the examples need. */
function forExamples(sandbox: Sandbox): Pick<ActRun, 'secrets' | 'vars' | 'env'> {
  const stored = sandbox.store.createApiToken(AWKWARD_ACCOUNT, { name: 'stored' });
  const vault = sandbox.store.createApiToken(EXAMPLE_ACCOUNT, { name: VAULT });
  return {
    secrets: { EXABITS_USERNAME: username, EXABITS_PASSWORD: password, EXABITS_API_TOKEN: stored.token },
    vars: { GPU_IMAGE_ID: 'image', GPU_FLAVOR_ID: 'flavor' },
    env: { VAULT_TOKEN: vault.token, POLL_SECONDS: '0.05' },
  };
}

/** The paths that curl has requested with the token in the vault. */
function callsWithVaultToken(sandbox: Sandbox): string[] {
  const vault = sandbox.store.apiTokens().find(({ name }) => name === VAULT);
  const calls = sandbox.requests.filter(({ headers }) => headers['user-agent']?.startsWith('curl/'));
  return calls.flatMap((call) => (tokensIn(call).includes(vault?.token ?? '') ? [call.path] : []));
}

/** Resolves when the sandbox has carried out a request for the nth time. */
function handled(sandbox: Sandbox, call: string, nth: number): Promise<void> {
  return new Promise((resolve) => {
    sandbox.onRequest((request, moment) => {
      if (request.call === call && request.nth === nth && moment === 'handled') resolve();
    });
  });
}

function trainingMachines(sandbox: Sandbox): string[] {
  return sandbox.store.machines().flatMap(({ name }) => (name.startsWith('train-') ? [name] : []));
}

function combinations(job: string, count: number, prints: string): Record<string, string> {
  return Object.fromEntries(Array.from({ length: count }, (_, index) => [`${job}-${index + 1}`, prints]));
}

/** What is not as expected, in any order. */
function differences(actual: readonly string[], expected: readonly string[]): string[] {
  const missing = expected.filter((each) => !actual.includes(each)).map((each) => `missing: ${each}`);
  return [...missing, ...actual.filter((each) => !expected.includes(each))];
}
