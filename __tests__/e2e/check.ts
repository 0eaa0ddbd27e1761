// A step of the end-to-end jobs: node __tests__/e2e/check.ts SCENARIO

import { md5 } from '../../testbed/exabits/server.ts';
import { readJob } from './job.ts';
import { probeLine, secretsLine } from './log-lines.ts';
import { runChecks } from './run-checks.ts';
import { accountOf, type Probe, scenarioOf } from './scenarios.ts';
import { EGPU, findTool } from './tools.ts';

const scenario = scenarioOf(process.argv[2] ?? '');
const job = readJob(process.env, findTool(EGPU));
const sound = await runChecks(scenario.name, scenario.checks, job);

const { password } = accountOf(job);
const secrets: Readonly<Record<Probe, string | undefined>> = {
  password,
  'password hash': md5(password),
  'access token': job.outputs['access-token'],
  'refresh token': job.outputs['refresh-token'],
  'API token': job.outputs['api-token'],
};
console.log(
  secretsLine(
    scenario.name,
    Object.values(secrets).filter((secret) => secret !== undefined),
  ),
);
for (const probe of scenario.probes) console.log(probeLine(scenario.name, probe, secrets[probe] ?? ''));

process.exitCode = sound ? 0 : 1;
