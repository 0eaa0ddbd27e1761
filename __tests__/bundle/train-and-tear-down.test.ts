import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, jest } from '@jest/globals';
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
import { randomCases } from '../support/random-cases.ts';
import { withBash } from '../support/system.ts';

// What act cannot do to the example (see __tests__/e2e): faults of Exabits, cancelled runs and dead runners, at any
// moment. The scripts are those of the example, and its conditions are in the function `run`.

const { describe, test } = withBash;

const EXAMPLES = join(import.meta.dirname, '../../examples');
const MACHINE = 'train-77';
const WAIT = 'Wait until it accepts SSH';
const MACHINES = '/api/v1/virtual-machines';
/** Less than the time for which the second job looks for a machine after the creation request. */
const LATE_MS = 150;
/** GitHub's runner waits 7.5 and then 2.5 seconds. */
const CANCEL_MS = { sigterm: 150, sigkill: 300 };

const LONGEST_STEP_MS = 20_000;

const SEED = 20_261_124;
const AT_ONCE = 5;

jest.setTimeout(120_000);

interface Step {
  id?: string;
  name?: string;
  run?: string;
}
const { jobs }: { jobs: Record<string, { steps: Step[] }> } = parse(
  readFileSync(join(EXAMPLES, 'train-and-tear-down.yml'), 'utf8'),
);

/** The script of a step, with fewer tries than in the example. */
function scriptOf(job: string, step: string): string {
  const { run } = jobs[job]?.steps.find(({ id, name }) => id === step || name === step) ?? {};
  if (run === undefined) throw new Error(`There is no step ${step}`);
  return run.replace(/ (12|60)$/, ' 4');
}

const bin = mkdtempSync(join(tmpdir(), 'train-'));
// The real ssh reads its configuration and prints the result, without connecting.
program('ssh', `PATH=\${PATH#*:} ssh -G "$@"`);
program('scp', 'exit 0');

afterAll(() => rmSync(bin, { recursive: true }));

function program(name: string, script: string): void {
  writeFileSync(join(bin, name), `#!/usr/bin/env bash\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
}

type Outcome = 'success' | 'failure' | 'cancelled' | 'skipped';
/** Somebody cancels the run, or the runner's machine is gone. */
type How = 'cancel' | 'loss';

/** A job on a machine of its own. */
class Job {
  log = '';
  cutBy: How | undefined;
  readonly outcomes: Record<string, Outcome> = {};
  readonly #name: string;
  readonly #folder = mkdtempSync(join(tmpdir(), 'train-job-'));
  readonly #env: Record<string, string>;
  readonly #onStep: (step: string) => void;
  #running: { child: ChildProcess; always: boolean } | undefined;

  /** @param onStep called when a step starts */
  constructor(name: string, sandbox: Sandbox, onStep: (step: string) => void = () => {}) {
    this.#name = name;
    this.#onStep = onStep;
    mkdirSync(join(this.#folder, '.github'));
    cpSync(join(EXAMPLES, 'machine.sh'), join(this.#folder, '.github/machine.sh'));
    const file = (path: string, text: string): string => {
      writeFileSync(join(this.#folder, path), text);
      return join(this.#folder, path);
    };
    const { token } = sandbox.store.createApiToken(EXAMPLE_ACCOUNT, { name });
    this.#env = {
      PATH: `${bin}:${process.env.PATH}`,
      RUNNER_TEMP: this.#folder,
      GITHUB_OUTPUT: file('output', ''),
      EXABITS_HEADERS_FILE: file('headers', `Authorization: Bearer ${token}\n`),
      EXABITS_API_BASE_URL: `${sandbox.url}/api/v1`,
      MACHINE,
      IMAGE_ID: 'image',
      FLAVOR_ID: 'flavor',
      POLL_SECONDS: '0.1',
    };
  }

  /** Whether its machine is gone, so that nobody gets its outputs. */
  get lost(): boolean {
    return this.cutBy === 'loss';
  }

  /** The outputs of its steps, one per line. */
  get outputs(): string {
    return readFileSync(join(this.#folder, 'output'), 'utf8');
  }

  /** The workflow commands that it printed. */
  get commands(): string[] {
    return this.log.split('\n').filter((line) => /^\s*::|##\[/.test(line));
  }

  /** Runs a step, if it may still run. One with `always()` starts, and goes on, in a cancelled run. */
  async step(step: string, always = false): Promise<Outcome> {
    const sound =
      this.cutBy === undefined && Object.values(this.outcomes).every((each) => each === 'success');
    const outcome = this.lost || !(always || sound) ? 'skipped' : await this.#run(step, always);
    this.outcomes[step] = outcome;
    return outcome;
  }

  /** Cuts the job short, unless it has ended. */
  cut(how: How): void {
    if (this.cutBy !== undefined || this.#running === undefined) return;
    this.cutBy = how;
    const { child, always } = this.#running;
    if (how === 'loss') killAll(child);
    else if (!always) cancel(child);
  }

  async #run(step: string, always: boolean): Promise<Outcome> {
    this.#onStep(step);
    // The last line keeps bash from becoming the script: the runner's shell is a process of its own.
    const child = spawn('bash', ['-eo', 'pipefail', '-c', `${scriptOf(this.#name, step)}\n:`], {
      cwd: this.#folder,
      env: this.#env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        this.log += text;
      });
    }
    this.#running = { child, always };
    const limit = setTimeout(() => killAll(child), LONGEST_STEP_MS);
    await once(child, 'close');
    clearTimeout(limit);
    this.#running = undefined;
    if (this.cutBy !== undefined && !always) return 'cancelled';
    return child.exitCode === 0 ? 'success' : 'failure';
  }

  dispose(): void {
    rmSync(this.#folder, { recursive: true });
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

interface Run {
  train: Job;
  /** Whether the first job could tell the second one that there is nothing to do. */
  nothingLeft: boolean;
  second: Job;
  /** How the second job ended. */
  tearDown: Outcome;
  sandbox: Sandbox;
  /** The machines of this run that are left. */
  left: string[];
}

interface RunOptions {
  /** What becomes of the machine. Default: running. */
  machineStatus?: 'running' | 'error';
  faults?: readonly Fault[];
  /** Called when a step of the first job starts; `cut` cuts the job short. */
  onStep?: (step: string, cut: (how: How) => void) => void;
  /** Called before the first job starts. */
  prepare?: (sandbox: Sandbox, cut: (how: How) => void) => void;
  /** Called between the two jobs. */
  between?: (sandbox: Sandbox) => Promise<unknown>;
}

/** Runs both jobs against a sandbox of its own, with the conditions of the example. */
async function run(options: RunOptions = {}): Promise<Run> {
  const sandbox = await startSandbox({
    machineStart: { status: options.machineStatus ?? 'running', seconds: 0.05 },
  });
  const train: Job = new Job('train', sandbox, (step) => options.onStep?.(step, (how) => train.cut(how)));
  const second = new Job('tear-down', sandbox);
  try {
    for (const fault of options.faults ?? []) sandbox.faults.add(fault);
    options.prepare?.(sandbox, (how) => train.cut(how));
    const created = await train.step('create');
    await train.step(WAIT);
    await train.step('train');
    if (created !== 'skipped') await train.step('delete', true);
    const nothingLeft = !train.lost && (created === 'skipped' || train.outputs === 'deleted=true\n');

    await options.between?.(sandbox);
    const tearDown = nothingLeft ? 'skipped' : await second.step('Delete the machine', true);
    // A late creation must take effect before the check that nothing is left.
    if (options.faults?.includes(LATE)) await sleep(LATE_MS);
    const left = sandbox.store.machines().flatMap(({ name }) => (name === MACHINE ? name : []));
    return { train, nothingLeft, second, tearDown, sandbox, left };
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
const emptyList = { answer: { body: '{"status":true,"data":[]}' } };

const LATE = creation({ answer: { status: 504 }, carriedOutAfterMs: LATE_MS });
const delayMs = 250;
const SLOW = creation({ change: (answer) => answer, delayMs });
const LOST = creation({ answer: { status: 504 }, carriedOut: true });
const REFUSED = creation({
  answer: { body: JSON.stringify({ status: false, message: 'Out of stock\n::error::x ##[error]y' }) },
});

test.concurrent('the first job creates, uses and deletes a machine, and the second job is skipped', async () => {
  const { train, nothingLeft, tearDown, left, sandbox } = await run();
  expect(train.outcomes).toEqual({
    create: 'success',
    [WAIT]: 'success',
    train: 'success',
    delete: 'success',
  });
  expect(train.log).toContain('hostname 192.0.2.');
  expect(train.log).toContain(`The machine ${MACHINE} is deleted.`);
  expect({ nothingLeft, tearDown }).toEqual({ nothingLeft: true, tearDown: 'skipped' });
  expect(left).toEqual([]);
  // The account's other machines are untouched.
  expect(sandbox.store.machines()).toHaveLength(4);
});

describe('no machine is left', () => {
  test.concurrent('when the creation takes effect late', async () => {
    const { train, left } = await run({ faults: [LATE] });
    expect(train.outcomes).toMatchObject({ create: 'failure', delete: 'success' });
    expect(left).toEqual([]);
  });

  test.concurrent('when the creation takes effect after the first job has stopped looking', async () => {
    const { train, second, left } = await run({
      faults: [creation({ answer: { status: 504 } })],
      between: (sandbox) => {
        const { token } = sandbox.store.createApiToken(EXAMPLE_ACCOUNT, { name: 'late' });
        const creations = sandbox.requests.filter(({ method }) => method === 'POST');
        const headers = { authorization: `Bearer ${token}` };
        return fetch(sandbox.url + MACHINES, { method: 'POST', headers, body: creations[0]?.body ?? '' });
      },
    });
    expect(train.outcomes).toMatchObject({ create: 'failure', delete: 'success' });
    expect(second.log).toContain(`The machine ${MACHINE} is deleted.`);
    expect(left).toEqual([]);
  });

  test.concurrent('when neither the list nor the deletion finds it at first', async () => {
    const { train, nothingLeft, second, left } = await run({
      faults: [
        { ...emptyList, ...whileDeleting, times: 4 },
        { answer: { status: 404 }, match: onDelete },
      ],
    });
    expect(train.outcomes.delete).toBe('success');
    expect(nothingLeft).toBe(false);
    expect(second.log).toContain(`The machine ${MACHINE} is deleted.`);
    expect(left).toEqual([]);
  });

  test.concurrent('when the answer to the creation is lost', async () => {
    const { train, tearDown, left } = await run({ faults: [LOST] });
    expect(train.outcomes).toMatchObject({ create: 'failure', delete: 'success' });
    expect(tearDown).toBe('skipped');
    expect(left).toEqual([]);
  });

  test.concurrent('when it fails to start, which ends the wait', async () => {
    const { train, left } = await run({ machineStatus: 'error' });
    expect(train.outcomes).toMatchObject({ [WAIT]: 'failure', train: 'skipped', delete: 'success' });
    expect(train.commands).toEqual([`::error::The machine ${MACHINE} did not start.`]);
    expect(left).toEqual([]);
  });

  test.concurrent.each<[string, Fault, Fault?]>([
    ['the list fails', { answer: { status: 500 }, ...whileDeleting, times: 2 }],
    ['the list is refused with HTTP 200', { answer: { body: '{"status":false}' }, ...whileDeleting }],
    ['the list is empty for a while', { ...emptyList, ...whileDeleting, times: 2 }],
    ['the list has an empty body', { answer: { body: '' }, ...whileDeleting }],
    [
      'the deletion fails, and the list is then empty once',
      { answer: { status: 500 }, match: onDelete },
      { ...emptyList, match: onList, after: 2 },
    ],
    ['the deletion is refused', { answer: { body: '{"status":false}' }, match: onDelete, times: 2 }],
    ['the deletion fails', { answer: { status: 500 }, match: onDelete, times: 2 }],
    ['the answer to the deletion is lost', { reset: 'handled', match: onDelete }],
    ['an answer is lost during the wait', { reset: 'handled', match: onList }],
    ['the machine is listed late', { ...emptyList, match: onList }],
  ])('when %s', async (_what, fault, another) => {
    const { train, nothingLeft, left } = await run({ faults: another ? [fault, another] : [fault] });
    expect(train.outcomes).toMatchObject({ train: 'success', delete: 'success' });
    expect(nothingLeft).toBe(true);
    expect(left).toEqual([]);
  });

  test.concurrent('unless both jobs fail because it cannot be deleted', async () => {
    const { train, second, tearDown, left } = await run({
      faults: [{ answer: { status: 500 }, match: onDelete, times: 99 }],
    });
    expect([train.outcomes.delete, tearDown]).toEqual(['failure', 'failure']);
    for (const { commands } of [train, second]) {
      expect(commands).toEqual([expect.stringMatching(/^::error::.* may still run and cost money/)]);
    }
    expect(left).toEqual([MACHINE]);
  });

  test.concurrent.each<[string, Fault]>([
    ['fails', { answer: { status: 500 } }],
    ['is refused with HTTP 200', { answer: { body: '{"status":false}' } }],
    ['has an empty body', { answer: { body: '' } }],
  ])('unless both jobs fail because every list %s', async (_what, fault) => {
    const { train, tearDown } = await run({ faults: [REFUSED, { ...fault, match: onList, times: 99 }] });
    expect([train.outcomes.delete, tearDown]).toEqual(['failure', 'failure']);
  });
});

test.concurrent('a refused machine is still looked for, and the reason cannot run a workflow command', async () => {
  const { train, second, tearDown } = await run({ faults: [REFUSED] });
  expect(train.log).toContain('Out of stock?::error::x ##?error?y');
  expect([train.outcomes.delete, tearDown]).toEqual(['success', 'success']);
  for (const { commands } of [train, second]) {
    expect(commands).toEqual([expect.stringMatching(/^::warning::No machine train-77 has appeared so far/)]);
  }
});

describe('an answer from Exabits', () => {
  const machine = {
    id: '1',
    name: MACHINE,
    status: 'running',
    fixed_ip: '192.0.2.9',
    login: { username: 'ubuntu' },
  };
  const listed = (change: Record<string, unknown>): string =>
    JSON.stringify({ status: true, data: [{ ...machine, ...change }] });

  test.concurrent.each<[string, Record<string, unknown>]>([
    ['a line break in the address', { fixed_ip: '192.0.2.9\n  ProxyCommand touch "$RUNNER_TEMP/owned"' }],
    ['an option as the address', { fixed_ip: '-oProxyCommand=touch' }],
    ['no address', { fixed_ip: null }],
    [
      'a line break in the username',
      { login: { username: 'ubuntu\n  ProxyCommand touch "$RUNNER_TEMP/owned"' } },
    ],
    ['no username', { login: null }],
  ])('never becomes an ssh option: %s', async (_what, change) => {
    const { train, left } = await run({ faults: [{ answer: { body: listed(change) }, match: onList }] });
    expect(train.outcomes).toMatchObject({ [WAIT]: 'failure', train: 'skipped' });
    expect(train.log).not.toContain('hostname');
    expect(left).toEqual([]);
  });

  test.concurrent('never becomes a workflow command: a line break in the status', async () => {
    const body = listed({ status: 'x\n::error::owned' });
    const { train, left } = await run({ faults: [{ answer: { body }, match: onList }] });
    expect(train.commands).toEqual([]);
    expect(train.outcomes.train).toBe('success');
    expect(left).toEqual([]);
  });

  test.concurrent('never becomes a workflow command: a line break in the id', async () => {
    const body = JSON.stringify({ status: true, data: { id: 'x\n::error::owned' } });
    const { train, left } = await run({ faults: [creation({ answer: { body }, carriedOut: true })] });
    expect(train.commands).toEqual([]);
    expect(train.outcomes.create).toBe('failure');
    expect(left).toEqual([]);
  });
});

describe('no machine is left after the first job is cut short', () => {
  const steps = ['create', WAIT, 'train', 'delete'];
  const ways = ['cancel', 'loss'] as const;

  test.concurrent.each(steps.flatMap((step) => ways.map((how) => [how, step] as const)))(
    '(%s) at the start of the step %s',
    async (how, step) => {
      const begun: string[] = [];
      const { train, tearDown, left, sandbox } = await run({
        onStep(title, cut) {
          begun.push(title);
          if (title === step) setImmediate(() => cut(how));
        },
      });
      expect(begun).toContain(step);
      expect(train.lost).toBe(how === 'loss');
      // A cancelled job deletes the machine if it knows that it exists; the second job handles the rest.
      if (how === 'cancel' && step !== 'create') expect(tearDown).toBe('skipped');
      expect(left).toEqual([]);
      expect(sandbox.store.machines()).toHaveLength(4);
    },
  );

  const moments = (['received', 'handled'] as const).flatMap((moment) =>
    ['POST', 'GET', 'DELETE'].flatMap((method) =>
      ways.map((how): [How, string, Moment] => [how, method, moment]),
    ),
  );

  test.concurrent.each(moments)('(%s) when %s virtual-machines is %s', async (how, method, moment) => {
    let happened = false;
    const { left } = await run({
      prepare: (sandbox, cut) =>
        sandbox.onRequest((request, at) => {
          if (request.method !== method || at !== moment) return;
          happened = true;
          cut(how);
        }),
    });
    expect(happened).toBe(true);
    expect(left).toEqual([]);
  });

  test('at random moments', async () => {
    const anyCut = fc.record({
      how: fc.constantFrom<How[]>('cancel', 'loss'),
      step: fc.constantFrom(...steps),
      afterMs: fc.nat(300),
      faults: fc.constantFrom<Fault[][]>([], [SLOW], [LOST], [{ ...LOST, delayMs }], [LATE]),
      machineStatus: fc.constantFrom<('running' | 'error')[]>('running', 'running', 'error'),
    });
    const cuts = fc.sample(anyCut, { seed: SEED, numRuns: randomCases(100) });
    const cutShort = async ({ how, step, afterMs, faults, machineStatus }: (typeof cuts)[number]) => {
      // If the step is not reached because the one before it failed, the cut happens at the deletion.
      let due = false;
      const { train, left } = await run({
        faults,
        machineStatus,
        onStep(title, cut) {
          if (due || (title !== step && title !== 'delete')) return;
          due = true;
          setTimeout(() => cut(how), afterMs);
        },
      });
      return { left, hit: train.cutBy !== undefined };
    };
    const ends = await pLimit(AT_ONCE).map(cuts, cutShort);
    const failed = cuts.filter((_cut, index) => ends[index]?.left.length !== 0);
    expect(failed).toEqual([]);
    // The others ended before the cut.
    expect(ends.filter(({ hit }) => hit).length).toBeGreaterThan(cuts.length / 2);
  });
});
