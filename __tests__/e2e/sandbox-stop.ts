// The post step of .github/actions/sandbox. The job uses that action first, so this runs after every other post step.

import { tokensIn } from '../../testbed/exabits/request-history.ts';
import { readJob } from './job.ts';
import { secretsLine } from './log-lines.ts';
import { runChecks } from './run-checks.ts';
import { scenarioOf } from './scenarios.ts';

const { STATE_pid, STATE_url, INPUT_SCENARIO = '' } = process.env;
const scenario = scenarioOf(INPUT_SCENARIO);
const job = readJob({ ...process.env, SANDBOX_URL: STATE_url }, undefined);

const sound = await runChecks(scenario.name, scenario.afterwards, job);
console.log(secretsLine(scenario.name, await secretsOnTheWire()));
process.kill(Number(STATE_pid));
process.exitCode = sound ? 0 : 1;

/** Every token that a request of the job carried. */
async function secretsOnTheWire(): Promise<string[]> {
  const requests = await job.sandbox.requests();
  return [...new Set(requests.flatMap(tokensIn))];
}
