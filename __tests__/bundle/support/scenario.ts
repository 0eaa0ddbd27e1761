import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, jest } from '@jest/globals';
import {
  AWKWARD_ACCOUNT,
  EXAMPLE_ACCOUNT,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
} from '../../../testbed/exabits/server.ts';
import { Job, type JobOptions, type StepOptions, type StepResult } from '../../../testbed/runner/job.ts';
import { secretsIn } from '../../../testbed/runner/secret-forms.ts';

const root = join(import.meta.dirname, '../../..');

// Every test runs several processes, which take longer on a busy machine.
jest.setTimeout(60_000);

let endings = new AsyncDisposableStack();

/** Registers something to do when the test is over, whatever else fails; the last registered runs first. */
export function atEnd(end: () => unknown): void {
  endings.defer(async () => void (await end()));
}

afterEach(async () => {
  const due = endings;
  endings = new AsyncDisposableStack();
  await due.disposeAsync();
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
  /** What must not be shown, besides all that Exabits has issued. */
  readonly secrets = new Set([EXAMPLE_ACCOUNT.password, AWKWARD_ACCOUNT.password]);
  readonly #steps: StepResult[] = [];

  constructor(sandbox: Sandbox, job: Job) {
    this.sandbox = sandbox;
    this.job = job;
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
    for (const name of ['password', 'api-token']) this.secrets.add(inputs[name] ?? '');
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

  /** Runs the post step of a job that has one. */
  async post(options?: ProcessOptions): Promise<StepResult> {
    const [step, ...more] = await this.job.finish(preloaded(options));
    if (step === undefined || more.length > 0) throw new Error('The job has not one post step');
    this.#steps.push(step);
    return step;
  }

  /** Runs a sweep in a job of its own, as GitHub starts it when this job's run has ended. */
  async sweep(): Promise<StepResult> {
    const event = { workflow_run: { id: 9_876_543_210, run_attempt: 2 } };
    const step = await startJob(this.sandbox, { actionDir: join(root, 'sweep'), event }).logIn();
    expectSuccess(step);
    return step;
  }

  /**
   * Asserts that no secret is shown in any form: not in the log, not in what the action prints before the runner masks
   * it, nor in the summary. In the state is only the token of the job, which is a value of its own.
   */
  expectNoSecretShown(): void {
    const secrets = [...this.secrets, ...this.sandbox.store.issued];
    const shown = this.#steps.flatMap(
      ({ raw, visible, summary, state: { 'ephemeral-token': _, ...state } }) => [
        ...[visible, raw.replace(/^::add-mask::.*$/gm, ''), summary],
        ...Object.values(state),
      ],
    );
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
  expectFailure({ exitCode, outputs, env, visible, annotations }: StepResult): string {
    expect({ exitCode, outputs, env, visible }).toEqual({ exitCode: 1, outputs: {}, env: {}, visible });
    const errors = annotations.filter(({ level }) => level === 'error');
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
    const { exitCode, visible } = post;
    const { env } = this.job;
    const set = Object.keys(env).filter((name) => name.startsWith('EXABITS_') && env[name] !== '');
    expect({ exitCode, visible, set, files: this.headerFiles() }).toEqual({
      ...{ exitCode: 0, visible, set: [], files: [] },
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
export function expectSuccess({ visible, outcome, annotations }: StepResult): void {
  expect({ visible, outcome, annotations }).toEqual({ visible, outcome: 'success', annotations: [] });
}

/** The warnings of a step. */
export function warningsOf(step: StepResult): string[] {
  return step.annotations.filter(({ level }) => level === 'warning').map(({ message }) => message);
}
