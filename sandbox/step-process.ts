import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { StepOutput } from './step-output.ts';

/** What ends a step before its own end. */
export interface Limits {
  /** Cancels the step as the runner does: SIGINT, SIGTERM after 7.5 s, SIGKILL after 2.5 s more. */
  cancel?: AbortSignal;
  /** The step is killed after this long. Default 120. */
  timeoutSeconds?: number;
}

const DEFAULT_TIMEOUT_SECONDS = 120;
const SIGTERM_AFTER_MS = 7_500;
const SIGKILL_AFTER_MS = 10_000;
/** How long the output may stay open after the process itself has ended. */
const DRAIN_MS = 5_000;

/** Follows a process to its end, within its limits. Rejects when it cannot be started. */
export async function watch(
  child: ChildProcess,
  options: Limits,
  output: StepOutput,
): Promise<{ cancelled: boolean }> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('The process has no output');
  output.read(stdout);
  output.read(stderr);
  const limitSeconds = options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;
  const timers: NodeJS.Timeout[] = [];
  let cancelled = false;
  const cancel = (): void => {
    cancelled = true;
    child.kill('SIGINT');
    timers.push(setTimeout(() => child.kill('SIGTERM'), SIGTERM_AFTER_MS));
    timers.push(setTimeout(() => killGroup(child), SIGKILL_AFTER_MS));
  };
  const closed = once(child, 'close');
  timers.push(
    setTimeout(() => {
      output.fail(`The step has exceeded its limit of ${limitSeconds} seconds.`);
      killGroup(child);
    }, limitSeconds * 1000),
  );
  child.once('exit', () => {
    timers.push(
      setTimeout(() => {
        killGroup(child);
        stdout.destroy();
        stderr.destroy();
      }, DRAIN_MS),
    );
  });
  if (options.cancel?.aborted) cancel();
  options.cancel?.addEventListener('abort', cancel, { once: true });
  try {
    await closed;
  } finally {
    options.cancel?.removeEventListener('abort', cancel);
    for (const timer of timers) clearTimeout(timer);
  }
  return { cancelled };
}

/** Kills a process and what it started, if any of it is left. */
function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // All gone already.
  }
}
