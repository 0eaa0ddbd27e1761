import { join } from 'node:path';
import { type Account, EXAMPLE_ACCOUNT, type Sandbox, startSandbox } from '../exabits/server.ts';
import { Job } from '../runner/job.ts';

/** What a demonstration has at hand. */
export interface Stage {
  readonly sandbox: Sandbox;
  readonly account: Account;
  /** Runs the committed bundle; what it prints is shown as it comes. */
  readonly job: Job;
  /** Notes a problem unless something holds. The demonstration goes on, and fails at its end. */
  readonly check: (holds: boolean, problem: string) => void;
  /** Prints a line between the lines of the job. */
  readonly say: (line: string) => void;
}

/** The variables by which a workflow calls the API, in a step that comes after the sign-in. */
export const CALL_API = `curl --fail --silent --show-error -H @"$EXABITS_HEADERS_FILE" "$EXABITS_API_BASE_URL/billing/balance"`;

/**
 * Runs a job against the sandbox and shows its log, as a person would see it on GitHub.
 * The exit code of the process is 1 when the story notes a problem.
 *
 * @param story what happens in the job
 */
export async function demonstrate(story: (stage: Stage) => Promise<void>): Promise<void> {
  const problems: string[] = [];
  const say = (line: string): void => void process.stdout.write(`${line}\n`);
  const sandbox = await startSandbox();
  const account = EXAMPLE_ACCOUNT;
  const job = new Job({
    actionDir: join(import.meta.dirname, '../..'),
    secrets: [account.username, account.password],
    print: say,
  });
  const check = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  try {
    await story({ sandbox, account, job, check, say });
  } finally {
    job.dispose();
    await sandbox.close();
  }
  for (const problem of problems) process.stderr.write(`The demo failed: ${problem}\n`);
  process.exitCode = problems.length === 0 ? 0 : 1;
}
