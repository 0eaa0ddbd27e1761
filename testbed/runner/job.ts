import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, delimiter, join, resolve } from 'node:path';
import { type ActionManifest, readActionManifest, resolveInputs } from './action-manifest.ts';
import { CommandFiles } from './file-commands.ts';
import { LogMasker } from './log-masker.ts';
import { runnerVariables } from './runner-variables.ts';
import type { Launch, StepOptions, StepResult } from './step.ts';
import { StepOutput } from './step-output.ts';
import { runProcess } from './step-process.ts';

export type { Annotation, StepOptions, StepResult } from './step.ts';

/** A job on this machine: the location of its action, and what the runner gives it. */
export interface JobOptions {
  /** The directory of action.yml. */
  actionDir: string;
  /** The job's `env:`. */
  env?: Readonly<Record<string, string>>;
  /** Masked from the start, like the secrets of a workflow. */
  secrets?: readonly string[];
  /** Debug logging: `RUNNER_DEBUG=1`, and debug lines are shown. */
  debug?: boolean;
  /** `$RUNNER_TEMP`; by default a fresh directory with mode 0700. */
  runnerTemp?: string;
  /** The payload of the event that started the workflow. */
  event?: object;
  /** Adds or overrides `GITHUB_…` variables, by their full names. */
  github?: Readonly<Record<string, string>>;
  /** Gets each visible line as soon as it is known. */
  print?: (line: string) => void;
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
  readonly #masker = new LogMasker();
  readonly #lines: string[] = [];
  readonly #posts: PendingPost[] = [];
  #env: Record<string, string>;
  #path: string[] = [];
  #failed = false;

  /** @throws if the directory has no action.yml that the little runner can run */
  constructor(options: JobOptions) {
    this.#options = options;
    this.#manifest = readActionManifest(options.actionDir, options.event);
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

  /** The variables of the next step, apart from the runner's own. */
  get env(): Readonly<Record<string, string>> {
    return { ...this.#env };
  }

  /** `failure` as soon as a step without `continueOnError` has failed. */
  get conclusion(): 'success' | 'failure' {
    return this.#failed ? 'failure' : 'success';
  }

  /** The text as the log would show it, with the masks added so far. */
  mask(text: string): string {
    return this.#masker.mask(text);
  }

  /** Runs `main` of the action with these inputs and notes its post step. */
  async uses(inputs: Readonly<Record<string, string>>, options: StepOptions = {}): Promise<StepResult> {
    const title = options.name ?? `./${basename(resolve(this.#options.actionDir))}`;
    const { main, post: postEntry, inputs: defaults } = this.#manifest;
    const { inputs: resolved, unexpected } = resolveInputs(defaults, inputs);
    const env = { ...options.env, ...inputVariables(resolved) };
    const post: PendingPost | undefined =
      postEntry === undefined ? undefined : { title: `Post Run ${title}`, entry: postEntry, env, state: {} };
    // Before main runs, because it may be killed.
    if (post !== undefined) this.#posts.push(post);

    const valid = [...defaults.keys()].map((key) => `'${key}'`).join(', ');
    const result = await this.#step(
      {
        kind: 'action',
        title: `Run ${title}`,
        details: [...listing('with', Object.fromEntries(resolved)), ...this.#envListing(options)],
        command: process.execPath,
        args: [...(options.nodeArgs ?? []), main],
        env,
      },
      options,
      unexpected.map((name) => `Unexpected input(s) '${name}', valid inputs are [${valid}]`),
    );
    if (post !== undefined) post.state = result.state;
    return result;
  }

  /** Runs a bash script as a later step of the job. */
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

  /** Runs the post steps, the last action's first, even if earlier steps failed. */
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
    // Windows keeps a folder in use for a moment after the process in it has ended.
    rmSync(this.#directory, { recursive: true, force: true, maxRetries: 5 });
  }

  async #step(launch: Launch, options: StepOptions, warnings: readonly string[] = []): Promise<StepResult> {
    const output = new StepOutput(this.#masker, this.#options.debug ?? false, (line) => this.#print(line));
    for (const line of [`▼ ${launch.title}`, ...launch.details.map((detail) => `  ${detail}`)]) {
      this.#print(this.#masker.mask(line));
    }
    for (const warning of warnings) output.annotate('warning', warning);

    const files = new CommandFiles(join(this.#directory, '_commands'));
    const env = this.#environment(launch, files);
    await options.onPrepare?.(env);
    const cwd = join(this.#directory, 'workspace');
    const { exitCode, signal, cancelled } = await runProcess(launch, { cwd, env }, options, output);
    if (launch.kind === 'script' && exitCode !== 0) {
      output.fail(`Process completed with exit code ${exitCode ?? signal}.`);
    }

    const written = files.read(output);
    this.#path.unshift(...written.path);
    Object.assign(this.#env, written.env);
    const failed = exitCode !== 0 || output.failed;
    if ((failed || cancelled) && !options.continueOnError) this.#failed = true;
    return {
      name: launch.title,
      exitCode,
      signal,
      outputs: written.outputs,
      env: written.env,
      state: written.state,
      raw: output.raw,
      visible: output.visible,
      annotations: output.annotations,
      summary: this.#masker.mask(written.summary),
      rawSummary: written.summary,
      outcome: cancelled ? 'cancelled' : failed ? 'failure' : 'success',
    };
  }

  #print(line: string): void {
    this.#lines.push(line);
    this.#options.print?.(line);
  }

  #envListing(options: StepOptions): string[] {
    return listing('env', { ...this.#env, ...options.env });
  }

  /** The environment of a step, with nothing else from this machine. */
  #environment(launch: Launch, files: CommandFiles): Record<string, string> {
    return {
      HOME: process.env.HOME ?? this.#directory,
      LANG: 'C.UTF-8',
      CI: 'true',
      ...this.#env,
      ...launch.env,
      PATH: [...this.#path, launch.env.PATH ?? this.#env.PATH ?? process.env.PATH ?? ''].join(delimiter),
      ...runnerVariables({
        directory: this.#directory,
        runnerTemp: this.runnerTemp,
        debug: this.#options.debug ?? false,
      }),
      ...this.#options.github,
      ...files.paths,
    };
  }
}

function inputVariables(inputs: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(
    [...inputs].map(([name, value]) => [`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`, value]),
  );
}

function listing(title: string, values: Readonly<Record<string, string>>): string[] {
  const shown = Object.entries(values).filter(([, value]) => value !== '');
  return shown.length === 0 ? [] : [`${title}:`, ...shown.map(([name, value]) => `  ${name}: ${value}`)];
}
