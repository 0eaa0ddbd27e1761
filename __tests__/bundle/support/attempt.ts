import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fingerprint } from '../../../src/fingerprint.ts';
import {
  EXAMPLE_ACCOUNT,
  type FaultMatch,
  type Sandbox,
  startSandbox,
} from '../../../testbed/exabits/server.ts';
import { Job, type StepResult } from '../../../testbed/runner/job.ts';
import { parseWorkflowCommand } from '../../../testbed/runner/workflow-command.ts';
import type { DeadEnds } from './dead-ends.ts';
import { canned, elsewhere, expectedOf, type Operation, type Row } from './faults.ts';
import { leaksOf, secretsOf } from './leaks.ts';

const actionDir = join(import.meta.dirname, '../../..');
const stopwatch = join(import.meta.dirname, 'stopwatch.cjs');

/** The deadline of a step: long enough for a busy machine, but short if the expected failure is the timeout itself. */
export function timeoutSeconds(row: Row, operation: Operation): number {
  const expected = expectedOf(row, operation);
  return expected && 'code' in expected && expected.code === 'timed-out' ? 3 : 30;
}

export const maxAttempts = 2;

/** The outcome of a fault. */
export interface Attempt {
  /** The phase that the fault affected: `main`, or `post` for listing and deletion. */
  readonly step: StepResult;
  /** How long that phase took within its process, in milliseconds. */
  readonly tookMs: number;
  /** The post step of a job whose `main` had the fault; Exabits is healthy again by then. */
  readonly post: StepResult | undefined;
  /** How many requests the fault could have affected. */
  readonly tries: number;
  /** Names of ephemeral tokens that Exabits still holds when the job is over. */
  readonly orphans: readonly string[];
  /** What is in `$RUNNER_TEMP` when the step is over. */
  readonly temporaryFiles: readonly string[];
  /** Everything that a person can see of the job and that holds a secret. */
  readonly leaks: readonly string[];
  /** Lines that the runner would run as a workflow command although they are not the action's own. */
  readonly foreignCommands: readonly string[];
  /** Requests to the host that a redirect named. */
  readonly strayed: number;
}

const requestOf: Record<Operation, Required<FaultMatch>> = {
  login: { method: 'POST', path: '/api/v1/authenticate/login' },
  creation: { method: 'POST', path: '/api/v1/api-tokens' },
  verification: { method: 'GET', path: '/api/v1/billing/balance' },
  listing: { method: 'GET', path: '/api/v1/api-tokens' },
  deletion: { method: 'DELETE', path: '/api/v1/api-tokens/' },
};

/** Inputs that make `main` perform the operation, or leave it to `post`. */
function inputsFor(operation: Operation, apiToken: string): Record<string, string> {
  const { username, password } = EXAMPLE_ACCOUNT;
  switch (operation) {
    case 'login':
      return { username, password };
    case 'creation':
      return { 'api-token': apiToken, 'ephemeral-api-token': 'true' };
    case 'verification':
      return { 'api-token': apiToken, verify: 'true' };
    case 'listing':
    case 'deletion':
      // Without the sweep, whose own faults would only be another warning.
      return { username, password, 'ephemeral-api-token': 'true', 'stale-token-hours': '0' };
  }
}

/**
 * Runs a job with the committed bundle, and applies a fault of the matrix to an operation.
 *
 * @throws when the row is not for this operation
 */
export async function attempt(row: Row, operation: Operation, deadEnds: DeadEnds): Promise<Attempt> {
  if (!expectedOf(row, operation)) throw new Error(`${row.fault} does not happen to ${operation}`);
  const sandbox = await startSandbox();
  const other = await startSandbox();
  const job = new Job({ actionDir, env: { NODE_EXTRA_CA_CERTS: '' } });
  try {
    return await run(row, operation, { sandbox, other, job, deadEnds });
  } finally {
    job.dispose();
    await Promise.all([sandbox.close(), other.close()]);
  }
}

interface World {
  readonly sandbox: Sandbox;
  readonly other: Sandbox;
  readonly job: Job;
  readonly deadEnds: DeadEnds;
}

async function run(row: Row, operation: Operation, world: World): Promise<Attempt> {
  const { sandbox, other, job, deadEnds } = world;
  const apiToken = sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'of a person' }).token;
  const inputs = {
    ...inputsFor(operation, apiToken),
    'timeout-seconds': String(timeoutSeconds(row, operation)),
    'max-attempts': String(maxAttempts),
  };
  const deadUrl = typeof row.happens === 'string' ? deadEnds.url(row.happens) : undefined;
  const matching = requestOf[operation];
  const arm = (): void => {
    if (typeof row.happens === 'string') return;
    const effect = replaceElsewhere(row.happens(operation), other.url);
    sandbox.faults.add({ ...effect, match: matching, times: row.times ?? 1_000 });
  };
  const clock = join(job.runnerTemp, '..', 'stopwatch');
  const timed = {
    nodeArgs: ['--require', stopwatch],
    onPrepare: (env: Record<string, string>): void => {
      env.STOPWATCH_FILE = clock;
      trust(env, job, deadEnds);
    },
  };

  const steps: StepResult[] = [];
  let step: StepResult;
  let temporaryFiles: string[];
  let tries: number;
  if (operation === 'listing' || operation === 'deletion') {
    // A creation whose answer is lost leaves a token that `post` can find only by its name.
    if (operation === 'listing')
      sandbox.faults.add({ effect: 'answer-lost', match: requestOf.creation, times: 1_000 });
    steps.push(await job.uses({ 'api-url': sandbox.url, ...inputs }));
    sandbox.faults.clear();
    const before = sandbox.requests.length;
    arm();
    const [post] = await job.finish({
      ...timed,
      onPrepare(env) {
        timed.onPrepare(env);
        if (deadUrl) redirectState(env, deadUrl);
      },
    });
    if (!post) throw new Error('The job has no post step');
    step = post;
    tries = countTries(sandbox, matching, before);
    temporaryFiles = readdirSync(job.runnerTemp);
    steps.push(step);
  } else {
    arm();
    step = await job.uses({ 'api-url': deadUrl ?? sandbox.url, ...inputs }, timed);
    tries = countTries(sandbox, matching, 0);
    temporaryFiles = readdirSync(job.runnerTemp);
    steps.push(step);
  }
  const tookMs = 1000 * Number(readFileSync(clock, 'utf8'));

  sandbox.faults.clear();
  // Like a login, a verification leaves nothing behind.
  const [post] = operation === 'verification' ? [] : await job.finish();
  if (post) steps.push(post);
  const secrets = secretsOf(sandbox, steps, [apiToken, ...Object.values(canned)]);
  return {
    step,
    tookMs,
    post,
    tries,
    temporaryFiles,
    orphans: sandbox.orphans().map(({ name }) => name),
    leaks: leaksOf(steps, secrets),
    foreignCommands: steps.flatMap((one) => foreignCommandsOf(one, secrets)),
    strayed: other.requests.length,
  };
}

// The authority has to be a file, so it goes into a folder of the small runner's job.
function trust(env: Record<string, string>, job: Job, deadEnds: DeadEnds): void {
  const path = join(job.runnerTemp, '..', 'authority.pem');
  writeFileSync(path, deadEnds.authority);
  env.NODE_EXTRA_CA_CERTS = path;
}

/** Makes `post` look for Exabits at a different address from `main`. */
function redirectState(env: Record<string, string>, apiUrl: string): void {
  const state: unknown = JSON.parse(env['STATE_ephemeral-token'] ?? '');
  const owners = [fingerprint(apiUrl, 'password', EXAMPLE_ACCOUNT.username)];
  env['STATE_ephemeral-token'] = JSON.stringify({ ...Object(state), apiUrl, owners });
}

function countTries(sandbox: Sandbox, { method, path }: Required<FaultMatch>, from: number): number {
  return sandbox.requests
    .slice(from)
    .filter((request) => request.method === method && request.path.startsWith(String(path))).length;
}

function replaceElsewhere<Effect extends object>(effect: Effect, url: string): Effect {
  return 'location' in effect && typeof effect.location === 'string'
    ? { ...effect, location: effect.location.replace(elsewhere, url) }
    : effect;
}

function foreignCommandsOf({ raw }: StepResult, secrets: ReadonlySet<string>): string[] {
  return raw.split(/\r\n|\r|\n/).filter((line) => {
    const command = parseWorkflowCommand(line);
    if (!command) return false;
    if (!line.startsWith('::')) return true;
    if (command.name === 'add-mask')
      return !secrets.has(command.text) && !secrets.has(command.text.toLowerCase());
    return !['error', 'warning', 'debug'].includes(command.name);
  });
}
