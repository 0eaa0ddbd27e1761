import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import type { Phase } from '../../src/run.ts';
import { readActionManifest, resolveInputs } from '../../testbed/runner/action-manifest.ts';
import { inputVariables, Job, type StepResult, stateVariables } from '../../testbed/runner/job.ts';
import type { Launch } from '../../testbed/runner/step-process.ts';
import { captureOutput } from './output.ts';

const root = join(import.meta.dirname, '../..');
const { inputs: knownInputs } = readActionManifest(root);

/** What a phase of the action did, as the runner and the reader of the log see it. */
export interface Step extends StepResult {
  readonly inputs: Readonly<Record<string, string>>;
  /** The raw lines of stdout and stderr, with workflow commands and without masks. */
  readonly lines: readonly string[];
  /** What GitHub shows: masked, commands run, debug lines hidden; without the line end of its last line. */
  readonly log: string;
}

const jobs = new Set<InProcessJob>();

/** Removes the files of all remaining jobs. */
export function disposeJobs(): void {
  for (const job of jobs) job.dispose();
}

/** A job whose steps run a phase of the sources in this process, for unit tests and the fuzzer. */
export class InProcessJob extends Job {
  /** Called with every line that a step prints, before anything else happens. */
  onLine: (line: string) => void = () => {};
  /** Called with the whole environment of a step before it starts, and may change it. */
  onPrepare: (env: Record<string, string>) => void = () => {};

  constructor(env: Record<string, string> = {}) {
    super({ actionDir: root, env });
    jobs.add(this);
  }

  override dispose(): void {
    super.dispose();
    jobs.delete(this);
  }

  /** Runs `main` with these inputs, and the defaults of action.yml for the others. */
  async main(inputs: Record<string, string> = {}): Promise<Step> {
    const { main } = await import('../../src/main.ts');
    return this.#run(main, resolveInputs(knownInputs, inputs), {});
  }

  /** Runs the sweep with these inputs, and the defaults of its action.yml for the others, for a GitHub event. */
  async sweep(inputs: Record<string, string> = {}, event: object = {}): Promise<Step> {
    const { sweep } = await import('../../src/sweep.ts');
    const known = readActionManifest(join(root, 'sweep'), event).inputs;
    return this.#run(sweep, resolveInputs(known, inputs), {});
  }

  /** Runs `post` with the inputs and the state of a `main`. */
  async post({ inputs, state }: Pick<Step, 'inputs' | 'state'>): Promise<Step> {
    const { post } = await import('../../src/post.ts');
    return this.#run(post, inputs, state);
  }

  /** The paths of the files in `$RUNNER_TEMP`. */
  temporaryFiles(): string[] {
    return readdirSync(this.runnerTemp).map((name) => join(this.runnerTemp, name));
  }

  async #run(phase: Phase, inputs: Step['inputs'], state: Step['state']): Promise<Step> {
    const { run } = await import('../../src/run.ts');
    const env = { ...inputVariables(inputs), ...stateVariables(state) };
    const launch: Launch = async (place, output) => {
      const take = output.open();
      const environment = process.env;
      process.env = place.env;
      try {
        const { exitCode } = await captureOutput(
          () => run(phase),
          (line) => {
            this.onLine(line);
            take(`${line}\n`);
          },
        );
        if (exitCode === undefined) throw new Error('The step did not end its process');
        return { exitCode, signal: null };
      } finally {
        process.env = environment;
      }
    };
    const step = { title: 'Run in this process', details: [], env, launch };
    const result = await this.step(step, { onPrepare: this.onPrepare });
    const lines = result.raw.split('\n').slice(0, -1);
    return { ...result, inputs, lines, log: result.visible.replace(/\n$/, '') };
  }
}
