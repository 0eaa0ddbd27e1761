import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import type { Readable } from 'node:stream';

/** Options for running act. */
export interface ActRun {
  /** The path of act. */
  readonly act: string;
  /** The project's folder. */
  readonly root: string;
  /** The path of the official client, if there is one. */
  readonly egpu: string | undefined;
  /** The id of one job. Default: all jobs. */
  readonly job?: string;
  /** Cancels the run, as with Ctrl-C, a moment after the log matches this. */
  readonly cancelAt?: RegExp;
}

/** What act printed, on stdout and stderr, and its exit code. */
export interface ActLog {
  readonly text: string;
  readonly exitCode: number | null;
}

const longestRunMs = 6 * 60_000;
const forcedEndMs = 15_000;
/** From the line that announces a step to the start of its program. */
const stepStartMs = 1000;

/**
 * Runs .github/workflows/e2e.yml with act on this machine, without containers. act copies the project for each job,
 * into a temporary folder that is removed afterwards. It gets only PATH from the environment of this process.
 */
export async function runAct({ act, root, egpu, job, cancelAt }: ActRun): Promise<ActLog> {
  const home = mkdtempSync(join(tmpdir(), 'exabits-auth-act-'));
  try {
    const child = spawn(act, argumentsFor(job), {
      cwd: root,
      env: environmentIn(home, egpu),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    return await logOf(child, cancelAt);
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  }
}

function argumentsFor(job: string | undefined): string[] {
  return [
    ['push'],
    ['--workflows', '.github/workflows/e2e.yml'],
    ['--platform', 'ubuntu-latest=-self-hosted'],
    ['--container-daemon-socket', '-'],
    ['--no-cache-server', '--rm'],
    ['--concurrent-jobs', '10'],
    // Otherwise act would take the token of a signed-in gh.
    ['--secret', 'GITHUB_TOKEN='],
    ['--env', 'GITHUB_RUN_ID=4200000042'],
    ['--env', 'GITHUB_REPOSITORY=octo-org/octo-repo'],
    job === undefined ? [] : ['--job', job],
  ].flat();
}

function environmentIn(home: string, egpu: string | undefined): Record<string, string> {
  return {
    // The first Node on PATH runs the JavaScript actions.
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    HOME: home,
    XDG_CACHE_HOME: join(home, 'cache'),
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    ACT_DISABLE_VERSION_CHECK: '1',
    ...(egpu === undefined ? {} : { EGPU: egpu }),
  };
}

/** Reads what act prints until it ends, or is stopped because it takes too long. */
function logOf(
  child: ChildProcessByStdio<null, Readable, Readable>,
  cancelAt: RegExp | undefined,
): Promise<ActLog> {
  const watchdog = setTimeout(() => {
    child.kill('SIGINT');
    setTimeout(() => child.kill('SIGKILL'), forcedEndMs).unref();
  }, longestRunMs);

  let text = '';
  let cancelled = false;
  const keep = (chunk: string) => {
    text += chunk;
    if (cancelAt === undefined || cancelled || !cancelAt.test(text)) return;
    cancelled = true;
    setTimeout(() => child.kill('SIGINT'), stepStartMs);
  };
  child.stdout.setEncoding('utf8').on('data', keep);
  child.stderr.setEncoding('utf8').on('data', keep);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (exitCode) => {
      clearTimeout(watchdog);
      resolve({ text, exitCode });
    });
  });
}
