import { type ChildProcess, spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join, resolve } from 'node:path';
import { type ActionManifest, readActionManifest } from './action-manifest.ts';
import { type Assignment, parseCommandFile } from './command-file.ts';
import { Masker } from './masker.ts';
import { type Annotation, StepOutput } from './step-output.ts';
import { type Limits, watch } from './step-process.ts';

export type { Annotation } from './step-output.ts';

/** A job on this machine: where its action is and what the runner gives it. */
export interface JobOptions {
  /** The directory of action.yml. */
  actionDir: string;
  /** The job's `env:`. */
  env?: Readonly<Record<string, string>>;
  /** Masked from the start, as the runner does with the secrets of a workflow. */
  secrets?: readonly string[];
  /** Debug logging: `RUNNER_DEBUG=1`, and debug lines are shown. */
  debug?: boolean;
  /** `$RUNNER_TEMP`; by default a fresh directory with mode 0700. */
  runnerTemp?: string;
  /** More, or other, `GITHUB_…` variables, by their full names. */
  github?: Readonly<Record<string, string>>;
  /** Gets each visible line as soon as it is known. */
  print?: (line: string) => void;
}

/** How one step is run. */
export interface StepOptions extends Limits {
  /** What stands after `Run` in the log. */
  name?: string;
  /** The step's `env:`. */
  env?: Readonly<Record<string, string>>;
  /** A failure of this step is then none of the job. */
  continueOnError?: boolean;
  /** Gets the process when it has been started. It is the leader of a process group of its own. */
  onSpawn?: (child: ChildProcess) => void;
  /** Is called before the process starts, with its whole environment, and may change that or the files in it. */
  onPrepare?: (env: Record<string, string>) => void | Promise<void>;
  /** Arguments of Node itself, before the entry file. */
  nodeArgs?: readonly string[];
}

/** What a step did. */
export interface StepResult {
  name: string;
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  outputs: Record<string, string>;
  /** The variables that the step set for later steps. */
  env: Record<string, string>;
  state: Record<string, string>;
  /** stdout and stderr in the order of arrival, before masks and workflow commands. */
  raw: string;
  /** What the log shows of the step's own output: masked, commands carried out. Without the runner's headings. */
  visible: string;
  annotations: Annotation[];
  /** The step summary as GitHub shows it, masked. */
  summary: string;
  /** The step summary as the step wrote it. */
  rawSummary: string;
  outcome: 'success' | 'failure' | 'cancelled';
}

const COMMAND_FILES = [
  'GITHUB_ENV',
  'GITHUB_OUTPUT',
  'GITHUB_STATE',
  'GITHUB_PATH',
  'GITHUB_STEP_SUMMARY',
] as const;
type CommandFiles = Readonly<Record<(typeof COMMAND_FILES)[number], string>>;

const MAX_SUMMARY_BYTES = 1024 * 1024;

interface Launch {
  kind: 'action' | 'script';
  title: string;
  /** What the heading shows below the title. */
  details: readonly string[];
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
}

interface PendingPost {
  title: string;
  entry: string;
  env: Readonly<Record<string, string>>;
  state: Record<string, string>;
}

/**
 * Runs the steps of one job as GitHub's runner does: inputs with their defaults, command files, state, workflow
 * commands, masks, and the post steps at the end.
 */
export class Job {
  /** The job's temporary directory, `$RUNNER_TEMP`. */
  readonly runnerTemp: string;
  readonly #options: JobOptions;
  readonly #manifest: ActionManifest;
  readonly #directory: string;
  readonly #masker = new Masker();
  readonly #lines: string[] = [];
  readonly #posts: PendingPost[] = [];
  #env: Record<string, string>;
  #path: string[] = [];
  #failed = false;

  /** @throws when the directory has no action.yml that the little runner can run */
  constructor(options: JobOptions) {
    this.#options = options;
    this.#manifest = readActionManifest(options.actionDir);
    this.#directory = mkdtempSync(join(tmpdir(), 'little-runner-'));
    this.runnerTemp = options.runnerTemp ?? join(this.#directory, '_temp');
    if (options.runnerTemp === undefined) mkdirSync(this.runnerTemp, { mode: 0o700 });
    for (const name of ['_commands', 'workspace']) mkdirSync(join(this.#directory, name), { mode: 0o700 });
    this.#env = { ...options.env };
    for (const secret of options.secrets ?? []) this.#masker.add(secret);
  }

  /** The visible log of all steps so far, with the runner's headings. */
  get log(): string {
    return this.#lines.map((line) => `${line}\n`).join('');
  }

  /** The variables that the next step would find, apart from the runner's own. */
  get env(): Readonly<Record<string, string>> {
    return { ...this.#env };
  }

  /** `failure` as soon as one step failed that was not allowed to. */
  get conclusion(): 'success' | 'failure' {
    return this.#failed ? 'failure' : 'success';
  }

  /** The text as the log would show it with the masks added so far. */
  mask(text: string): string {
    return this.#masker.mask(text);
  }

  /** Runs `main` of the action with these inputs and notes its post step. */
  async uses(inputs: Readonly<Record<string, string>>, options: StepOptions = {}): Promise<StepResult> {
    const title = options.name ?? `./${basename(resolve(this.#options.actionDir))}`;
    const resolved = new Map(this.#manifest.inputs);
    const unexpected: string[] = [];
    for (const [name, value] of Object.entries(inputs)) {
      const known = [...resolved.keys()].find((key) => key.toLowerCase() === name.toLowerCase());
      if (known === undefined) unexpected.push(name);
      resolved.set(known ?? name, value);
    }
    const inputVariables: Record<string, string> = {};
    for (const [name, value] of resolved)
      inputVariables[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`] = value;

    const post: PendingPost | undefined =
      this.#manifest.post === undefined
        ? undefined
        : {
            title: `Post Run ${title}`,
            entry: this.#manifest.post,
            env: { ...options.env, ...inputVariables },
            state: {},
          };
    // Before main runs: it may be killed.
    if (post !== undefined) this.#posts.push(post);

    const result = await this.#step(
      {
        kind: 'action',
        title: `Run ${title}`,
        details: [...listing('with', Object.fromEntries(resolved)), ...this.#envListing(options)],
        command: process.execPath,
        args: [...(options.nodeArgs ?? []), this.#manifest.main],
        env: { ...options.env, ...inputVariables },
      },
      options,
      unexpected.map((name) => {
        const valid = [...this.#manifest.inputs.keys()].map((key) => `'${key}'`).join(', ');
        return `Unexpected input(s) '${name}', valid inputs are [${valid}]`;
      }),
    );
    if (post !== undefined) post.state = result.state;
    return result;
  }

  /** Runs a later step of the job: a script for bash. */
  async run(script: string, options: StepOptions = {}): Promise<StepResult> {
    const details = [...script.split('\n'), 'shell: bash -e {0}', ...this.#envListing(options)];
    return this.#step(
      {
        kind: 'script',
        title: `Run ${options.name ?? script.split('\n', 1)[0]}`,
        details,
        command: 'bash',
        args: ['-e', '-c', script],
        env: options.env ?? {},
      },
      options,
    );
  }

  /** Runs the post steps, that of the last action first, whatever became of the steps before. */
  async finish(options: Omit<StepOptions, 'name' | 'env'> = {}): Promise<StepResult[]> {
    const results: StepResult[] = [];
    for (let post = this.#posts.pop(); post !== undefined; post = this.#posts.pop()) {
      const state = Object.entries(post.state).map(([name, value]) => [`STATE_${name}`, value]);
      const launch: Launch = {
        kind: 'action',
        title: post.title,
        details: ['Post job cleanup.'],
        command: process.execPath,
        args: [...(options.nodeArgs ?? []), post.entry],
        env: { ...post.env, ...Object.fromEntries(state) },
      };
      results.push(await this.#step(launch, options));
    }
    return results;
  }

  /** Removes the job's directory. */
  dispose(): void {
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #step(launch: Launch, options: StepOptions, warnings: readonly string[] = []): Promise<StepResult> {
    const output = new StepOutput(this.#masker, this.#options.debug ?? false, (line) => this.#print(line));
    this.#print(this.#masker.mask(`▼ ${launch.title}`));
    for (const detail of launch.details) this.#print(this.#masker.mask(`  ${detail}`));
    for (const warning of warnings) output.annotate('warning', warning);

    const files = this.#createCommandFiles();
    const env = {
      ...this.#baseEnvironment(),
      ...this.#env,
      ...launch.env,
      ...this.#runnerVariables(launch, files),
    };
    await options.onPrepare?.(env);
    const child = spawn(launch.command, launch.args, {
      cwd: join(this.#directory, 'workspace'),
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    });
    const ended = watch(child, options, output);
    options.onSpawn?.(child);
    const { cancelled } = await ended;
    if (launch.kind === 'script' && child.exitCode !== 0) {
      output.fail(`Process completed with exit code ${child.exitCode ?? child.signalCode}.`);
    }

    const [outputs, stepEnv, state]: [
      Record<string, string>,
      Record<string, string>,
      Record<string, string>,
    ] = [{}, {}, {}];
    this.#readCommandFile(files.GITHUB_ENV, output, ([name, value]) => {
      if (name.toUpperCase() === 'NODE_OPTIONS') {
        throw new Error(`Can't store ${name} output parameter using '$GITHUB_ENV' command.`);
      }
      stepEnv[name] = value;
    });
    this.#readCommandFile(files.GITHUB_OUTPUT, output, ([name, value]) => {
      outputs[name] = value;
    });
    this.#readCommandFile(files.GITHUB_STATE, output, ([name, value]) => {
      state[name] = value;
    });
    this.#path.unshift(...readText(files.GITHUB_PATH).split('\n').filter(Boolean).reverse());
    Object.assign(this.#env, stepEnv);

    const rawSummary = this.#readSummary(files.GITHUB_STEP_SUMMARY, output);
    const failed = child.exitCode !== 0 || output.failed;
    if ((failed || cancelled) && !options.continueOnError) this.#failed = true;
    return {
      name: launch.title,
      exitCode: child.exitCode,
      signal: child.signalCode,
      outputs,
      env: stepEnv,
      state,
      raw: output.raw,
      visible: output.visible,
      annotations: output.annotations,
      summary: this.#masker.mask(rawSummary),
      rawSummary,
      outcome: cancelled ? 'cancelled' : failed ? 'failure' : 'success',
    };
  }

  #print(line: string): void {
    this.#lines.push(line);
    this.#options.print?.(line);
  }

  #createCommandFiles(): CommandFiles {
    const create = (variable: string): string => {
      const path = join(
        this.#directory,
        '_commands',
        `${variable.slice('GITHUB_'.length).toLowerCase()}_${randomUUID()}`,
      );
      writeFileSync(path, '', { mode: 0o600 });
      return path;
    };
    return {
      GITHUB_ENV: create('GITHUB_ENV'),
      GITHUB_OUTPUT: create('GITHUB_OUTPUT'),
      GITHUB_STATE: create('GITHUB_STATE'),
      GITHUB_PATH: create('GITHUB_PATH'),
      GITHUB_STEP_SUMMARY: create('GITHUB_STEP_SUMMARY'),
    };
  }

  #readCommandFile(path: string, output: StepOutput, apply: (assignment: Assignment) => void): void {
    try {
      for (const assignment of parseCommandFile(readText(path))) apply(assignment);
    } catch (error) {
      const kind = basename(path).replace(/_.*/, '');
      output.fail(`Unable to process file command '${kind}' successfully.`);
      output.fail(error instanceof Error ? error.message : String(error));
    }
  }

  #readSummary(path: string, output: StepOutput): string {
    const summary = readText(path);
    const bytes = Buffer.byteLength(summary);
    if (bytes <= MAX_SUMMARY_BYTES) return summary;
    const kibibytes = Math.ceil(bytes / 1024);
    output.annotate(
      'error',
      `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got ${kibibytes}k.`,
    );
    return '';
  }

  #envListing(options: StepOptions): string[] {
    return listing('env', { ...this.#env, ...options.env });
  }

  #baseEnvironment(): Record<string, string> {
    return {
      HOME: process.env.HOME ?? this.#directory,
      LANG: 'C.UTF-8',
      CI: 'true',
    };
  }

  #runnerVariables(launch: Launch, files: CommandFiles): Record<string, string> {
    return {
      PATH: [...this.#path, launch.env.PATH ?? this.#env.PATH ?? process.env.PATH ?? ''].join(':'),
      GITHUB_ACTIONS: 'true',
      GITHUB_ACTION: '__run',
      GITHUB_ACTOR: 'octocat',
      GITHUB_API_URL: 'https://api.github.com',
      GITHUB_EVENT_NAME: 'push',
      GITHUB_GRAPHQL_URL: 'https://api.github.com/graphql',
      GITHUB_JOB: 'train',
      GITHUB_REF: 'refs/heads/main',
      GITHUB_REF_NAME: 'main',
      GITHUB_REPOSITORY: 'octo-org/octo-repo',
      GITHUB_REPOSITORY_OWNER: 'octo-org',
      GITHUB_RETENTION_DAYS: '90',
      GITHUB_RUN_ATTEMPT: '1',
      GITHUB_RUN_ID: '1658821493',
      GITHUB_RUN_NUMBER: '7',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_SHA: 'ffac537e6cbbf934b08745a378932722df287a53',
      GITHUB_WORKFLOW: 'Train a model',
      GITHUB_WORKSPACE: join(this.#directory, 'workspace'),
      RUNNER_ARCH: 'X64',
      RUNNER_ENVIRONMENT: 'self-hosted',
      RUNNER_NAME: 'little-runner',
      RUNNER_OS: 'Linux',
      RUNNER_TEMP: this.runnerTemp,
      RUNNER_TOOL_CACHE: join(this.#directory, '_tool'),
      ...(this.#options.debug ? { RUNNER_DEBUG: '1' } : {}),
      ...this.#options.github,
      ...files,
    };
  }
}

function listing(title: string, values: Readonly<Record<string, string>>): string[] {
  const shown = Object.entries(values).filter(([, value]) => value !== '');
  return shown.length === 0 ? [] : [`${title}:`, ...shown.map(([name, value]) => `  ${name}: ${value}`)];
}

/** The text of a command file; a step that removed its file has said nothing. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
