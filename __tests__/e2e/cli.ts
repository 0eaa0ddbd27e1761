// npm run e2e: runs the committed bundle and the examples in a real runner, act, and checks the log and what is left in
// the sandbox; lints workflows, actions and scripts. Fails where a program is missing that it needs.
import { join } from 'node:path';
import { Repository } from './act.ts';
import { lint } from './lint.ts';
import { Report } from './report.ts';
import {
  checkClientFile,
  runExamples,
  runInterruptedJob,
  runRefusedExamples,
  runSharedJobs,
  runSweep,
  runTraining,
} from './scenarios.ts';
import { findTools } from './tools.ts';

const report = new Report();
const tools = await findTools(report);
await lint(join(import.meta.dirname, '../..'), tools, report);
if (tools.act) {
  const repositories = [new Repository(tools.egpu), new Repository(undefined)] as const;
  const [repository, withoutEgpu] = repositories;
  const setting = { act: tools.act, repository, report };
  try {
    await runExamples(setting);
    await runRefusedExamples({ ...setting, repository: withoutEgpu });
    await runTraining(setting);
    await runSweep(setting);
    await runSharedJobs(setting);
    await runInterruptedJob(setting);
  } finally {
    for (const each of repositories) each.dispose();
  }
} else report.leaveOut('all workflows: there is no act');
if (tools.egpu) await checkClientFile(tools.egpu, report);
else
  report.leaveOut(
    'the official client, egpu: a stand-in that reads the same variables has run in the examples',
  );
process.exitCode = report.end() ? 0 : 1;
