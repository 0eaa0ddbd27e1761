import type { ChildProcess } from 'node:child_process';

/** How one step is run. */
export interface StepOptions {
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
  /** Cancels the step as the runner does: SIGINT, later SIGTERM, later SIGKILL. */
  cancel?: AbortSignal;
  /** How long after the cancellation SIGTERM and SIGKILL come. Default 7500 and 10000 ms, as the runner's. */
  cancelMs?: { sigterm: number; sigkill: number };
  /** The step is killed after this long. Default 120. */
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
  /** What the log shows of the step's own output: masked, commands carried out. Without the runner's headings. */
  visible: string;
  annotations: Annotation[];
  /** The step summary as GitHub shows it, masked. */
  summary: string;
  /** The step summary as the step wrote it. */
  rawSummary: string;
  outcome: 'success' | 'failure' | 'cancelled';
}

/** What a step starts, and what the log says of it beforehand. */
export interface Launch {
  kind: 'action' | 'script';
  title: string;
  /** What the heading shows below the title. */
  details: readonly string[];
  command: string;
  args: readonly string[];
  env: Readonly<Record<string, string>>;
}
