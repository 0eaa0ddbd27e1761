import { type ChildProcess, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, jest } from '@jest/globals';
import fc from 'fast-check';
import pLimit from 'p-limit';
import { parse } from 'yaml';
import {
  EXAMPLE_ACCOUNT,
  type Fault,
  type Moment,
  type Sandbox,
  startSandbox,
} from '../../testbed/exabits/server.ts';
import { Job, type StepResult } from '../../testbed/runner/job.ts';
import { randomCases } from '../support/random-cases.ts';
import { onPosix } from '../support/system.ts';

// What act cannot do to the example (see __tests__/e2e): faults of Exabits, cancelled runs and dead runners, at any
// moment. The scripts are those of the example, and its conditions are in the function `run`.

const { describe, test } = onPosix;

const root = join(import.meta.dirname, '../..');
const MACHINE = 'train-77';
const WAIT = 'Wait until it accepts SSH';
const MACHINES = '/api/v1/virtual-machines';
/** Less than the time for which the second job looks for a machine after the creation request. */
const LATE_MS = 150;
/** GitHub's runner waits 7.5 and then 2.5 seconds. */
const CANCEL_MS = { sigterm: 150, sigkill: 300 };

jest.setTimeout(120_000);

interface Step {
  id?: string;
  name?: string;
  run?: string;
}
const example = parse(readFileSync(join(root, 'examples/train-and-tear-down.yml'), 'utf8'));
const jobs: Record<string, { steps: Step[] }> = example.jobs;

/** The script of a step, with fewer tries than in the example. */
function scriptOf(job: string, step: string): string {
  const { run } = jobs[job]?.steps.find(({ id, name }) => id === step || name === step) ?? {};
  if (run === undefined) throw new Error(`There is no step ${step}`);
  const script = run
    .replace(/ (12|60)$/, ' 4')
    .replace('.github/machine.sh', `'${root}/examples/machine.sh'`);
  // The last line keeps bash from becoming the script: the runner's shell is a process of its own.
  return `set -o pipefail\n${script}\n:`;
}

/** Somebody cancels the run, or the runner's machine is gone. */
type How = 'cancel' | 'loss';

/** A job of the example, on a machine of its own. */
class ExampleJob {
  log = '';
  /** What its workflow commands say. */
  readonly annotations: string[] = [];
  readonly outcomes: Record<string, StepResult['outcome'] | 'skipped'> = {};
  cutBy: How | undefined;
  readonly #name: string;
  readonly #job: Job;
  #running: { child: ChildProcess; always: boolean } | undefined;

  constructor(name: string, sandbox: Sandbox) {
    this.#name = name;
    this.#job = new Job({
      actionDir: root,
      env: {
        PATH: `${join(root, '__tests__/e2e/stand-ins/bin')}:${process.env.PATH}`,
        EXABITS_API_BASE_URL: `${sandbox.url}/api/v1`,
        MACHINE,
        IMAGE_ID: 'image',
        FLAVOR_ID: 'flavor',
        POLL_SECONDS: '0.1',
      },
    });
    const headersFile = join(this.#job.runnerTemp, 'headers');
    const { token } = sandbox.store.createApiToken(EXAMPLE_ACCOUNT, { name });
    writeFileSync(headersFile, `Authorization: Bearer ${token}\n`);
    this.#job.env.EXABITS_HEADERS_FILE = headersFile;
  }

  /** Runs a step, if it may still run. One with `always()` starts, and goes on, in a cancelled run. */
  async step(step: string, always = false): Promise<StepResult | undefined> {
    const isSound = Object.values(this.outcomes).every((outcome) => outcome === 'success');
    this.outcomes[step] = 'skipped';
    if (this.cutBy === 'loss' || !(always || (isSound && this.cutBy === undefined))) return undefined;
    const result = await this.#job.run(scriptOf(this.#name, step), {
      timeoutSeconds: 20,
      onSpawn: (child) => {
        this.#running = { child, always };
      },
    });
    this.#running = undefined;
    this.outcomes[step] = result.outcome;
    this.log += result.visible;
    const said = result.annotations.map(({ level, message }) => `${level}: ${message}`);
    this.annotations.push(
      ...said.filter((text) => !text.startsWith('error: Process completed with exit code')),
    );
    return result;
  }

  /** Cuts the job short, unless it has ended. */
  cut(how: How): void {
    if (this.cutBy !== undefined || this.#running === undefined) return;
    this.cutBy = how;
    const { child, always } = this.#running;
    if (how === 'loss') killAll(child);
    else if (!always) cancel(child);
  }

  dispose(): void {
    this.#job.dispose();
  }
}

function cancel(child: ChildProcess): void {
  child.kill('SIGINT');
  const timers = [
    setTimeout(() => child.kill('SIGTERM'), CANCEL_MS.sigterm),
    setTimeout(() => killAll(child), CANCEL_MS.sigkill),
  ];
  child.once('close', () => timers.forEach(clearTimeout));
}

/** Kills a process and its children. */
function killAll({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch {
    // It has just ended.
  }
}

interface RunOptions {
  /** What becomes of the machine. Default: running. */
  machineStatus?: 'running' | 'error';
  faults?: readonly Fault[];
  /** When the first job is cut short: at a moment of its nth request of a kind, or some time after it. */
  cut?: { how: How; request: { method: string; nth: number }; moment: Moment; afterMs: number };
  /** Called between the two jobs. */
  between?: (sandbox: Sandbox) => unknown;
}

/**
 * Runs both jobs against a sandbox of its own, with the conditions of the example, and asserts that no other machine is
 * touched.
 *
 * @returns both jobs, how the second one ended, the names of the machines that they have left, and their requests
 */
async function run({ machineStatus = 'running', faults = [], cut, between }: RunOptions = {}) {
  const sandbox = await startSandbox({ machineStart: { status: machineStatus, seconds: 0.05 } });
  sandbox.store.createMachine(EXAMPLE_ACCOUNT, `${MACHINE}7`, 'key');
  const others = sandbox.store.machines();
  const train = new ExampleJob('train', sandbox);
  const second = new ExampleJob('tear-down', sandbox);
  try {
    for (const fault of faults) sandbox.faults.add(fault);
    sandbox.onRequest(({ method, nth }, moment) => {
      if (method !== cut?.request.method || nth !== cut.request.nth || moment !== cut.moment) return;
      if (cut.afterMs > 0) setTimeout(() => train.cut(cut.how), cut.afterMs);
      else train.cut(cut.how);
    });
    const created = await train.step('create');
    await train.step(WAIT);
    await train.step('train');
    const deletion = created && (await train.step('delete', true));
    const nothingLeft = train.cutBy !== 'loss' && (!created || deletion?.outputs.deleted === 'true');

    await between?.(sandbox);
    const tearDown = nothingLeft ? undefined : await second.step('Delete the machine', true);
    // A late creation must take effect before the check that nothing is left.
    if (faults.includes(LATE)) await sleep(LATE_MS);
    const machines = sandbox.store.machines();
    expect(machines.slice(0, others.length)).toEqual(others);
    const left = machines.slice(others.length).map(({ name }) => name);
    const { requests } = sandbox;
    return { train, second, tearDown: tearDown?.outcome ?? 'skipped', left, requests };
  } finally {
    await sandbox.close();
    train.dispose();
    second.dispose();
  }
}

function creation(fault: Fault): Fault {
  return { ...fault, match: { method: 'POST', path: MACHINES } };
}

const onList = { method: 'GET', path: MACHINES };
const onDelete = { method: 'DELETE', path: MACHINES };
/** The wait lists the machines once, if nothing goes wrong, and the deletion from then on. */
const whileDeleting = { match: onList, after: 1 };
const emptyList = { answer: { body: '{"status":true,"data":null}' } };
const refusal = { answer: { body: '{"status":false}' } };

const LATE = creation({ answer: { status: 504 }, carriedOutAfterMs: LATE_MS });
const delayMs = 250;
const SLOW = creation({ change: (answer) => answer, delayMs });
const LOST = creation({ answer: { status: 504 }, carriedOut: true });
const REFUSED = creation({
  answer: { body: JSON.stringify({ status: false, message: 'Out of stock\n::error::x ##[error]y' }) },
});

test.concurrent('the example has the conditions of these tests, and a machine of its own for each run', async () => {
  const { concurrency, env, jobs } = example;
  const { steps, outputs } = jobs.train;
  const [create, deletion] = ['create', 'delete'].map((id) => steps.find((step: Step) => step.id === id));
  expect([concurrency['cancel-in-progress'], env.MACHINE]).toEqual([false, `train-\${{ github.run_id }}`]);
  expect([create.if, deletion.if]).toEqual([
    undefined,
    `\${{ always() && steps.create.outcome != 'skipped' }}`,
  ]);
  expect(outputs['nothing-left']).toBe(
    `\${{ steps.create.outcome == 'skipped' || steps.delete.outputs.deleted == 'true' }}`,
  );
  const { if: condition, steps: last } = jobs['tear-down'];
  expect(condition).toBe(`\${{ always() && needs.train.outputs.nothing-left != 'true' }}`);
  // 10 seconds apart: longer than the creation of a machine may take.
  expect(last.at(-1).run).toMatch(/ delete "\$MACHINE" 60$/);
});

test.concurrent('a cancelled training has time to delete the machine within the 5 minutes that GitHub allows', async () => {
  const deletion = example.jobs.train.steps.find(({ id }: Step) => id === 'delete');
  const minutes = deletion['timeout-minutes'];
  const [, tries] = /delete "\$MACHINE" (\d+)$/.exec(deletion.run) ?? [];
  const script = readFileSync(join(root, 'examples/machine.sh'), 'utf8');
  const [, pollSeconds] = /POLL_SECONDS:-(\d+)/.exec(script) ?? [];
  expect(Number(tries) * Number(pollSeconds)).toBeLessThan(minutes * 60);
  // The cancelled step may take 10 seconds to end, and the post step of the sign-in 60.
  expect(minutes * 60 + 10 + 60).toBeLessThan(5 * 60);
});

test.concurrent('the first job creates, uses and deletes a machine, and the second job is skipped', async () => {
  const { train, tearDown, left, requests } = await run();
  expect(Object.values(train.outcomes)).toEqual(['success', 'success', 'success', 'success']);
  expect(train.log).toContain('hostname 192.0.2.');
  expect(train.log).toContain(`The machine ${MACHINE} is deleted.`);
  expect([tearDown, left]).toEqual(['skipped', []]);
  const { body = '' } = requests.find(({ method }) => method === 'POST') ?? {};
  expect(JSON.parse(body)).toMatchObject({ name: MACHINE, image_id: 'image', flavor_id: 'flavor' });
});

test.concurrent.each(['-x', 'a b', 'a"b'])('a machine cannot be called %s', async (name) => {
  const script = join(root, 'examples/machine.sh');
  const env = { PATH: process.env.PATH, RUNNER_TEMP: root, EXABITS_API_BASE_URL: 'http://127.0.0.1:1' };
  const { status, stderr } = spawnSync('bash', [script, 'delete', name, '1'], { env, encoding: 'utf8' });
  expect([status, stderr]).toEqual([2, `A name has letters, digits and hyphens, not '${name}'.\n`]);
});

describe('no machine is left', () => {
  test.concurrent('when the creation takes effect late', async () => {
    const { train, left } = await run({ faults: [LATE] });
    expect(train.outcomes).toMatchObject({ create: 'failure', delete: 'success' });
    expect(left).toEqual([]);
  });

  test.concurrent('when the creation takes effect after the first job has stopped looking', async () => {
    const { second, left } = await run({
      faults: [creation({ answer: { status: 504 } })],
      between: ({ store }) => store.createMachine(EXAMPLE_ACCOUNT, MACHINE, 'key'),
    });
    expect(second.log).toContain(`The machine ${MACHINE} is deleted.`);
    expect(left).toEqual([]);
  });

  test.concurrent('when neither the list nor the deletion finds it at first', async () => {
    const { train, second, left } = await run({
      faults: [
        { ...emptyList, ...whileDeleting, times: 4 },
        { answer: { status: 404 }, match: onDelete },
      ],
    });
    expect(train.outcomes.delete).toBe('success');
    expect(second.log).toContain(`The machine ${MACHINE} is deleted.`);
    expect(left).toEqual([]);
  });

  test.concurrent('when it fails to start, which ends the wait', async () => {
    const { train, left } = await run({ machineStatus: 'error' });
    expect(train.outcomes).toMatchObject({ [WAIT]: 'failure', train: 'skipped', delete: 'success' });
    expect(train.annotations).toEqual([`error: The machine ${MACHINE} did not start.`]);
    expect(left).toEqual([]);
  });

  test.concurrent.each<[string, Fault, Fault?]>([
    ['the list fails', { answer: { status: 500 }, ...whileDeleting, times: 2 }],
    ['the list is empty for a while', { ...emptyList, ...whileDeleting, times: 2 }],
    [
      'the deletion is refused, and the list is then empty once',
      { ...refusal, match: onDelete },
      { ...emptyList, match: onList, after: 2 },
    ],
    ['the answer to the deletion is lost', { reset: 'handled', match: onDelete }],
    ['an answer is lost during the wait', { reset: 'handled', match: onList }],
    ['the machine is listed late', { ...emptyList, match: onList }],
  ])('when %s', async (_what, ...faults) => {
    const { train, tearDown, left } = await run({ faults: faults.filter((fault) => fault !== undefined) });
    expect(train.outcomes).toMatchObject({ train: 'success', delete: 'success' });
    expect([tearDown, left]).toEqual(['skipped', []]);
  });

  test.concurrent('unless both jobs fail because it cannot be deleted', async () => {
    const { train, second, left } = await run({
      faults: [{ answer: { status: 500 }, match: onDelete, times: 99 }],
    });
    for (const { annotations } of [train, second])
      expect(annotations).toEqual([expect.stringMatching(/^error: .* may still run and cost money/)]);
    expect(left).toEqual([MACHINE]);
  });

  test.concurrent.each<[string, Fault]>([
    ['fails', { answer: { status: 500 } }],
    ['is refused with HTTP 200', refusal],
    ['has an empty body', { answer: { body: '' } }],
  ])('unless both jobs fail because every list %s', async (_what, fault) => {
    const { train, tearDown } = await run({ faults: [REFUSED, { ...fault, match: onList, times: 99 }] });
    expect([train.outcomes.delete, tearDown]).toEqual(['failure', 'failure']);
  });
});

test.concurrent('a refused machine is still looked for, and the reason cannot run a workflow command', async () => {
  const { train, second, tearDown } = await run({
    faults: [REFUSED, { ...emptyList, match: onList, times: 99 }],
  });
  expect(train.log).toContain('Out of stock?::error::x ##?error?y');
  expect([train.outcomes.delete, tearDown]).toEqual(['success', 'success']);
  for (const { annotations } of [train, second])
    expect(annotations).toEqual([expect.stringMatching(/^warning: No machine train-77 has appeared so far/)]);
});

describe('an answer from Exabits', () => {
  const machine = {
    id: '1',
    name: MACHINE,
    status: 'running',
    fixed_ip: '192.0.2.9',
    login: { username: 'ubuntu' },
  };
  const lists = (change: Record<string, unknown>): Fault => ({
    answer: { body: JSON.stringify({ status: true, data: [{ ...machine, ...change }] }) },
    match: onList,
  });
  const command = 'ProxyCommand touch "$RUNNER_TEMP/owned"';

  test.concurrent.each<[string, Record<string, unknown>]>([
    ['a line break in the address', { fixed_ip: `192.0.2.9\n  ${command}` }],
    ['an option as the address', { fixed_ip: '-oProxyCommand' }],
    ['a line break in the username', { login: { username: `ubuntu\n  ${command}` } }],
  ])('never becomes an ssh option: %s', async (_what, change) => {
    const { train, left } = await run({ faults: [lists(change)] });
    expect(train.outcomes).toMatchObject({ [WAIT]: 'failure', train: 'skipped' });
    expect(train.log).not.toContain('hostname');
    expect(left).toEqual([]);
  });

  const id = JSON.stringify({ status: true, data: { id: 'x\n::error::owned' } });

  test.concurrent.each<[string, Fault, object]>([
    ['status', lists({ status: 'x\n::error::owned' }), { train: 'success' }],
    ['id', creation({ answer: { body: id }, carriedOut: true }), { create: 'failure' }],
  ])('never becomes a workflow command: a line break in the %s', async (_what, fault, outcomes) => {
    const { train, left } = await run({ faults: [fault] });
    expect(train.annotations).toEqual([]);
    expect(train.outcomes).toMatchObject(outcomes);
    expect(left).toEqual([]);
  });
});

describe('no machine is left after the first job is cut short', () => {
  const ways = ['cancel', 'loss'] as const;
  // The wait lists the machines first, and then the deletion does.
  const requests = [
    { method: 'POST', nth: 1 },
    { method: 'GET', nth: 1 },
    { method: 'GET', nth: 2 },
    { method: 'DELETE', nth: 1 },
  ];
  const moments = ways.flatMap((how) =>
    requests.flatMap((request) =>
      (['received', 'handled'] as const).map((moment) => ({ how, request, moment, afterMs: 0 })),
    ),
  );

  test.concurrent.each(moments)('($how) when $request.method $request.nth is $moment', async (cut) => {
    const { train, tearDown, left } = await run({ cut });
    expect(train.cutBy).toBe(cut.how);
    // A cancelled job deletes the machine if it knows that it exists; the second job handles the rest.
    if (cut.how === 'cancel' && cut.request.method !== 'POST') expect(tearDown).toBe('skipped');
    expect(left).toEqual([]);
  });

  test('at random moments', async () => {
    const anyRun = fc.record({
      cut: fc.record({
        how: fc.constantFrom(...ways),
        request: fc.constantFrom(...requests),
        moment: fc.constantFrom<Moment[]>('received', 'handled', 'answered'),
        afterMs: fc.nat(300),
      }),
      faults: fc.constantFrom<Fault[][]>([], [SLOW], [LOST], [{ ...LOST, delayMs }], [LATE]),
      machineStatus: fc.constantFrom<('running' | 'error')[]>('running', 'running', 'error'),
    });
    const runs = fc.sample(anyRun, { seed: 20_261_124, numRuns: randomCases(100) });
    const ends = await pLimit(5).map(runs, run);
    expect(runs.filter((_run, index) => ends[index]?.left.length !== 0)).toEqual([]);
    // The others ended before the cut.
    expect(ends.filter(({ train }) => train.cutBy !== undefined).length).toBeGreaterThan(runs.length / 2);
  });
});
