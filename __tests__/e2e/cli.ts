// npm run e2e: tests the committed bundle in a real runner (act) and with Exabits' official client (egpu), and checks
// the workflows and the action's metadata. Prints what was checked; fails when a check fails or never ran.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runAct } from './act.ts';
import { checkActionFiles } from './action-schema.ts';
import { auditWorkflows } from './audit-workflows.ts';
import { lintWorkflows } from './lint-workflows.ts';
import type { Result } from './log-lines.ts';
import { printReport } from './report.ts';
import { SCENARIOS, type Scenario, scenarioOf } from './scenarios.ts';
import { ACT, ACTIONLINT, EGPU, type Found, findOrInstall, type Tool, ZIZMOR } from './tools.ts';
import { verifyLog } from './verify-log.ts';

const root = join(import.meta.dirname, '../..');
const reports = join(root, 'reports/e2e');

/** The jobs of e2e.yml that fail on purpose. */
const FAILING_JOBS = ['failed-step'];

const act = await findOrInstall(ACT);
const actionlint = await findOrInstall(ACTIONLINT);
const egpu = await findOrInstall(EGPU);
const zizmor = await findOrInstall(ZIZMOR);
const results = [
  ...toolResults(),
  ...(await checkActionFiles(root)),
  ...('path' in actionlint ? await lintWorkflows(actionlint.path, root) : []),
  ...('path' in zizmor ? await auditWorkflows(zizmor.path, root) : []),
  ...('path' in act ? await runJobs(act.path) : []),
];
process.exitCode = printReport(results) === 0 ? 0 : 1;

/** Prints which tools were found; returns a result only for a required tool that is missing. */
function toolResults(): Result[] {
  const tools: [tool: Tool, found: Found][] = [
    [ACT, act],
    [ACTIONLINT, actionlint],
    [EGPU, egpu],
    [ZIZMOR, zizmor],
  ];
  // On GitHub, Go can always build the official client; elsewhere its checks may count as not run.
  const optional = process.env.GITHUB_ACTIONS === 'true' ? [] : [EGPU];
  return tools.flatMap(([tool, found]): Result[] => {
    const mayBeMissing = optional.includes(tool);
    if ('path' in found) console.log(`${tool.name}: ${found.path}`);
    else
      console.log(`${found.missing}. ${mayBeMissing ? 'The checks that need it are not run.' : ''}`.trim());
    if ('path' in found || mayBeMissing) return [];
    return [{ scenario: 'tools', title: `there is ${tool.name}`, outcome: 'fail', reason: found.missing }];
  });
}

async function runJobs(path: string): Promise<Result[]> {
  const run = { act: path, root, egpu: 'path' in egpu ? egpu.path : undefined };
  const cancelledJob = scenarioOf('cancelled-step');
  console.log(
    'Running .github/workflows/e2e.yml with act. It takes over a minute: two jobs wait for a time limit.',
  );
  const [all, cancelled] = await Promise.all([
    runAct(run),
    runAct({ ...run, job: cancelledJob.name, cancelAt: /Run Main Wait to be stopped/ }),
  ]);
  mkdirSync(reports, { recursive: true });
  writeFileSync(join(reports, 'act.log'), all.text);
  writeFileSync(join(reports, 'act-cancelled.log'), cancelled.text);
  console.log(`The logs are in ${reports}.`);
  return [
    ...verifyLog(all.text, SCENARIOS),
    ...jobResults(all.text),
    ...[...verifyLog(cancelled.text, [cancelledJob]), cancellationResult(cancelled.text, cancelledJob)].map(
      (result) => ({ ...result, scenario: `${result.scenario} (the whole run cancelled)` }),
    ),
  ];
}

/** Whether the run was cancelled at the right moment. */
function cancellationResult(log: string, { name }: Scenario): Result {
  const title = 'act stopped the waiting step and ran nothing after it but post steps';
  const stopped = /Failure - Main Wait to be stopped/.test(log) && !/Run Main It was stopped/.test(log);
  return stopped
    ? { scenario: name, title, outcome: 'pass' }
    : { scenario: name, title, outcome: 'fail', reason: 'the log does not say so' };
}

/** Whether act ended each job as it should. act itself fails if one job fails. */
function jobResults(log: string): Result[] {
  return [...SCENARIOS.map(({ name }) => name), 'complete-log'].map((name): Result => {
    const expected = FAILING_JOBS.includes(name) ? 'failed' : 'succeeded';
    const ended =
      new RegExp(`^\\[e2e/${name} *\\].*Job (succeeded|failed)`, 'm').exec(log)?.[1] ?? 'did not end';
    const checked = { scenario: 'jobs', title: `${name} has ${expected}` };
    return ended === expected
      ? { ...checked, outcome: 'pass' }
      : { ...checked, outcome: 'fail', reason: `it ${ended}` };
  });
}
