import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { readActionManifest, resolveInputs } from './action-manifest.ts';
import {
  type CommandFile,
  type CommandFiles,
  createCommandFiles,
  readCommandFiles,
} from './file-commands.ts';
import { LogMasker } from './log-masker.ts';
import { type Annotation, StepOutput } from './step-output.ts';
import { asProcess, type Ending, type Launch, type StepOptions } from './step-process.ts';

export type { StepOptions } from './step-process.ts';

/** What a step did. */
export interface StepResult extends Ending {
  outputs: Record<string, string>;
  /** The variables that the step set for later steps. */
  env: Record<string, string>;
  state: Record<string, string>;
  /** stdout and stderr in the order of arrival, before masks and workflow commands. */
  raw: string;
  /** The step's own output as the log shows it: masked, with commands carried out, without the runner's headings. */
  visible: string;
  /** The debug lines, masked, whether or not the log shows them. */
  debugLog: string;
  annotations: Annotation[];
  /** The step summary, not masked. */
  summary: string;
  outcome: 'success' | 'failure';
}

/** A job on this machine: the location of its action, and what the runner gives it. */
export interface JobOptions {
  /** The directory of action.yml. */
  actionDir: string;
  /** The job's `env:`. Unlike on GitHub, it can also replace what the runner sets. */
  env?: Readonly<Record<string, string>>;
  /** Masked from the start, like the secrets of a workflow. */
  secrets?: readonly string[];
  /** Debug logging: `RUNNER_DEBUG=1`, and debug lines are shown. */
  debug?: boolean;
  /** `$RUNNER_TEMP`; by default a fresh directory with mode 0700. */
  runnerTemp?: string;
  /** The payload of the event that started the workflow. */
  event?: object;
  /** Gets each visible line as soon as it is known. */
  print?: (line: string) => void;
}

interface PendingPost {
  title: string;
  entry: string;
  env: Readonly<Record<string, string>>;
  state: Record<string, string>;
}

/** A step to run, and what the log says about it beforehand. */
interface Step {
  title: string;
  /** The lines below the title. */
  details: readonly string[];
  env: Readonly<Record<string, string>>;
  launch: Launch;
}

/**
 * Runs the steps of one job as GitHub's runner does: inputs with their defaults, command files, state, workflow
 * commands, masks, and the post steps at the end.
 */
export class Job {
  /** The job's temporary directory, `$RUNNER_TEMP`. */
  readonly runnerTemp: string;
  /** The variables of the next step, apart from the runner's own. */
  readonly env: Record<string, string>;
  readonly #options: JobOptions;
  readonly #directory = mkdtempSync(join(tmpdir(), 'little-runner-'));
  readonly #masker = new LogMasker();
  readonly #lines: string[] = [];
  readonly #posts: PendingPost[] = [];
  #files: CommandFiles | undefined;

  constructor(options: JobOptions) {
    this.#options = options;
    this.env = { ...options.env };
    this.runnerTemp = options.runnerTemp ?? join(this.#directory, '_temp');
    if (options.runnerTemp === undefined) mkdirSync(this.runnerTemp, { mode: 0o700 });
    for (const name of ['_commands', 'workspace']) mkdirSync(join(this.#directory, name), { mode: 0o700 });
    for (const secret of options.secrets ?? []) this.#masker.add(secret);
  }

  /** The visible log of all steps so far, with the runner's headings. */
  get log(): string {
    return this.#lines.map((line) => `${line}\n`).join('');
  }

  /** The text as the log would show it, with the masks added so far. */
  mask(text: string): string {
    return this.#masker.mask(text);
  }

  /** The path of a command file of the current or last step; empty before the first. */
  commandFile(name: CommandFile): string {
    return this.#files?.[name] ?? '';
  }

  /**
   * Runs `main` of the action with these inputs and notes its post step.
   *
   * @throws for an action that the little runner cannot run, and for an input that it does not have
   */
  async uses(given: Readonly<Record<string, string>>, options: StepOptions = {}): Promise<StepResult> {
    const { actionDir, event } = this.#options;
    const title = options.name ?? `./${basename(resolve(actionDir))}`;
    const { main, post: entry, inputs: defaults } = readActionManifest(actionDir, event);
    const inputs = resolveInputs(defaults, given);
    const env = { ...options.env, ...inputVariables(inputs) };
    const post = entry && { title: `Post Run ${title}`, entry, env, state: {} };
    // Before main runs, because it may be killed.
    if (post) this.#posts.push(post);
    const details = [...listing('with', inputs), ...this.#envListing(options)];
    const launch = asNode(main, options);
    const result = await this.step({ title: `Run ${title}`, details, env, launch }, options);
    if (post) post.state = result.state;
    return result;
  }

  /** Runs a bash script as a later step of the job. */
  async run(script: string, options: StepOptions = {}): Promise<StepResult> {
    const lines = script.split('\n');
    const bash = asProcess('bash', ['-e', '-c', script]);
    return this.step(
      {
        title: `Run ${options.name ?? lines[0]}`,
        details: [...lines, 'shell: bash -e {0}', ...this.#envListing(options)],
        env: options.env ?? {},
        launch: async (place, output, limits) => {
          const ending = await bash(place, output, limits);
          const { exitCode, signal } = ending;
          if (exitCode !== 0) output.fail(`Process completed with exit code ${exitCode ?? signal}.`);
          return ending;
        },
      },
      options,
    );
  }

  /** Runs the post steps, the last action's first, even if earlier steps failed. */
  async finish(options: Omit<StepOptions, 'name' | 'env'> = {}): Promise<StepResult[]> {
    const results: StepResult[] = [];
    for (let post = this.#posts.pop(); post !== undefined; post = this.#posts.pop()) {
      const { title, entry, state } = post;
      const env = { ...post.env, ...stateVariables(state) };
      const launch = asNode(entry, options);
      results.push(await this.step({ title, details: ['Post job cleanup.'], env, launch }, options));
    }
    return results;
  }

  /** Removes the job's directory. */
  dispose(): void {
    // Windows keeps a folder in use for a moment after the process in it has ended.
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  protected async step({ title, details, env, launch }: Step, options: StepOptions): Promise<StepResult> {
    const output = new StepOutput(this.#masker, this.#options.debug ?? false, (line) => this.#print(line));
    for (const line of [`▼ ${title}`, ...details.map((detail) => `  ${detail}`)])
      this.#print(this.mask(line));
    const files = createCommandFiles(join(this.#directory, '_commands'));
    this.#files = files;
    const whole = { ...this.#runnerVariables(), ...files, ...this.env, ...env };
    await options.onPrepare?.(whole);
    const cwd = join(this.#directory, 'workspace');
    const { exitCode, signal } = await launch({ cwd, env: whole }, output, options);

    const written = readCommandFiles(files, output);
    Object.assign(this.env, written.env);
    const { raw, visible, debugLog, annotations, failed } = output;
    const outcome = exitCode !== 0 || failed ? 'failure' : 'success';
    return { exitCode, signal, ...written, raw, visible, debugLog, annotations, outcome };
  }

  #print(line: string): void {
    this.#lines.push(line);
    this.#options.print?.(line);
  }

  #envListing(options: StepOptions): string[] {
    return listing('env', { ...this.env, ...options.env });
  }

  /** What every step gets, and nothing else from this machine. */
  #runnerVariables(): Record<string, string> {
    return {
      PATH: process.env.PATH ?? '',
      HOME: this.#directory,
      USERPROFILE: this.#directory,
      LANG: 'C.UTF-8',
      CI: 'true',
      GITHUB_ACTIONS: 'true',
      GITHUB_JOB: 'train',
      GITHUB_REPOSITORY: 'octo-org/train',
      GITHUB_REPOSITORY_OWNER: 'octo-org',
      GITHUB_RUN_ATTEMPT: '2',
      GITHUB_RUN_ID: '9876543210',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_WORKFLOW: 'nightly training',
      RUNNER_TEMP: this.runnerTemp,
      ...(this.#options.debug ? { RUNNER_DEBUG: '1' } : {}),
    };
  }
}

/** The variables with the inputs of a step. */
export function inputVariables(inputs: Readonly<Record<string, string>>): Record<string, string> {
  const spelled = Object.entries(inputs).map(([name, value]) => [
    name.replaceAll(' ', '_').toUpperCase(),
    value,
  ]);
  return prefixed('INPUT_', Object.fromEntries(spelled));
}

/** The variables with what a step has saved for its post step. */
export function stateVariables(state: Readonly<Record<string, string>>): Record<string, string> {
  return prefixed('STATE_', state);
}

function prefixed(prefix: string, values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([name, value]) => [prefix + name, value]));
}

function asNode(entry: string, { nodeArgs = [] }: StepOptions): Launch {
  return asProcess(process.execPath, [...nodeArgs, entry]);
}

function listing(title: string, values: Readonly<Record<string, string>>): string[] {
  const shown = Object.entries(values).filter(([, value]) => value !== '');
  return shown.length === 0 ? [] : [`${title}:`, ...shown.map(([name, value]) => `  ${name}: ${value}`)];
}
