import type { ChildProcess } from 'node:child_process';
import type { StepOutput } from './step-output.ts';

/** How to run a step. All but `onPrepare` are for steps that are processes. */
export interface StepOptions {
  /** The text after `Run` in the log. */
  name?: string;
  /** The step's `env:`. */
  env?: Readonly<Record<string, string>>;
  /** Gets the process once it has started. It leads its own process group. */
  onSpawn?: (child: ChildProcess) => void;
  /** Called before the step starts, with its whole environment, and may change it or the files that it names. */
  onPrepare?: (env: Record<string, string>) => void | Promise<void>;
  /** Arguments of Node itself, before the entry file. */
  nodeArgs?: readonly string[];
  /** The step is killed after this time. Default 120. */
  timeoutSeconds?: number;
}

/** A line that GitHub also shows on the page of the run. */
export interface Annotation {
  level: 'error' | 'warning' | 'notice';
  /** With masks. */
  message: string;
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
  /** The step's own output as the log shows it: masked, with commands carried out, without the runner's headings. */
  visible: string;
  /** The debug lines, masked, whether or not the log shows them. */
  debugLog: string;
  annotations: Annotation[];
  /** The step summary, not masked. */
  summary: string;
  outcome: 'success' | 'failure';
}

/** Runs a step to its end, in its working directory, with its whole environment. */
export type Launch = (
  place: { cwd: string; env: Record<string, string> },
  output: StepOutput,
  options: StepOptions,
) => Promise<Pick<StepResult, 'exitCode' | 'signal'>>;
