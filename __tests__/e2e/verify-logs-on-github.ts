// The main step of .github/actions/complete-log.
import { setTimeout as sleep } from 'node:timers/promises';
import { printReport } from './report.ts';
import { SCENARIOS } from './scenarios.ts';
import { verifyLog } from './verify-log.ts';

interface GitHubJob {
  readonly id: number;
  readonly name: string;
}

const { GITHUB_API_URL, GITHUB_REPOSITORY, GITHUB_RUN_ID, GITHUB_RUN_ATTEMPT } = process.env;
const repository = `${GITHUB_API_URL}/repos/${GITHUB_REPOSITORY}`;
const headers = {
  accept: 'application/vnd.github+json',
  authorization: `Bearer ${process.env['INPUT_GITHUB-TOKEN']}`,
  'x-github-api-version': '2022-11-28',
};

// GitHub stores a log a few moments after its job has ended.
const longestWaitMs = 120_000;

const listed = await get(
  `${repository}/actions/runs/${GITHUB_RUN_ID}/attempts/${GITHUB_RUN_ATTEMPT}/jobs?per_page=100`,
);
const { jobs }: { jobs: GitHubJob[] } = JSON.parse(await listed.text());
const names = SCENARIOS.map(({ name }) => name);
const logs = await Promise.all(jobs.filter(({ name }) => names.includes(name)).map(logOf));
const failed = printReport(verifyLog(logs.join('\n'), SCENARIOS));
process.exitCode = failed === 0 ? 0 : 1;

async function logOf({ id, name }: GitHubJob): Promise<string> {
  const giveUpAt = Date.now() + longestWaitMs;
  for (;;) {
    const response = await get(`${repository}/actions/jobs/${id}/logs`);
    if (response.ok) return response.text();
    if (Date.now() > giveUpAt)
      throw new Error(`The log of ${name} cannot be read: status ${response.status}`);
    await sleep(5000);
  }
}

function get(url: string): Promise<Response> {
  return fetch(url, { headers, signal: AbortSignal.timeout(60_000) });
}
