import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Launch, StepOptions } from './step.ts';
import type { StepOutput } from './step-output.ts';

const DEFAULT_TIMEOUT_SECONDS = 120;
const CANCEL_MS = { sigterm: 7_500, sigkill: 10_000 };
// Windows has no process groups, and opens a window for a detached process.
const inGroup = process.platform !== 'win32';
/** How long the output may stay open after the process itself has ended. */
const DRAIN_MS = 5_000;

/** How a process ended. */
export interface Ending {
  exitCode: number | null;
  signal: NodeJS.Signals | null;
  cancelled: boolean;
}

/**
 * Runs the process of a step to its end.
 *
 * @param place its working directory and its whole environment
 * @throws if it cannot be started
 */
export async function runProcess(
  launch: Launch,
  place: { cwd: string; env: Readonly<Record<string, string>> },
  options: StepOptions,
  output: StepOutput,
): Promise<Ending> {
  const child = spawn(launch.command, launch.args, {
    ...place,
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: inGroup,
  });
  const ended = follow(child, options, output);
  options.onSpawn?.(child);
  const { cancelled } = await ended;
  return { exitCode: child.exitCode, signal: child.signalCode, cancelled };
}

/** Follows a process to its end, within its limits. Rejects if it cannot be started. */
async function follow(
  child: ChildProcess,
  options: StepOptions,
  output: StepOutput,
): Promise<{ cancelled: boolean }> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('The process has no output');
  output.read(stdout);
  output.read(stderr);
  const limitSeconds = options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;
  const { sigterm, sigkill } = options.cancelMs ?? CANCEL_MS;
  const timers: NodeJS.Timeout[] = [];
  let cancelled = false;
  const cancel = (): void => {
    cancelled = true;
    child.kill('SIGINT');
    timers.push(setTimeout(() => child.kill('SIGTERM'), sigterm));
    timers.push(setTimeout(() => killGroup(child), sigkill));
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
