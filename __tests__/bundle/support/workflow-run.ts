import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { data, Evaluator, Lexer, Parser } from '@actions/expressions';
import { parse } from 'yaml';
import { Job, type StepOptions, type StepResult } from '../../../testbed/runner/job.ts';

const ROOT = join(import.meta.dirname, '../../..');
const OURS = /^your-org\/exabits-auth@/;
const COMPOSITE = './.github/actions/';
const REUSABLE = './.github/workflows/';

type Values = Readonly<Record<string, unknown>>;
type Texts = Record<string, string>;

interface StepSpec {
  id?: string;
  name?: string;
  if?: string;
  uses?: string;
  run?: string;
  with?: Values;
  env?: Values;
}

interface JobSpec {
  if?: string;
  needs?: string;
  uses?: string;
  with?: Values;
  secrets?: Values;
  env?: Values;
  outputs?: Values;
  strategy?: { matrix: Record<string, unknown[]> };
  steps: StepSpec[];
}

interface WorkflowSpec {
  on: {
    workflow_call?: { inputs?: Record<string, { default?: unknown }>; outputs?: Record<string, Values> };
  };
  env?: Values;
  jobs: Record<string, JobSpec>;
}

interface CompositeSpec {
  outputs: Record<string, Values>;
  runs: { steps: StepSpec[] };
}

/** Stands in for a third-party action: a script that does what the job needs from it. */
export type StandIn = (inputs: Texts) => string;

/** Options for running a workflow. */
export interface WorkflowOptions {
  secrets?: Texts;
  vars?: Texts;
  inputs?: Values;
  runId?: string;
  /** Variables of the runner's machine. */
  machine?: Texts;
  /** Values that override variables of the workflow. */
  override?: Texts;
  /** By the action's name without its version. An action without a stand-in does nothing. */
  standIns?: Readonly<Record<string, StandIn>>;
  /** Signs in instead of the committed bundle. */
  signIn?: StandIn;
}

/** What interrupts a job from outside. */
export interface Interruption {
  /** Somebody cancels the run. */
  cancel?: AbortSignal;
  /** The runner's machine is gone: no further step, and no outputs. */
  loss?: AbortSignal;
  cancelMs?: { sigterm: number; sigkill: number };
  /** Called when a step starts, with its id, else its name, else its action. */
  onStep?: (step: string) => void;
}

/** The result of a job. */
export interface JobResult {
  result: 'success' | 'failure' | 'cancelled' | 'skipped';
  outputs: Texts;
  /** The outcome of each step, by its id, else its name, else its action. */
  outcomes: Record<string, string>;
  steps: StepResult[];
  log: string;
}

/** A run of a workflow of this repository, job by job, with GitHub's own evaluator of expressions. */
export class WorkflowRun {
  readonly #workflow: WorkflowSpec;
  readonly #folder: string;
  readonly #options: WorkflowOptions;
  readonly #needs: Record<string, { result: string; outputs: Texts }> = {};

  /** @param path from the repository's root */
  constructor(path: string, options: WorkflowOptions) {
    this.#workflow = parse(readFileSync(join(ROOT, path), 'utf8'));
    this.#folder = dirname(path);
    const declared = Object.entries(this.#workflow.on.workflow_call?.inputs ?? {});
    const defaults = Object.fromEntries(declared.map(([name, { default: value }]) => [name, value]));
    this.#options = { ...options, inputs: { ...defaults, ...options.inputs } };
  }

  /** The names of the jobs, in the order of the file. */
  get jobs(): string[] {
    return Object.keys(this.#workflow.jobs);
  }

  /** The outputs of a reusable workflow. */
  get outputs(): Texts {
    const outputs = Object.entries(this.#workflow.on.workflow_call?.outputs ?? {});
    const contexts = { jobs: this.#needs };
    return Object.fromEntries(outputs.map(([name, { value }]) => [name, fill(value, contexts)]));
  }

  /** The combinations of a job's matrix; a job without one has a single, empty combination. */
  matrixOf(name: string): Values[] {
    const axes = Object.entries(this.#workflow.jobs[name]?.strategy?.matrix ?? {});
    return axes.reduce<Values[]>(
      (combinations, [key, values]) =>
        combinations.flatMap((combination) => values.map((value) => ({ ...combination, [key]: value }))),
      [{}],
    );
  }

  /** Runs a job, if its condition allows it. A job that calls a reusable workflow uses only its name. */
  async job(name: string, matrix: Values = {}, interruption: Interruption = {}): Promise<JobResult> {
    const spec = this.#workflow.jobs[name];
    if (spec === undefined) throw new Error(`There is no job ${name}`);
    const result = await this.#run(spec, matrix, interruption);
    this.#needs[name] = { result: result.result, outputs: result.outputs };
    return result;
  }

  async #run(spec: JobSpec, matrix: Values, interruption: Interruption): Promise<JobResult> {
    const { secrets = {}, vars = {}, inputs, runId = '1658821493' } = this.#options;
    const contexts = { github: { run_id: runId }, secrets, vars, inputs, matrix, needs: this.#needs };
    const needed = spec.needs === undefined ? 'success' : (this.#needs[spec.needs]?.result ?? 'skipped');
    if (!holds(spec.if, contexts, needed)) {
      return { result: 'skipped', outputs: {}, outcomes: {}, steps: [], log: '' };
    }
    if (spec.uses !== undefined) return this.#call(spec.uses, spec, contexts);

    const workflowEnv = fillAll(this.#workflow.env, contexts);
    const env = { ...workflowEnv, ...fillAll(spec.env, { ...contexts, env: workflowEnv }) };
    const job = new Job({
      actionDir: ROOT,
      env: { GITHUB_RUN_ID: runId, ...this.#options.machine, ...env, ...this.#options.override },
      secrets: Object.values(secrets),
    });
    try {
      const running = new RunningJob(job, this.#options, contexts, interruption);
      await running.steps(spec.steps, this.#folder);
      if (running.lost) return running.end({});
      await running.finish();
      return running.end(fillAll(spec.outputs, running.contexts));
    } finally {
      job.dispose();
    }
  }

  async #call(uses: string, spec: JobSpec, contexts: Values): Promise<JobResult> {
    const called = new WorkflowRun(join(this.#folder, uses.replace(REUSABLE, '')), {
      ...this.#options,
      inputs: spec.with ?? {},
      secrets: fillAll(spec.secrets, contexts),
    });
    const results: JobResult[] = [];
    for (const name of called.jobs) results.push(await called.job(name));
    const [failed] = results.filter(({ result }) => result !== 'success');
    return {
      result: failed?.result ?? 'success',
      outputs: called.outputs,
      outcomes: {},
      steps: results.flatMap(({ steps }) => steps),
      log: results.map(({ log }) => log).join(''),
    };
  }
}

interface StepState {
  outcome: string;
  conclusion: string;
  outputs: Texts;
}

/** A job while its steps run. */
class RunningJob {
  lost = false;
  readonly #job: Job;
  readonly #options: WorkflowOptions;
  readonly #contexts: Values;
  readonly #interruption: Interruption;
  readonly #states: Record<string, StepState> = {};
  readonly #outcomes: Record<string, string> = {};
  readonly #results: StepResult[] = [];
  #status: 'success' | 'failure' | 'cancelled' = 'success';

  constructor(job: Job, options: WorkflowOptions, contexts: Values, interruption: Interruption) {
    this.#job = job;
    this.#options = options;
    this.#contexts = contexts;
    this.#interruption = interruption;
    const { cancel, loss } = interruption;
    const cancelled = () => {
      this.#status = 'cancelled';
    };
    cancel?.addEventListener('abort', cancelled, { once: true });
    loss?.addEventListener('abort', () => {
      this.lost = true;
      this.#status = 'failure';
    });
  }

  get contexts(): Values {
    return { ...this.#contexts, steps: this.#states };
  }

  /** @param folder the folder of the file with these steps, which may use a composite action beside it */
  async steps(specs: readonly StepSpec[], folder: string): Promise<void> {
    for (const spec of specs) {
      if (this.lost) return;
      await this.#step(spec, folder);
    }
  }

  async finish(): Promise<void> {
    this.#results.push(...(await this.#job.finish()));
  }

  end(outputs: Texts): JobResult {
    return {
      result: this.#status,
      outputs,
      outcomes: this.#outcomes,
      steps: this.#results,
      log: this.#job.log,
    };
  }

  async #step(spec: StepSpec, folder: string): Promise<void> {
    const title = spec.id ?? spec.name ?? spec.uses?.replace(/@.*/, '') ?? '';
    let state: StepState = { outcome: 'skipped', conclusion: 'skipped', outputs: {} };
    if (holds(spec.if, this.contexts, this.#status)) {
      this.#interruption.onStep?.(title);
      state = await this.#runStep(spec, folder);
    }
    if (state.outcome === 'failure' && this.#status === 'success') this.#status = 'failure';
    this.#outcomes[title] = state.outcome;
    if (spec.id !== undefined) this.#states[spec.id] = state;
  }

  async #runStep(spec: StepSpec, folder: string): Promise<StepState> {
    const contexts = { ...this.contexts, env: this.#job.env };
    const options = this.#stepOptions(spec, { ...fillAll(spec.env, contexts), ...this.#options.override });
    const inputs = fillAll(spec.with, contexts);
    if (spec.uses?.startsWith(COMPOSITE)) return this.#composite(folder, inputs);
    const result = await this.#start(spec, inputs, options);
    this.#results.push(result);
    return { outcome: result.outcome, conclusion: result.outcome, outputs: result.outputs };
  }

  #start(spec: StepSpec, inputs: Texts, options: StepOptions): Promise<StepResult> {
    const { uses = '', run } = spec;
    const { signIn, standIns = {} } = this.#options;
    // GitHub's meaning of `shell: bash`.
    if (run !== undefined) return this.#job.run(`set -o pipefail\n${run}`, options);
    if (!OURS.test(uses)) return this.#job.run(standIns[uses.replace(/@.*/, '')]?.(inputs) ?? '', options);
    return signIn === undefined ? this.#job.uses(inputs, options) : this.#job.run(signIn(inputs), options);
  }

  /** Runs the composite action beside the workflow. */
  async #composite(folder: string, inputs: Texts): Promise<StepState> {
    const { outputs, runs }: CompositeSpec = parse(readFileSync(join(ROOT, folder, 'action.yml'), 'utf8'));
    const inner = new RunningJob(this.#job, this.#options, { ...this.#contexts, inputs }, this.#interruption);
    await inner.steps(runs.steps, folder);
    const { result: outcome } = inner.end({});
    this.#results.push(...inner.#results);
    const values = Object.entries(outputs).map(([name, { value }]) => [name, fill(value, inner.contexts)]);
    return { outcome, conclusion: outcome, outputs: Object.fromEntries(values) };
  }

  #stepOptions(spec: StepSpec, env: Texts): StepOptions {
    const { cancel, loss, cancelMs } = this.#interruption;
    const stop = new AbortController();
    // GitHub evaluates a step's condition again when the run is cancelled, and lets the step continue if it still holds.
    cancel?.addEventListener(
      'abort',
      () => {
        if (!holds(spec.if, this.contexts, 'cancelled')) stop.abort();
      },
      { once: true },
    );
    const kill = ({ pid }: ChildProcess) => {
      const killGroup = () => pid !== undefined && isAlive(-pid) && process.kill(-pid, 'SIGKILL');
      if (loss?.aborted) killGroup();
      loss?.addEventListener('abort', killGroup);
    };
    return {
      env,
      cancel: stop.signal,
      onSpawn: kill,
      ...(spec.name === undefined ? {} : { name: spec.name }),
      ...(cancelMs === undefined ? {} : { cancelMs }),
    };
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Whether an `if:` lets a job or a step run. Without a status function in it, it needs success. */
function holds(condition: string | undefined, contexts: Values, status: string): boolean {
  const expression = condition?.replace(/^\$\{\{(.*)\}\}$/, '$1') ?? 'success()';
  const asksStatus = /\b(success|failure|cancelled|always)\(/.test(expression);
  const whole = asksStatus ? expression : `success() && (${expression})`;
  return evaluate(`!!(${whole})`, contexts, status) === 'true';
}

function fillAll(values: Values | undefined, contexts: Values): Texts {
  return Object.fromEntries(
    Object.entries(values ?? {}).map(([name, value]) => [name, fill(value, contexts)]),
  );
}

/** A value with each `${{ … }}` in it replaced by its value. */
function fill(value: unknown, contexts: Values): string {
  return String(value ?? '').replace(/\$\{\{(.*?)\}\}/gs, (_all, expression) =>
    evaluate(expression, contexts, 'success'),
  );
}

function evaluate(expression: string, contexts: Values, status: string): string {
  const statusFunctions = Object.entries({
    success: status === 'success',
    failure: status === 'failure',
    cancelled: status === 'cancelled',
    always: true,
  }).map(([name, value]) => ({ name, minArgs: 0, maxArgs: 0, call: () => new data.BooleanData(value) }));
  const { tokens } = new Lexer(expression.trim()).lex();
  const parsed = new Parser(tokens, CONTEXTS, statusFunctions).parse();
  const known = JSON.parse(JSON.stringify(contexts), data.reviver);
  const byName = new Map(statusFunctions.map((each) => [each.name, each]));
  return new Evaluator(parsed, known, byName).evaluate().coerceString();
}

const CONTEXTS = ['github', 'secrets', 'vars', 'inputs', 'matrix', 'needs', 'env', 'steps', 'jobs'];
