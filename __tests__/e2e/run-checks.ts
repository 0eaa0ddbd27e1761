import type { Job } from './job.ts';
import { type Result, resultLine } from './log-lines.ts';
import type { Check } from './scenarios.ts';

/**
 * Runs checks one after the other and prints a line for each.
 *
 * @param scenario the job
 * @returns whether no check failed
 */
export async function runChecks(scenario: string, checks: readonly Check[], job: Job): Promise<boolean> {
  let sound = true;
  for (const check of checks) {
    const result = { scenario, title: check.title, ...(await outcomeOf(check, job)) };
    sound &&= result.outcome !== 'fail';
    console.log(resultLine(result));
  }
  return sound;
}

async function outcomeOf(check: Check, job: Job): Promise<Pick<Result, 'outcome' | 'reason'>> {
  if (check.needsEgpu && job.egpu === undefined) {
    // On GitHub an earlier step installs it; elsewhere it may be unavailable.
    return { outcome: job.env.ACT === 'true' ? 'not run' : 'fail', reason: 'egpu is not installed' };
  }
  try {
    await check.run(job);
    return { outcome: 'pass' };
  } catch (thrown) {
    return { outcome: 'fail', reason: thrown instanceof Error ? thrown.message : String(thrown) };
  }
}
