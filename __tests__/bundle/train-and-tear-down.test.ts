import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, jest } from '@jest/globals';
import fc from 'fast-check';
import pLimit from 'p-limit';
import {
  EXAMPLE_ACCOUNT,
  type Fault,
  type Moment,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
} from '../../testbed/exabits/server.ts';
import { randomCases } from '../support/random-cases.ts';
import { withBash } from '../support/system.ts';
import { type Interruption, type JobResult, WorkflowRun } from './support/workflow-run.ts';

const { describe, test } = withBash;

const PATH = 'examples/train-and-tear-down.yml';
const MACHINE = 'train-77';
const MACHINES = '/api/v1/virtual-machines';
/** Less than the time for which the second job looks for a machine after the creation request. */
const LATE_MS = 150;

const SEED = 20_261_124;
const AT_ONCE = 5;

jest.setTimeout(120_000);

const bin = mkdtempSync(join(tmpdir(), 'train-'));
// The real ssh parses its configuration and prints the result, without connecting.
program('ssh', `PATH=\${PATH#*:} ssh -G "$@"`);
program('scp', `case "$*" in *results*) mkdir results ;; esac`);

afterAll(() => rmSync(bin, { recursive: true }));

function program(name: string, script: string): void {
  writeFileSync(join(bin, name), `#!/usr/bin/env bash\n${script}\n`);
  chmodSync(join(bin, name), 0o755);
}

interface Run {
  train: JobResult;
  tearDown: JobResult;
  sandbox: Sandbox;
  /** The machines of this run that are left. */
  left: string[];
}

interface RunOptions {
  sandbox?: SandboxOptions;
  faults?: readonly Fault[];
  interruption?: Interruption;
  /** Called with the sandbox before the first job starts. */
  prepare?: (sandbox: Sandbox) => void;
  /** Called between the two jobs, with one of the account's tokens. */
  between?: (sandbox: Sandbox, token: string) => Promise<unknown>;
  /** Signs in with the committed bundle. Otherwise the credentials are simply written, as they are not under test. */
  withAction?: boolean;
}

/** Runs the workflow against a sandbox of its own, with short waits. */
async function run(options: RunOptions = {}): Promise<Run> {
  const sandbox = await startSandbox({ machineStartSeconds: 0.05, ...options.sandbox });
  try {
    for (const fault of options.faults ?? []) sandbox.faults.add(fault);
    options.prepare?.(sandbox);
    const { username, password } = EXAMPLE_ACCOUNT;
    const { token } = sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'test' });
    const workflow = new WorkflowRun(PATH, {
      runId: '77',
      secrets: { EXABITS_USERNAME: username, EXABITS_PASSWORD: password },
      vars: { GPU_IMAGE_ID: 'image', GPU_FLAVOR_ID: 'flavor' },
      machine: { EXABITS_API_URL: sandbox.url, PATH: `${bin}:${process.env.PATH}` },
      override: { POLL_SECONDS: '0.1', TRIES: '4' },
      standIns: { 'actions/checkout': () => 'mkdir training; echo "mkdir results" > training/run.sh' },
      ...(options.withAction ? {} : { signIn: () => writeCredentials(sandbox.url, token) }),
    });
    const cancelMs = { sigterm: 150, sigkill: 300 };
    const train = await workflow.job('train', {}, { cancelMs, ...options.interruption });
    await options.between?.(sandbox, token);
    const tearDown = await workflow.job('tear-down');
    // A late creation must take effect before the check that nothing is left.
    if (options.faults?.includes(LATE)) await sleep(LATE_MS);
    return { train, tearDown, sandbox, left: machinesOf(sandbox) };
  } finally {
    await sandbox.close();
  }
}

function writeCredentials(url: string, token: string): string {
  return `
    echo "Authorization: Bearer ${token}" > "$RUNNER_TEMP/headers"
    echo "EXABITS_HEADERS_FILE=$RUNNER_TEMP/headers" >> "$GITHUB_ENV"
    echo "EXABITS_API_BASE_URL=${url}/api/v1" >> "$GITHUB_ENV"`;
}

function machinesOf(sandbox: Sandbox): string[] {
  return sandbox.machines().flatMap(({ name }) => (name === MACHINE ? name : []));
}

function creation(fault: Fault): Fault {
  return { ...fault, match: { method: 'POST', path: MACHINES } };
}

const onShow = { method: 'GET', path: /virtual-machines\/./ };
const onList = { method: 'GET', path: /virtual-machines$/ };
const onDelete = { method: 'DELETE', path: MACHINES };

const LATE = creation({ effect: 'status', status: 504, carriedOutAfterMs: LATE_MS });
const LOST = creation({ effect: 'status', status: 504, carriedOut: true });
const SLOW = creation({ effect: 'delay', ms: 250 });
const REFUSED = creation({
  effect: 'body',
  body: JSON.stringify({ status: false, message: 'Out of stock\n::error::x ##[error]y', data: null }),
});

function warnings({ steps }: JobResult): string[] {
  return steps.flatMap(({ annotations }) => annotations.map(({ message }) => message));
}

test.concurrent('the first job creates, uses and deletes a machine, and the second job is skipped', async () => {
  const { train, tearDown, left, sandbox } = await run({ withAction: true });
  expect(train).toMatchObject({
    result: 'success',
    outputs: { 'nothing-left': 'true' },
    outcomes: { create: 'success', training: 'success', delete: 'success' },
  });
  expect(train.log).toContain('hostname 192.0.2.');
  expect(train.log).toContain(`The machine ${MACHINE} is deleted.`);
  expect(tearDown.result).toBe('skipped');
  expect(left).toEqual([]);
  // The account's other machines are untouched.
  expect(sandbox.machines()).toHaveLength(4);
  expect(sandbox.orphans()).toEqual([]);
});

describe('no machine is left', () => {
  test.concurrent('when the creation takes effect late', async () => {
    const { train, left } = await run({ faults: [LATE] });
    expect(train.outcomes).toMatchObject({ create: 'failure', delete: 'success' });
    expect(left).toEqual([]);
  });

  test.concurrent('when the creation takes effect after the first job has stopped looking', async () => {
    const { train, tearDown, left } = await run({
      faults: [creation({ effect: 'status', status: 504 })],
      between: (sandbox, token) => {
        const [{ body = '' } = {}] = sandbox.requests.filter(
          ({ method, path }) => method === 'POST' && path === MACHINES,
        );
        const headers = { authorization: `Bearer ${token}` };
        return fetch(sandbox.url + MACHINES, { method: 'POST', headers, body });
      },
    });
    expect(train.outcomes).toMatchObject({ create: 'failure', delete: 'success' });
    expect(tearDown.outcomes).toMatchObject({ 'Delete the machine': 'success' });
    expect(tearDown.log).toContain(`The machine ${MACHINE} is deleted.`);
    expect(left).toEqual([]);
  });

  test.concurrent('when neither the list nor the deletion finds it at first', async () => {
    const { train, tearDown, left } = await run({
      faults: [
        { effect: 'body', body: '{"status":true,"data":[]}', match: onList, times: 4 },
        { effect: 'status', status: 404, match: onDelete },
      ],
    });
    expect(train).toMatchObject({ result: 'success', outputs: { 'nothing-left': 'false' } });
    expect(tearDown.log).toContain(`The machine ${MACHINE} is deleted.`);
    expect(left).toEqual([]);
  });

  test.concurrent('when the answer to the creation is lost', async () => {
    const { train, tearDown, left } = await run({ faults: [LOST] });
    expect(train.outcomes).toMatchObject({ create: 'failure', delete: 'success' });
    expect(tearDown.result).toBe('skipped');
    expect(left).toEqual([]);
  });

  test.concurrent('when it fails to start, which ends the wait', async () => {
    const { train, left } = await run({ sandbox: { machineStatus: 'error' } });
    expect(train.outcomes).toMatchObject({ create: 'success', training: 'skipped', delete: 'success' });
    expect(warnings(train)).toContain(`The machine ${MACHINE} did not start.`);
    expect(left).toEqual([]);
  });

  test.concurrent.each<[string, Fault, Fault?]>([
    ['the list fails', { effect: 'status', status: 500, match: onList, times: 2 }],
    [
      'the list is refused with HTTP 200',
      { effect: 'body', body: '{"status":false,"message":"x"}', match: onList },
    ],
    [
      'the list is empty for a while',
      { effect: 'body', body: '{"status":true,"data":[]}', match: onList, times: 2 },
    ],
    ['the list has an empty body', { effect: 'body', body: '', match: onList }],
    [
      'the deletion fails, and the list is then empty once',
      { effect: 'status', status: 500, match: onDelete },
      { effect: 'body', body: '{"status":true,"data":[]}', match: onList, after: 1 },
    ],
    ['the deletion is refused', { effect: 'body', body: '{"status":false}', match: onDelete, times: 2 }],
    ['the deletion fails', { effect: 'status', status: 500, match: onDelete, times: 2 }],
    ['the answer to the deletion is lost', { effect: 'answer-lost', match: onDelete }],
    ['an answer is lost during the wait', { effect: 'answer-lost', match: onShow }],
  ])('when %s', async (_what, fault, another) => {
    const { train, tearDown, left } = await run({ faults: another ? [fault, another] : [fault] });
    expect(train).toMatchObject({ outcomes: { delete: 'success' }, outputs: { 'nothing-left': 'true' } });
    expect(tearDown.result).toBe('skipped');
    expect(left).toEqual([]);
  });

  test.concurrent('unless both jobs fail because it cannot be deleted', async () => {
    const { train, tearDown, left } = await run({
      faults: [{ effect: 'status', status: 500, match: onDelete, times: 99 }],
    });
    expect([train.outcomes.delete, tearDown.result]).toEqual(['failure', 'failure']);
    for (const job of [train, tearDown]) {
      expect(warnings(job)).toContainEqual(expect.stringMatching(/may still run and cost money/));
    }
    expect(left).toEqual([MACHINE]);
  });

  test.concurrent.each<[string, Fault]>([
    ['fails', { effect: 'status', status: 500 }],
    ['is refused with HTTP 200', { effect: 'body', body: '{"status":false}' }],
    ['has an empty body', { effect: 'body', body: '' }],
  ])('unless both jobs fail because every list %s', async (_what, fault) => {
    const { train, tearDown } = await run({ faults: [REFUSED, { ...fault, match: onList, times: 99 }] });
    expect([train.outcomes.delete, tearDown.result]).toEqual(['failure', 'failure']);
  });
});

test.concurrent('a refused machine is still looked for, and the reason cannot run a workflow command', async () => {
  const { train, tearDown } = await run({ faults: [REFUSED] });
  expect(train.log).toContain('Out of stock?::error::x ##?error?y');
  expect(warnings(train)).toEqual([
    'Process completed with exit code 5.',
    expect.stringMatching(/^No machine train-77 has appeared so far/),
  ]);
  expect(tearDown.result).toBe('success');
  expect(warnings(tearDown)).toEqual([expect.stringMatching(/^No machine train-77 has appeared so far/)]);
});

describe('an answer from Exabits', () => {
  const machine = {
    id: '1',
    name: MACHINE,
    status: 'running',
    fixed_ip: '192.0.2.9',
    login: { username: 'ubuntu' },
  };

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
    const body = JSON.stringify({ status: true, data: { ...machine, ...change } });
    const { train, left } = await run({ faults: [{ effect: 'body', body, match: onShow, times: 99 }] });
    expect(train.outcomes).toMatchObject({ 'Wait until it runs': 'failure', training: 'skipped' });
    expect(train.log).not.toContain('hostname');
    expect(left).toEqual([]);
  });

  test.concurrent('never becomes a workflow command: a line break in the status', async () => {
    const body = JSON.stringify({ status: true, data: { ...machine, status: 'x\n::error::owned' } });
    const { train, left } = await run({ faults: [{ effect: 'body', body, match: onShow }] });
    expect(warnings(train)).toEqual([]);
    expect(train.result).toBe('success');
    expect(left).toEqual([]);
  });

  test.concurrent('never becomes a step output: a line break in the id', async () => {
    const body = JSON.stringify({ status: true, data: { id: 'x\nowned=true' } });
    const { train, left } = await run({ faults: [creation({ effect: 'body', body, carriedOut: true })] });
    expect(train.steps.flatMap(({ outputs }) => Object.keys(outputs))).not.toContain('owned');
    expect(train.outcomes.create).toBe('failure');
    expect(left).toEqual([]);
  });
});

describe('no machine is left after the first job is cut short', () => {
  type How = 'cancel' | 'loss';

  /** Cuts the first job short: its run is cancelled, or its runner is lost. */
  function cut(how: How): { now: () => void; interruption: Interruption } {
    const controller = new AbortController();
    return { now: () => controller.abort(), interruption: { [how]: controller.signal } };
  }

  const steps = [
    'Check what this needs',
    'your-org/exabits-auth',
    'create',
    'Wait until it runs',
    'training',
    'delete',
  ];

  test.concurrent.each(
    steps.flatMap((step) => (['cancel', 'loss'] as const).map((how) => [how, step] as const)),
  )('(%s) at the start of the step %s', async (how, step) => {
    const { now, interruption } = cut(how);
    const begun: string[] = [];
    const onStep = (title: string) => {
      begun.push(title);
      if (title === step) setImmediate(now);
    };
    const { train, tearDown, left, sandbox } = await run({
      interruption: { ...interruption, onStep },
      withAction: step === 'your-org/exabits-auth',
    });
    expect(begun).toContain(step);
    if (how === 'cancel') expect(train.result).toBe('cancelled');
    else expect(train.outputs).toEqual({});
    // A cancelled job deletes the machine if it knows that it exists; the second job handles the rest.
    if (how === 'cancel' && step === 'training') expect(tearDown.result).toBe('skipped');
    expect(left).toEqual([]);
    expect(sandbox.machines()).toHaveLength(4);
  });

  const requests = [
    ['POST', /virtual-machines$/],
    ['GET', /virtual-machines\/./],
    ['GET', /virtual-machines$/],
    ['DELETE', /virtual-machines\/./],
  ] as const;
  const moments = (['received', 'handled'] as const).flatMap((moment) =>
    requests.flatMap(([method, path]) =>
      (['cancel', 'loss'] as const).map((how): [How, string, RegExp, Moment] => [how, method, path, moment]),
    ),
  );

  test.concurrent.each(moments)('(%s) when %s %s is %s', async (how, method, path, moment) => {
    const { now, interruption } = cut(how);
    let happened = false;
    const { left } = await run({
      interruption,
      prepare: (sandbox) =>
        sandbox.onRequest((event) => {
          if (event.method !== method || !path.test(event.path) || event.moment !== moment) return;
          happened = true;
          now();
        }),
    });
    expect(happened).toBe(true);
    expect(left).toEqual([]);
  });

  test('at random moments', async () => {
    const anyCut = fc.record({
      how: fc.constantFrom<How[]>('cancel', 'loss'),
      step: fc.constantFrom('create', 'Wait until it runs', 'training', 'delete'),
      afterMs: fc.nat(300),
      faults: fc.constantFrom<Fault[][]>([], [SLOW], [SLOW, LOST], [LOST], [LATE]),
      machineStatus: fc.constantFrom<('running' | 'error')[]>('running', 'running', 'error'),
    });
    const cuts = fc.sample(anyCut, { seed: SEED, numRuns: randomCases(100) });
    const cutShort = async ({ how, step, afterMs, faults, machineStatus }: (typeof cuts)[number]) => {
      const { now, interruption } = cut(how);
      // If the step is not reached because the one before it failed, the cut happens at the deletion.
      let due = false;
      const onStep = (title: string) => {
        if (due || (title !== step && title !== 'delete')) return;
        due = true;
        setTimeout(now, afterMs);
      };
      const sandbox = { machineStatus };
      const { train, left } = await run({
        faults,
        sandbox,
        interruption: { ...interruption, onStep },
      });
      return { left, hit: train.result === 'cancelled' || train.outputs['nothing-left'] === undefined };
    };
    const ends = await pLimit(AT_ONCE).map(cuts, cutShort);
    const failed = cuts.filter((_cut, index) => ends[index]?.left.length !== 0);
    expect(failed).toEqual([]);
    // The others ended before the cut.
    expect(ends.filter(({ hit }) => hit).length).toBeGreaterThan(cuts.length / 2);
  });
});
