// npm run bench:matrix: many jobs that sign in at the same moment, against a sandbox that limits logins.
// Prints the results, the requests to the API, and the logins in each second, to show that retries do not come in
// bursts.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { EXAMPLE_ACCOUNT, startSandbox } from '../testbed/exabits/server.ts';
import { Job } from '../testbed/runner/job.ts';
import { median, root } from './subjects.ts';

const { values: options } = parseArgs({
  options: {
    jobs: { type: 'string', default: '256' },
    'logins-per-second': { type: 'string', default: '20' },
    'timeout-seconds': { type: 'string', default: '60' },
    'max-attempts': { type: 'string', default: '5' },
    'ephemeral-api-token': { type: 'string', default: 'false' },
  },
});
const count = Math.min(256, Number(options.jobs));
const loginsPerSecond = Number(options['logins-per-second']);

const sandbox = await startSandbox({ loginsPerSecond });
const { username, password } = EXAMPLE_ACCOUNT;
const inputs = {
  username,
  password,
  'api-url': sandbox.url,
  'timeout-seconds': options['timeout-seconds'],
  'max-attempts': options['max-attempts'],
  'ephemeral-api-token': options['ephemeral-api-token'],
};

const jobs = Array.from({ length: count }, () => new Job({ actionDir: root }));
const started = Date.now();
const steps = await Promise.all(
  jobs.map(async (job) => {
    const step = await job.uses(inputs, { timeoutSeconds: 600 });
    return { ...step, seconds: (Date.now() - started) / 1000 };
  }),
);
const mostTokens = sandbox.apiTokens().length;
await Promise.all(jobs.map((job) => job.finish({ timeoutSeconds: 600 })));

const logins = sandbox.requests.filter(({ path }) => path.endsWith('/authenticate/login'));
// The processes take a while to start, longer on fewer cores, so time counts from the first login.
const first = logins[0]?.at ?? started;
const last = logins.at(-1)?.at ?? started;
const perSecond = Array.from({ length: Math.floor((last - first) / 1000) + 1 }, (_, second) => {
  const inSecond = logins.filter(({ at }) => Math.floor((at - first) / 1000) === second);
  return {
    second,
    logins: inSecond.length,
    answered: inSecond.filter(({ status }) => status === 200).length,
  };
});
const failures = steps.filter(({ outcome }) => outcome !== 'success');
const report = {
  at: new Date().toISOString(),
  options,
  succeeded: count - failures.length,
  failed: failures.length,
  leastSeconds: count / loginsPerSecond,
  loginsTookSeconds: (last - first) / 1000,
  medianStepSeconds: Number(median(steps.map(({ seconds }) => seconds)).toFixed(1)),
  slowestStepSeconds: Number(Math.max(...steps.map(({ seconds }) => seconds)).toFixed(1)),
  stepsByTries: tally(steps.map(({ visible }) => String(1 + (visible.match(/^Try \d+ of/gm)?.length ?? 0)))),
  failureMessages: tally(failures.flatMap(({ annotations }) => annotations.map(({ message }) => message))),
  requests: tally(
    sandbox.requests.map(({ method, path }) => `${method} ${path.replace(/[0-9a-f]{24}/, '{id}')}`),
  ),
  mostTokens,
  tokensLeft: sandbox.apiTokens().length,
  perSecond,
};
for (const job of jobs) job.dispose();
await sandbox.close();
const name =
  options['ephemeral-api-token'] === 'true' ? 'matrix-results-ephemeral.json' : 'matrix-results.json';
writeFileSync(join(root, 'bench', name), `${JSON.stringify(report, null, 2)}\n`);

for (const { second, logins: all, answered } of perSecond) {
  console.log(`${String(second).padStart(3)} s  ${'█'.repeat(answered)}${'░'.repeat(all - answered)} ${all}`);
}
console.log('█ a login that was answered, ░ one that was told to come back later');
const { perSecond: _, ...summary } = report;
console.log(summary);
process.exitCode = failures.length === 0 && report.tokensLeft === 0 ? 0 : 1;

function tally(keys: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    [...Map.groupBy(keys.toSorted(), (key) => key)].map(([key, all]) => [key, all.length]),
  );
}
