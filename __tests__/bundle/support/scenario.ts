import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, jest } from '@jest/globals';
import {
  EXAMPLE_ACCOUNT,
  type Sandbox,
  type SandboxOptions,
  startSandbox,
} from '../../../testbed/exabits/server.ts';
import { Job, type JobOptions, type StepOptions, type StepResult } from '../../../testbed/runner/job.ts';
import { leaksOf, secretsOf } from './leaks.ts';

const ACTION_DIR = join(import.meta.dirname, '../../..');

// Every test runs several processes, which take longer on a busy machine.
jest.setTimeout(60_000);

/** A job and the Exabits that it talks to. */
export interface ScenarioOptions {
  sandbox?: SandboxOptions;
  /** Options of the job; by default it runs the sign-in action. */
  job?: Partial<JobOptions>;
}

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

/** Starts a sandbox that is closed when the test is over. */
export async function startExabits(options?: SandboxOptions): Promise<Sandbox> {
  const sandbox = await startSandbox(options);
  atEnd(() => sandbox.close());
  return sandbox;
}

/** Starts a sandbox and a job. When the test is over, everything that the job has shown is searched for secrets. */
export async function startScenario(options: ScenarioOptions = {}): Promise<Scenario> {
  return startJob(await startExabits(options.sandbox), options.job);
}

/** Starts a job against a sandbox that is already running. */
export function startJob(sandbox: Sandbox, options: ScenarioOptions['job'] = {}): Scenario {
  const scenario = new Scenario(sandbox, new Job({ actionDir: ACTION_DIR, ...options }));
  atEnd(() => scenario.job.dispose());
  atEnd(() => scenario.expectNoSecretShown());
  return scenario;
}

/** One job, with the committed bundle as its action. */
export class Scenario {
  readonly sandbox: Sandbox;
  readonly job: Job;
  readonly #actionSteps: StepResult[] = [];
  /** The log without the headings above `main`, which show inputs that are not masked yet. */
  #log = '';
  readonly #secrets = new Set<string>();

  constructor(sandbox: Sandbox, job: Job) {
    this.sandbox = sandbox;
    this.job = job;
  }

  get host(): string {
    return `127.0.0.1:${this.sandbox.port}`;
  }

  /** How messages name the sandbox. */
  get name(): string {
    return `${this.host} (input "api-url")`;
  }

  /** `METHOD path` of every request so far, without the version path. */
  get calls(): string[] {
    return this.sandbox.requests.map(({ method, path }) => `${method} ${path.replace('/api/v1', '')}`);
  }

  /** Runs the action with the example account; `inputs` are added, or replace these. */
  logIn(inputs: Readonly<Record<string, string>> = {}, options?: StepOptions): Promise<StepResult> {
    const { username, password } = EXAMPLE_ACCOUNT;
    return this.uses({ username, password, ...inputs }, options);
  }

  /** Runs the action against the sandbox, or another `api-url`. */
  async uses(inputs: Readonly<Record<string, string>>, options?: StepOptions): Promise<StepResult> {
    for (const name of ['password', 'api-token']) this.expectSecret(inputs[name]);
    const step = await this.job.uses({ 'api-url': this.sandbox.url, ...inputs }, options);
    this.#actionSteps.push(step);
    this.#log += step.visible;
    return step;
  }

  /** Runs a script as a later step. */
  async run(script: string, options?: StepOptions): Promise<StepResult> {
    const { length } = this.job.log;
    const step = await this.job.run(script, options);
    this.#log += this.job.log.slice(length);
    return step;
  }

  /** Runs the post steps. */
  async finish(options?: Omit<StepOptions, 'name' | 'env'>): Promise<StepResult[]> {
    const { length } = this.job.log;
    const steps = await this.job.finish(options);
    this.#log += this.job.log.slice(length);
    this.#actionSteps.push(...steps);
    return steps;
  }

  /** Runs the post step of a job that has one. */
  async post(options?: Omit<StepOptions, 'name' | 'env'>): Promise<StepResult> {
    const [step, ...more] = await this.finish(options);
    if (step === undefined || more.length > 0) throw new Error('The job has not one post step');
    return step;
  }

  /** Adds a secret of the test, to be searched for when it is over. */
  expectSecret(secret: string | undefined): void {
    if (secret) this.#secrets.add(secret);
  }

  /** Asserts that nothing people can see, and no state, holds a secret in any form. */
  expectNoSecretShown(): void {
    const secrets = secretsOf(this.sandbox, this.#actionSteps, this.#secrets);
    expect(leaksOf(this.#actionSteps, secrets, this.#log)).toEqual([]);
  }

  /**
   * Asserts that a step exported an API token, in every place where later steps look, and nothing else.
   *
   * @param outputs the other outputs: how the step signed in, and as whom
   */
  expectApiTokenExported(
    step: StepResult,
    token: string | undefined,
    outputs: Readonly<Record<'auth-method' | 'api-token-id' | 'username' | 'email', string | undefined>>,
  ): void {
    const { url } = this.sandbox;
    const headersFile = step.outputs['headers-file'] ?? '';
    expect(step.outputs).toEqual({
      ...outputs,
      token,
      'access-token': '',
      'refresh-token': '',
      'api-token': token,
      'access-token-expires-at': '',
      'refresh-token-expires-at': '',
      'api-url': url,
      'api-base-url': `${url}/api/v1`,
      'headers-file': headersFile,
    });
    expect(step.env).toEqual({
      EXABITS_API_URL: url,
      EXABITS_API_BASE_URL: `${url}/api/v1`,
      EXABITS_AUTH_SOURCE: expect.stringMatching(/^[0-9a-f]{32}$/),
      EXABITS_AUTH_FINGERPRINT: expect.stringMatching(/^[0-9a-f]{32}$/),
      EXABITS_HEADERS_FILE: headersFile,
      EXABITS_API_TOKEN: token,
    });
    expect(readFileSync(headersFile, 'utf8')).toBe(`Authorization: Bearer ${token}\n`);
  }

  /** The files that are left in `$RUNNER_TEMP`. */
  temporaryFiles(): string[] {
    return readdirSync(this.job.runnerTemp);
  }

  /**
   * Asserts that a step failed as every failure must: exit code 1, one error of one line, no stack trace, nothing
   * exported.
   * @returns the error's message
   */
  expectFailure(step: StepResult): string {
    const { outcome, exitCode, signal, outputs, env } = step;
    expect({ outcome, exitCode, signal, outputs, env }).toEqual({
      outcome: 'failure',
      exitCode: 1,
      signal: null,
      outputs: {},
      env: {},
    });
    const errors = step.annotations.filter(({ level }) => level === 'error');
    expect(errors).toHaveLength(1);
    const message = errors[0]?.message ?? '';
    const lines = step.visible.trimEnd().split('\n');
    const logged = lines.filter((line) => !line.startsWith('##[debug]'));
    expect(logged.at(-1)).toBe(`Error: ${message}`);
    expect(logged.join('\n')).not.toMatch(/^\s+at |node:internal|\.cjs:\d/m);
    expect(this.temporaryFiles()).toEqual([]);
    return message;
  }
}

/** Asserts that a step succeeded without an error or a warning. */
export function expectSuccess(step: StepResult): void {
  const { visible, outcome, exitCode, annotations } = step;
  expect({ visible, outcome, exitCode, annotations }).toEqual({
    visible,
    outcome: 'success',
    exitCode: 0,
    annotations: [],
  });
}

/** The warnings of a step. */
export function warningsOf(step: StepResult): string[] {
  return step.annotations.filter(({ level }) => level === 'warning').map(({ message }) => message);
}

/** A time as Unix seconds, `seconds` from now. */
export function unixTime(seconds: number): number {
  return Math.floor(Date.now() / 1000) + seconds;
}
