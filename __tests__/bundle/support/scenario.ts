import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, jest } from '@jest/globals';
import {
  AWKWARD_ACCOUNT,
  EXAMPLE_ACCOUNT,
  md5,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
  tokensIn,
} from '../../../testbed/exabits/server.ts';
import { Job, type JobOptions, type StepOptions, type StepResult } from '../../../testbed/runner/job.ts';
import { secretsIn } from '../../../testbed/runner/secret-forms.ts';

const root = join(import.meta.dirname, '../../..');

// Every test runs several processes, which take longer on a busy machine.
jest.setTimeout(60_000);

const endings: (() => unknown)[] = [];

/** Registers something to do when the test is over; the last registered runs first. */
export function atEnd(end: () => unknown): void {
  endings.push(end);
}

afterEach(async () => {
  const problems: unknown[] = [];
  for (let end = endings.pop(); end !== undefined; end = endings.pop()) {
    try {
      await end();
    } catch (problem) {
      problems.push(problem);
    }
  }
  if (problems.length > 0) throw problems[0];
});

/** Makes a folder that is removed when the test is over. */
export function makeFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'exabits-auth-test-'));
  atEnd(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** The environment of a runner that trusts these certificates. */
export function trusting(...certificates: string[]): { NODE_EXTRA_CA_CERTS: string } {
  const file = join(makeFolder(), 'authority.pem');
  writeFileSync(file, certificates.join(''));
  return { NODE_EXTRA_CA_CERTS: file };
}

/** Starts a sandbox that is closed when the test is over. */
export async function startExabits(options?: SandboxOptions): Promise<Sandbox> {
  const sandbox = await startSandbox(options);
  atEnd(() => sandbox.close());
  return sandbox;
}

/** Starts a sandbox, and a job that runs the sign-in action by default. */
export async function startScenario(
  options: { sandbox?: SandboxOptions; job?: Partial<JobOptions> } = {},
): Promise<Scenario> {
  return startJob(await startExabits(options.sandbox), options.job);
}

/** Starts a job against a sandbox that is already running. What it has shown is searched for secrets at the end. */
export function startJob(sandbox: Sandbox, options: Partial<JobOptions> = {}): Scenario {
  const scenario = new Scenario(sandbox, new Job({ actionDir: root, ...options }));
  atEnd(() => scenario.job.dispose());
  atEnd(() => scenario.expectNoSecretShown());
  return scenario;
}

/** Options for the process of a step: what support/preload.cjs changes in it. */
export interface ProcessOptions extends StepOptions {
  change?: Readonly<Record<string, string | number>>;
}

/** One job, with the committed bundle as its action. */
export class Scenario {
  readonly sandbox: Sandbox;
  readonly job: Job;
  readonly #steps: StepResult[] = [];
  readonly #secrets = new Set([EXAMPLE_ACCOUNT.password, AWKWARD_ACCOUNT.password]);

  constructor(sandbox: Sandbox, job: Job) {
    this.sandbox = sandbox;
    this.job = job;
  }

  /** How messages name the sandbox. */
  get host(): string {
    return `127.0.0.1:${this.sandbox.port}`;
  }

  /** `METHOD path` of every request so far, without the version path. */
  get calls(): string[] {
    return this.sandbox.requests.map(({ call }) => call);
  }

  /** Names of the API tokens that jobs have made and that still work. */
  get tokensLeft(): string[] {
    return this.sandbox.store.orphans().map(({ name }) => name);
  }

  /** Runs the action with the example account; `inputs` are added, or replace these. */
  logIn(inputs: Readonly<Record<string, string>> = {}, options?: ProcessOptions): Promise<StepResult> {
    const { username, password } = EXAMPLE_ACCOUNT;
    return this.uses({ username, password, ...inputs }, options);
  }

  /** Runs the action against the sandbox, or another `api-url`. */
  async uses(inputs: Readonly<Record<string, string>>, options?: ProcessOptions): Promise<StepResult> {
    for (const name of ['password', 'api-token']) this.expectSecret(inputs[name]);
    const step = await this.job.uses({ 'api-url': this.sandbox.url, ...inputs }, preloaded(options));
    this.#steps.push(step);
    return step;
  }

  /** Runs a script as a later step. */
  async run(script: string): Promise<StepResult> {
    const step = await this.job.run(script);
    // A script may print a secret; the runner masks it.
    this.#steps.push({ ...step, raw: '' });
    return step;
  }

  /** Runs the post steps. */
  async finish(options?: ProcessOptions): Promise<StepResult[]> {
    const steps = await this.job.finish(preloaded(options));
    this.#steps.push(...steps);
    return steps;
  }

  /** Runs the post step of a job that has one. */
  async post(options?: ProcessOptions): Promise<StepResult> {
    const [step, ...more] = await this.finish(options);
    if (step === undefined || more.length > 0) throw new Error('The job has not one post step');
    return step;
  }

  /** Runs a sweep in a job of its own, as GitHub starts it when this job's run has ended. */
  async sweep(): Promise<StepResult> {
    const event = { workflow_run: { id: 9_876_543_210, run_attempt: 2 } };
    const step = await startJob(this.sandbox, { actionDir: join(root, 'sweep'), event }).logIn();
    expectSuccess(step);
    return step;
  }

  /** Adds a secret of the test, to be searched for when it is over. */
  expectSecret(secret: string | undefined): void {
    if (secret) this.#secrets.add(secret);
  }

  /**
   * Asserts that no secret is shown in any form: not in the log, not in what the action prints before the runner masks
   * it, nor in the summary. In the state is only the token of the job, which is a value of its own.
   */
  expectNoSecretShown(): void {
    const sent = this.sandbox.requests.flatMap((request) => [
      ...tokensIn(request),
      /"password":"([^"]+)"/.exec(request.body)?.[1] ?? '',
    ]);
    const exported = this.#steps.flatMap(({ outputs: { token = '', 'refresh-token': refresh = '' } }) => [
      token,
      refresh,
    ]);
    const given = [...this.#secrets].flatMap((secret) => [secret, md5(secret)]);
    const secrets = new Set([...given, ...sent, ...exported, ...this.sandbox.store.issued].filter(Boolean));
    const shown = this.#steps.flatMap(({ raw, visible, annotations, summary, state }) => [
      visible,
      raw.replace(/^::add-mask::.*$/gm, ''),
      ...annotations.map(({ message }) => message),
      summary,
      ...Object.entries(state).flatMap(([name, value]) => (name === 'ephemeral-token' ? [] : [value])),
    ]);
    expect(shown.filter((text) => secretsIn(text, secrets).length > 0)).toEqual([]);
  }

  /** The header files that are left in `$RUNNER_TEMP`. */
  headerFiles(): string[] {
    return readdirSync(this.job.runnerTemp).filter((name) => name.startsWith('exabits-headers-'));
  }

  /**
   * Asserts that a step failed as every failure must: exit code 1, one error of one line, no stack trace, nothing
   * exported.
   *
   * @returns the error's message
   */
  expectFailure(step: StepResult): string {
    const { outcome, exitCode, signal, outputs, env, visible } = step;
    expect({ outcome, exitCode, signal, outputs, env, visible }).toEqual({
      ...{ outcome: 'failure', exitCode: 1, signal: null, outputs: {}, env: {}, visible },
    });
    const errors = step.annotations.filter(({ level }) => level === 'error');
    expect(errors).toHaveLength(1);
    const message = errors[0]?.message ?? '';
    const logged = visible.split('\n').filter((line) => line !== '' && !line.startsWith('##[debug]'));
    expect(logged.at(-1)).toBe(`Error: ${message}`);
    expect(logged.join('\n')).not.toMatch(/^\s+at |node:internal|\.cjs:\d/m);
    expect(this.headerFiles()).toEqual([]);
    return message;
  }

  /**
   * Asserts what must hold after every post step: no variable and no header file is left, each API token that is left
   * at Exabits is named in a warning, and each that the log calls deleted is gone.
   *
   * @returns the names of the tokens that are left
   */
  expectCleanedUp(post: StepResult): string[] {
    const { exitCode, signal, visible } = post;
    const set = Object.entries(this.job.env).filter(([, value]) => value !== '');
    expect({ exitCode, signal, visible, set, files: this.headerFiles() }).toEqual({
      ...{ exitCode: 0, signal: null, visible, set: [], files: [] },
    });
    const left = this.tokensLeft;
    const warned = warningsOf(post).join('\n');
    expect(left.filter((name) => !warned.includes(name))).toEqual([]);
    const deleted = [...visible.matchAll(/^Deleted the API token (\S+)\.$/gm)].map(([, name = '']) => name);
    expect(deleted.filter((name) => left.includes(name))).toEqual([]);
    return left;
  }

  /** Runs the post step, and asserts that it leaves nothing and has nothing to warn of. */
  async expectNothingLeft(options?: ProcessOptions): Promise<StepResult> {
    const post = await this.post(options);
    expectSuccess(post);
    expect(this.expectCleanedUp(post)).toEqual([]);
    return post;
  }
}

function preloaded({ change = {}, ...options }: ProcessOptions = {}): StepOptions {
  return {
    ...options,
    nodeArgs: ['--require', join(import.meta.dirname, 'preload.cjs')],
    async onPrepare(env) {
      env.PRELOAD = JSON.stringify(change);
      await options.onPrepare?.(env);
    },
  };
}

/** Asserts that a step succeeded without an error or a warning. */
export function expectSuccess({ visible, outcome, exitCode, annotations }: StepResult): void {
  expect({ visible, outcome, exitCode, annotations }).toEqual({
    ...{ visible, outcome: 'success', exitCode: 0, annotations: [] },
  });
}

/** The warnings of a step. */
export function warningsOf(step: StepResult): string[] {
  return step.annotations.filter(({ level }) => level === 'warning').map(({ message }) => message);
}
