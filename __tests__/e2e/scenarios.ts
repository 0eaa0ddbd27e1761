import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tokensIn } from '../../testbed/exabits/request-history.ts';
import {
  AWKWARD_ACCOUNT,
  EXAMPLE_ACCOUNT,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
} from '../../testbed/exabits/server.ts';
import { type ActLog, type Repository, runAct } from './act.ts';
import type { Report } from './report.ts';

/** What the scenarios need. */
export interface Setting {
  readonly act: string;
  readonly repository: Repository;
  readonly report: Report;
}

const { username, password } = EXAMPLE_ACCOUNT;
const count = (to: number, name: string) => Array.from({ length: to }, (_, index) => `${name}-${index + 1}`);

const NEEDS_BALANCE = 'train if there is money/train';

/** The jobs of the examples that run, by their names in the log, and what each prints. */
const JOBS: Readonly<Record<string, string>> = {
  'API token/for-the-whole-job': '128.5',
  'API token/for-one-step': '128.5',
  'balance/read the balance/balance': 'balance={"available":{"USD":128.5}}',
  'behind a proxy/balance': '128.5',
  'list machines/not-signed-in': 'names=[]',
  'list machines/signed-in': 'names=[]',
  ...Object.fromEntries(count(4, 'matrix/in-stock').map((job) => [job, 'Success - Main What is in stock'])),
  ...Object.fromEntries(count(8, 'matrix/same-account').map((job) => [job, '128.5'])),
  'quick start/look-around': '-train-0',
  'secret from AWS Secrets Manager/balance': '128.5',
  'secret from Google Secret Manager/balance': '128.5',
  'secret from HashiCorp Vault/balance': '128.5',
  'train and tear down/train': ' is deleted.',
  [NEEDS_BALANCE]: 'Left is {"available":{"USD":128.5}}.',
  'two accounts/compare': '128.5',
};

/** Runs every example as users copy it, except the sweep, which another event starts. */
export async function runExamples(setting: Setting): Promise<void> {
  const { report } = setting;
  await withSandbox(async (sandbox) => {
    const { log, vaultToken } = await runAll(setting, sandbox);
    const expected = Object.keys(JOBS).map((job) => `${job} succeeded`);
    const ended = results(log);
    report.check('examples: every job succeeds', [
      ...difference(expected, ended),
      ...difference(ended, expected),
    ]);
    report.check(
      'examples: every job prints what Exabits answers',
      Object.entries(JOBS).flatMap(([job, text]) =>
        log.of(job).some((line) => line.includes(text)) ? [] : [job],
      ),
    );
    const usedByCurl = sandbox.requests.filter(({ headers }) => headers['user-agent']?.startsWith('curl/'));
    report.check(
      'examples: later steps get an ephemeral token, not the one in the vault',
      usedByCurl.flatMap((request) => (tokensIn(request).includes(vaultToken) ? [request.path] : [])),
    );
    report.check('examples: the composite action leaves the variables of its job alone', [
      ...log.exported('list machines/not-signed-in').keys(),
      ...log
        .of('list machines/signed-in')
        .filter((line) => /::set-env:: EXABITS_ACCESS_TOKEN=\*/.test(line))
        .slice(1),
    ]);
    report.check('examples: no machine is left', trainingMachines(sandbox));
    checkWhatIsLeft('examples', setting, sandbox, log);
  });
}

/**
 * Runs the same while Exabits refuses everything with HTTP 200, and with a stand-in for egpu: the real one prints what
 * Exabits says as it is.
 */
export async function runRefusedExamples(setting: Setting): Promise<void> {
  const { report } = setting;
  await withSandbox(async (sandbox) => {
    const body = JSON.stringify({ status: false, message: 'Not now\n::error::owned', data: null });
    const match = { path: /balance|flavors|virtual-machines/ };
    sandbox.faults.add({ effect: 'body', body, match, times: 999 });
    const { log } = await runAll(setting, sandbox);
    // act runs no job that needs another, once a reusable workflow has failed.
    const { [NEEDS_BALANCE]: _, ...others } = JOBS;
    const expected = Object.keys(others).map((job) => `${job} failed`);
    report.check('refused: every job fails', difference(expected, results(log)));
    const shown = log.lines.some((line) => line.includes('Not now'));
    report.check('refused: the log shows the reason', shown ? [] : ['it does not']);
    const commands = log.lines.filter((line) => /❗.*::error::owned/.test(line));
    report.check('refused: the reason never becomes a workflow command', commands);
    checkWhatIsLeft('refused', setting, sandbox, log);
  });
}

/** Runs the training where the machine appears late, and where the run is cancelled while the machine starts. */
export async function runTraining(setting: Setting): Promise<void> {
  const { report } = setting;
  const workflow = '.github/workflows/train-and-tear-down.yml';
  await withSandbox(async (sandbox) => {
    const match = { method: 'GET', path: /virtual-machines/ };
    const body = '{"status": true, "data": []}';
    sandbox.faults.add({ effect: 'body', body, match, after: 1, times: 12 });
    const { log } = await runAll(setting, sandbox, workflow);
    const expected = ['train and tear down/train succeeded', 'train and tear down/tear-down succeeded'];
    report.check('late machine: the second job deletes what the first does not find', [
      ...difference(expected, results(log)),
      ...trainingMachines(sandbox),
    ]);
    checkWhatIsLeft('late machine', setting, sandbox, log);
  });
  const cancelled = async (sandbox: Sandbox) => {
    const cancel = until(sandbox, 'GET /api/v1/virtual-machines', 1);
    const { log } = await runAll(setting, sandbox, workflow, cancel);
    report.check('cancelled training: the job deletes the machine, so the second job is skipped', [
      ...difference(['train and tear down/train failed'], results(log)),
      ...difference(results(log), ['train and tear down/train failed']),
      ...trainingMachines(sandbox),
    ]);
    checkWhatIsLeft('cancelled training', setting, sandbox, log);
  };
  await withSandbox(cancelled, { machineStartSeconds: 600 });
}

async function runAll(
  setting: Setting,
  sandbox: Sandbox,
  workflows = '.github/workflows',
  cancel?: Promise<void>,
): Promise<{ log: ActLog; vaultToken: string }> {
  const { token } = sandbox.seedApiToken(AWKWARD_ACCOUNT, { name: 'stored' });
  const { token: vaultToken } = sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'vault' });
  const log = await runAct({
    ...setting,
    sandbox,
    workflows,
    secrets: { EXABITS_USERNAME: username, EXABITS_PASSWORD: password, EXABITS_API_TOKEN: token },
    vars: { GPU_IMAGE_ID: 'image', GPU_FLAVOR_ID: 'flavor' },
    env: { VAULT_TOKEN: vaultToken, POLL_SECONDS: '0.05' },
    ...(cancel === undefined ? {} : { cancel }),
  });
  return { log, vaultToken };
}

/** Runs the sweep as GitHub starts it when a run has ended. */
export async function runSweep(setting: Setting): Promise<void> {
  const { report } = setting;
  await withSandbox(async (sandbox) => {
    const { token } = sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'stored' });
    for (const name of ['gha-7-1-0123abcd', 'gha-7-2-0123abcd'])
      sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name });
    const log = await runAct({
      ...setting,
      sandbox,
      workflows: '.github/workflows/sweep.yml',
      event: { name: 'workflow_run', payload: { workflow_run: { id: 7, run_attempt: 1 } } },
      secrets: { EXABITS_API_TOKEN: token },
    });
    report.check(
      'sweep: deletes the tokens of the run that has ended, and of no later attempt',
      difference(names(sandbox), ['stored', 'gha-7-2-0123abcd']),
    );
    const notice = /Runners have died and left \["gha-7-1-0123abcd"\]/;
    report.check(
      'sweep: says what it has deleted',
      log.lines.some((line) => notice.test(line)) ? [] : ['it does not'],
    );
    report.check('sweep: the log shows no secret', log.leaks);
  });
}

/** Runs the jobs that GitHub's own runner runs, too. */
export async function runSharedJobs(setting: Setting): Promise<void> {
  const { report } = setting;
  await withSandbox(async (sandbox) => {
    const log = await runAct({
      ...setting,
      sandbox,
      workflows: '__tests__/e2e/e2e.yml',
      env: { SANDBOX_URL: sandbox.url },
    });
    const failed = ['e2e/sign-in', 'e2e/masks'].filter((job) => log.results.get(job) !== 'succeeded');
    report.check(
      'e2e.yml: both jobs succeed',
      failed.flatMap((job) => [job, ...log.of(job).filter((line) => line.startsWith('  |'))]),
    );
    const printed = log.lines.filter((line) => line.includes('secret: '));
    report.check('e2e.yml: the log shows each of five secrets as ***', [
      ...(printed.length === 5 ? [] : [`${printed.length} were printed`]),
      ...printed.filter((line) => !line.endsWith('secret: ***')).map(() => 'one is not masked'),
    ]);
    checkWhatIsLeft('e2e.yml', setting, sandbox, log);
  });
}

/** Runs a job that fails, and jobs that are cancelled: during a sign-in, and while the machine trains. */
export async function runInterruptedJobs(setting: Setting): Promise<void> {
  const { report } = setting;
  await withSandbox(async (sandbox) => {
    // Of the three tokens of the two jobs, the last.
    const match = { method: 'POST', path: /api-tokens/ };
    sandbox.faults.add({
      effect: 'hang',
      at: 'before-headers',
      match,
      after: 2,
      carriedOut: true,
      times: 99,
    });
    const log = await runAct({
      ...setting,
      sandbox,
      workflows: '__tests__/e2e/interrupted.yml',
      vars: { USERNAME: username, PASSWORD: password },
      cancel: until(sandbox, 'POST /api/v1/api-tokens', 3),
    });
    const expected = ['interrupted/failed failed', 'interrupted/cancelled failed'];
    report.check('interrupted: both jobs fail', difference(expected, results(log)));
    const ran = log.lines.filter((line) => /Run Main echo/.test(line));
    report.check('interrupted: no step runs after the one that was cancelled', ran);
    const created = sandbox.requests.filter(
      ({ method, path }) => method === 'POST' && path.endsWith('api-tokens'),
    );
    report.check(
      'interrupted: the jobs created three tokens',
      created.length === 3 ? [] : [String(created.length)],
    );
    checkWhatIsLeft('interrupted', setting, sandbox, log);
  });
}

/** Checks that no secret is in the log, that post has emptied every variable, and that no ephemeral token is left. */
function checkWhatIsLeft(scenario: string, { report }: Setting, sandbox: Sandbox, log: ActLog): void {
  report.check(`${scenario}: the log shows no secret`, log.leaks);
  const exported = [...log.results.keys()].flatMap((job) =>
    [...log.exported(job)].map(([name, value]) => ({ where: `${name} in ${job}`, value })),
  );
  const full = exported.filter(({ value }) => value !== '').map(({ where }) => where);
  report.check(`${scenario}: post empties every variable`, exported.length === 0 ? ['none was set'] : full);
  report.check(
    `${scenario}: no ephemeral token is left`,
    sandbox.orphans().map(({ name }) => name),
  );
}

/** Which token the official client sends where its configuration file holds one, too, as docs/api.md says. */
export async function checkClientFile(egpu: string, report: Report): Promise<void> {
  await withSandbox(async (sandbox) => {
    const home = mkdtempSync(join(tmpdir(), 'egpu-'));
    mkdirSync(join(home, '.exabits'));
    writeFileSync(join(home, '.exabits/config.yaml'), 'api_token: of-the-file\n');
    const sentWith = async (env: Record<string, string>) => {
      const options = { env: { ...sandbox.defaultHost?.environment, ...env, HOME: home }, timeout: 60_000 };
      // The sandbox knows none of these tokens, so egpu fails.
      await promisify(execFile)(egpu, ['billing', 'balance'], options).catch(() => undefined);
      return String(sandbox.requests.at(-1)?.headers.authorization);
    };
    const withToken = await sentWith({ EXABITS_API_TOKEN: 'of-the-job' });
    const withLogin = await sentWith({
      EXABITS_ACCESS_TOKEN: 'of-the-job',
      EXABITS_REFRESH_TOKEN: 'refresh',
    });
    rmSync(home, { recursive: true });
    report.check(
      'egpu: an API token of the job wins over its file',
      difference([withToken], ['Bearer of-the-job']),
    );
    report.check(
      'egpu: its file wins over a login of the job',
      difference([withLogin], ['Bearer of-the-file']),
    );
  });
}

async function withSandbox(
  use: (sandbox: Sandbox) => Promise<void>,
  options: SandboxOptions = {},
): Promise<void> {
  const sandbox = await startSandbox({ machineStartSeconds: 0.01, ...options, asDefaultHost: true });
  try {
    await use(sandbox);
  } finally {
    await sandbox.close();
  }
}

/** Resolves when the sandbox has carried out a request for the nth time. */
function until(sandbox: Sandbox, request: string, nth: number): Promise<void> {
  return new Promise((resolve) => {
    sandbox.onRequest((event) => {
      if (event.moment === 'handled' && `${event.method} ${event.path}` === request && event.nth === nth)
        resolve();
    });
  });
}

/** How each job ended, such as `API token/for-one-step succeeded`. */
function results(log: ActLog): string[] {
  return [...log.results].map(([job, result]) => `${job} ${result}`);
}

function trainingMachines(sandbox: Sandbox): string[] {
  return sandbox.machines().flatMap(({ name }) => (name.startsWith('train-') ? [name] : []));
}

function names(sandbox: Sandbox): string[] {
  return sandbox.apiTokens().map(({ name }) => name);
}

function difference(some: readonly string[], others: readonly string[]): string[] {
  return some.filter((each) => !others.includes(each));
}
