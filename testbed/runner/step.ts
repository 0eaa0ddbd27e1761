import type { ChildProcess } from 'node:child_process';

/** How to run a step. */
export interface StepOptions {
  /** The text after `Run` in the log. */
  name?: string;
  /** The step's `env:`. */
  env?: Readonly<Record<string, string>>;
  /** A failure of this step does not fail the job. */
  continueOnError?: boolean;
  /** Gets the process once it has started. It leads its own process group. */
  onSpawn?: (child: ChildProcess) => void;
  /** Called before the process starts, with its whole environment, and may change it or the files that it names. */
  onPrepare?: (env: Record<string, string>) => void | Promise<void>;
  /** Arguments of Node itself, before the entry file. */
  nodeArgs?: readonly string[];
  /** Cancels the step as the runner does: with SIGINT, then SIGTERM, then SIGKILL. */
  cancel?: AbortSignal;
  /** When SIGTERM and SIGKILL follow the cancellation, in milliseconds. Default 7500 and 10000, as in the runner. */
  cancelMs?: { sigterm: number; sigkill: number };
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
  annotations: Annotation[];
  /** The step summary as GitHub shows it, masked. */
  summary: string;
  /** The step summary as the step wrote it. */
  rawSummary: string;
  outcome: 'success' | 'failure' | 'cancelled';
}

/** What a step starts, and what the log says about it beforehand. */
export interface Launch {
  kind: 'action' | 'script';
  title: string;
  /** The lines below the title in the heading. */
  details: readonly string[];
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
}
