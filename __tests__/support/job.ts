import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Phase } from '../../src/run.ts';
import { readActionManifest } from '../../testbed/runner/action-manifest.ts';
import { parseCommandFile } from '../../testbed/runner/file-commands.ts';
import { LogMasker } from '../../testbed/runner/log-masker.ts';
import { COMMAND_NAMES, parseWorkflowCommand } from '../../testbed/runner/workflow-command.ts';
import { captureOutput } from './output.ts';

const root = join(import.meta.dirname, '../..');
const { inputs: knownInputs } = readActionManifest(root);

/** What a phase of the action did, as the runner and the reader of the log see it. */
export interface Step {
  readonly inputs: Readonly<Record<string, string>>;
  /** The raw lines of stdout and stderr, with workflow commands and without masks. */
  readonly lines: readonly string[];
  /** What GitHub shows: masked, commands run, debug lines hidden. */
  readonly log: string;
  /** The debug lines, masked. */
  readonly debugLog: string;
  readonly exitCode: number;
  readonly outputs: Readonly<Record<string, string>>;
  /** The variables that the step exported. */
  readonly env: Readonly<Record<string, string>>;
  readonly state: Readonly<Record<string, string>>;
  readonly summary: string;
}

const commandFiles = ['GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY'] as const;
type CommandFile = (typeof commandFiles)[number];

const jobs = new Set<InProcessJob>();

/** Removes the files of all remaining jobs. */
export function disposeJobs(): void {
  for (const job of jobs) job.dispose();
}

/**
 * A job whose steps run a phase of the sources in this process, for unit tests and the fuzzer. `testbed/runner` runs the
 * bundle in separate processes.
 */
export class InProcessJob {
  /** `$RUNNER_TEMP`. */
  readonly temp: string;
  /** The environment of the next step. */
  readonly env: Record<string, string>;
  /** Called with every line that a step prints, before anything else happens. */
  onLine: (line: string) => void = () => {};
  readonly #masker = new LogMasker();
  readonly #home: string;
  readonly #commandFiles: string;
  #steps = 0;

  constructor(env: Record<string, string> = {}) {
    this.#home = mkdtempSync(join(tmpdir(), 'exabits-auth-job-'));
    this.temp = join(this.#home, 'temp');
    this.#commandFiles = join(this.#home, 'file-commands');
    mkdirSync(this.temp);
    mkdirSync(this.#commandFiles);
    this.env = {
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_REPOSITORY: 'octo-org/train',
      GITHUB_WORKFLOW: 'nightly training',
      GITHUB_JOB: 'train',
      GITHUB_RUN_ID: '9876543210',
      GITHUB_RUN_ATTEMPT: '2',
      RUNNER_TEMP: this.temp,
      ...env,
    };
    jobs.add(this);
  }

  /** Removes the files of the job. */
  dispose(): void {
    rmSync(this.#home, { recursive: true, force: true });
    jobs.delete(this);
  }

  /** Runs `main` with these inputs, and the defaults of action.yml for the others. */
  async main(inputs: Record<string, string> = {}): Promise<Step> {
    const { main } = await import('../../src/main.ts');
    return this.#run(main, withDefaults(inputs, knownInputs), {});
  }

  /** Runs the sweep with these inputs, and the defaults of its action.yml for the others, for a GitHub event. */
  async sweep(inputs: Record<string, string> = {}, event: object = {}): Promise<Step> {
    const { sweep } = await import('../../src/sweep.ts');
    const known = readActionManifest(join(root, 'sweep'), event).inputs;
    return this.#run(sweep, withDefaults(inputs, known), {});
  }

  /** Runs `post` with the inputs and the state of a `main`. */
  async post({ inputs, state }: Pick<Step, 'inputs' | 'state'>): Promise<Step> {
    const { post } = await import('../../src/post.ts');
    return this.#run(post, inputs, state);
  }

  /** The paths of the files in `$RUNNER_TEMP`. */
  temporaryFiles(): string[] {
    return readdirSync(this.temp).map((name) => join(this.temp, name));
  }

  /** The path of a command file of the current or last step. */
  commandFile(name: CommandFile): string {
    return join(this.#commandFiles, `${name}-${this.#steps}`);
  }

  async #run(phase: Phase, inputs: Record<string, string>, state: Record<string, string>): Promise<Step> {
    this.#steps += 1;
    for (const file of commandFiles) writeFileSync(this.commandFile(file), '');
    const { run } = await import('../../src/run.ts');

    const environment = process.env;
    process.env = {
      ...Object.fromEntries(commandFiles.map((file) => [file, this.commandFile(file)])),
      ...this.env,
      ...prefixed('INPUT_', inputs, (name) => name.toUpperCase()),
      ...prefixed('STATE_', state, (name) => name),
    };
    try {
      const { lines, exitCode } = await captureOutput(() => run(phase), this.onLine);
      if (exitCode === undefined) throw new Error('The step did not end its process');
      const [env = '', outputs = '', saved = '', summary = ''] = commandFiles.map((file) =>
        readFileSync(this.commandFile(file), 'utf8'),
      );
      const step: Step = {
        inputs,
        lines,
        ...this.#show(lines),
        exitCode,
        outputs: assignments(outputs),
        env: assignments(env),
        state: assignments(saved),
        summary,
      };
      Object.assign(this.env, step.env);
      return step;
    } finally {
      process.env = environment;
    }
  }

  #show(lines: readonly string[]): { log: string; debugLog: string } {
    const visible: string[] = [];
    const debug: string[] = [];
    for (const line of lines) {
      const command = parseWorkflowCommand(line, COMMAND_NAMES);
      if (!command) visible.push(this.#masker.mask(line));
      else if (command.name === 'add-mask') this.#masker.add(command.text);
      else if (command.name === 'debug') debug.push(this.#masker.mask(command.text));
      else if (command.name === 'error') visible.push(`Error: ${this.#masker.mask(command.text)}`);
      else if (command.name === 'warning') visible.push(`Warning: ${this.#masker.mask(command.text)}`);
      else throw new Error(`A step printed the command ${command.name}`);
    }
    return { log: visible.join('\n'), debugLog: debug.join('\n') };
  }
}

function withDefaults(
  inputs: Record<string, string>,
  known: ReadonlyMap<string, string>,
): Record<string, string> {
  for (const name of Object.keys(inputs)) {
    if (!known.has(name)) throw new Error(`action.yml has no input "${name}"`);
  }
  return { ...Object.fromEntries(known), ...inputs };
}

function assignments(text: string): Record<string, string> {
  return Object.fromEntries(parseCommandFile(text));
}

function prefixed(
  prefix: string,
  values: Record<string, string>,
  spell: (name: string) => string,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`${prefix}${spell(name)}`, value]),
  );
}
