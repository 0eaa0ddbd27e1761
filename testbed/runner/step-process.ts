import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
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

/** How a step ended. */
export interface Ending {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
}

/** Runs a step to its end, in its working directory, with its whole environment. */
export type Launch = (
  place: { cwd: string; env: Record<string, string> },
  output: StepOutput,
  options: StepOptions,
) => Promise<Ending>;

// Windows has no process groups, and opens a window for a detached process.
const inGroup = process.platform !== 'win32';
/** How long the output may stay open after the process itself has ended. */
const DRAIN_MS = 5_000;

/** Runs a step as a process, within its limits. The launch throws if the process cannot be started. */
export function asProcess(command: string, args: readonly string[]): Launch {
  return async (place, output, options) => {
    const child = spawn(command, args, { ...place, stdio: ['ignore', 'pipe', 'pipe'], detached: inGroup });
    const closed = once(child, 'close');
    for (const stream of [child.stdout, child.stderr]) {
      const take = output.open();
      stream
        .setEncoding('utf8')
        .on('data', take)
        .on('end', () => take());
    }
    const timers: NodeJS.Timeout[] = [];
    const later = (ms: number, act: () => void): void => void timers.push(setTimeout(act, ms));
    const { timeoutSeconds: limitSeconds = 120 } = options;
    later(limitSeconds * 1000, () => {
      output.fail(`The step has exceeded its limit of ${limitSeconds} seconds.`);
      killGroup(child);
    });
    child.once('exit', () =>
      later(DRAIN_MS, () => {
        killGroup(child);
        child.stdout.destroy();
        child.stderr.destroy();
      }),
    );
    options.onSpawn?.(child);
    try {
      await closed;
    } finally {
      for (const timer of timers) clearTimeout(timer);
    }
    return { exitCode: child.exitCode, signal: child.signalCode };
  };
}

/** Kills a process, and its process group if the system has them. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    if (inGroup) process.kill(-child.pid, 'SIGKILL');
    else child.kill('SIGKILL');
  } catch {
    // Already gone.
  }
}
