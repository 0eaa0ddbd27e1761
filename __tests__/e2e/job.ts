import type { RecordedRequest } from '../../testbed/exabits/server.ts';
import { type SandboxClient, sandboxClient } from './sandbox-client.ts';

/** What a later step of a job sees, which is all that a check may use. */
export interface Job {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** The outputs of the sign-in, by their names in action.yml. */
  readonly outputs: Readonly<Record<string, string>>;
  /** The outputs of the job's first sign-in, if there are two. */
  readonly firstOutputs: Readonly<Record<string, string>>;
  /** `success`, `failure` or `cancelled`, as the runner calls it. */
  readonly outcome: string;
  readonly sandbox: SandboxClient;
  /** The path of the official client, if there is one. */
  readonly egpu: string | undefined;
}

/**
 * Reads the environment of a step.
 *
 * @param env its environment: `SANDBOX_URL`, and `OUTPUTS`, `FIRST_OUTPUTS` (JSON) and `OUTCOME` where the job has them
 * @param egpu the path of the official client
 */
export function readJob(env: NodeJS.ProcessEnv, egpu: string | undefined): Job {
  return {
    env,
    outputs: JSON.parse(env.OUTPUTS || '{}'),
    firstOutputs: JSON.parse(env.FIRST_OUTPUTS || '{}'),
    outcome: env.OUTCOME ?? '',
    sandbox: sandboxClient(env.SANDBOX_URL ?? ''),
    egpu,
  };
}

/** The folder that the runner empties after the job. */
export function runnerTemp({ env }: Pick<Job, 'env'>): string {
  return env.RUNNER_TEMP ?? '';
}

/** The requests that a program sent, by the start of its User-Agent. */
export async function requestsOf(job: Job, userAgent: string): Promise<RecordedRequest[]> {
  const requests = await job.sandbox.requests();
  return requests.filter(({ headers }) => headers['user-agent']?.startsWith(userAgent));
}
