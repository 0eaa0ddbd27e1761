// npm run bench:post: what a post step and a sweep ask of Exabits, by how many tokens the account has. Runs the bundle
// against the sandbox. With --record, writes the table of docs/scaling.md.
import { join } from 'node:path';
import { EXAMPLE_ACCOUNT, startSandbox } from '../testbed/exabits/server.ts';
import { Job, type JobOptions } from '../testbed/runner/job.ts';
import { record } from './record.ts';
import { root } from './subjects.ts';

const runId = 1658821493;

const rows: string[] = [];
for (const count of [1, 1_000, 10_000]) {
  const post = await requestsOf(count, async (job) => void (await job.finish()));
  // A job without a post step: its runner has died.
  const sweep = await requestsOf(count, async (_job, inputs) => {
    const event = { workflow_run: { id: runId, run_attempt: 1 } };
    await inJob({ actionDir: join(root, 'sweep'), event }, (job) => job.uses(inputs));
  });
  rows.push(`| ${count.toLocaleString('en')} | ${post} | ${sweep} |\n`);
}
const head =
  '| tokens in the account | a post step | a sweep after a run with one dead job |\n|---|---|---|\n';
console.log(head + rows.join(''));
if (process.argv.includes('--record')) record('docs/scaling.md', 'bench:post', head + rows.join(''));

/** What is asked of an account with this many tokens, one of them a job's, once the job's main step is over. */
async function requestsOf(
  count: number,
  act: (job: Job, inputs: Record<string, string>) => Promise<unknown>,
): Promise<string> {
  const sandbox = await startSandbox();
  for (let index = 1; index < count; index += 1) {
    sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: `laptop-${index}`, createdAt: index });
  }
  const { username, password } = EXAMPLE_ACCOUNT;
  const inputs = { username, password, 'api-url': sandbox.url };
  const actionDir = root;
  return inJob({ actionDir, env: { GITHUB_RUN_ID: String(runId) } }, async (job) => {
    await job.uses({ ...inputs, 'ephemeral-api-token': 'true' });
    sandbox.clearRequests();
    await act(job, inputs);
    const left = sandbox.apiTokens().length;
    const calls = sandbox.requests.map(({ method, path }) => `${method} ${path}`);
    await sandbox.close();
    if (left !== count - 1) throw new Error(`${left} tokens are left of ${count}, not all but one`);
    const number = (start: string): number => calls.filter((call) => call.startsWith(start)).length;
    const kinds = { login: number('POST'), list: number('GET'), deletion: number('DELETE') };
    const asked = Object.entries(kinds).filter(([, times]) => times > 0);
    return `${calls.length} requests: ${asked.map(([kind, times]) => `${times} ${kind}${times > 1 ? 's' : ''}`).join(', ')}`;
  });
}

async function inJob<Result>(options: JobOptions, act: (job: Job) => Promise<Result>): Promise<Result> {
  const job = new Job(options);
  try {
    return await act(job);
  } finally {
    job.dispose();
  }
}
