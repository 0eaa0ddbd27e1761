import { join } from 'node:path';
import { type Account, EXAMPLE_ACCOUNT, type Sandbox, startSandbox } from '../exabits/server.ts';
import { Job } from '../runner/job.ts';

/** What a demonstration can use. */
export interface Stage {
  readonly sandbox: Sandbox;
  readonly account: Account;
  /** Runs the committed bundle; its output is shown as it arrives. */
  readonly job: Job;
  /** Notes a problem unless something holds. The demonstration goes on, and fails at its end. */
  readonly check: (holds: boolean, problem: string) => void;
  /** Prints a line between the lines of the job. */
  readonly say: (line: string) => void;
}

/** Calls the API as a step after the sign-in would, with the exported variables. */
export const CALL_API = `curl --fail --silent --show-error -H @"$EXABITS_HEADERS_FILE" "$EXABITS_API_BASE_URL/billing/balance"`;

/**
 * Runs a job against the sandbox and shows its log, as GitHub would show it.
 * The exit code of the process is 1 if the story notes a problem.
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
