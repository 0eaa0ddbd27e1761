// npm run bench:matrix: many jobs that sign in at the same moment, against a sandbox that limits logins.
// Prints how they fared, and the requests of every second, to see that retries do not come in bursts.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { startSandbox } from '../sandbox/server.ts';
import { median, root, run, subjects } from './subjects.ts';

const { values } = parseArgs({
  options: {
    jobs: { type: 'string', default: '256' },
    'logins-per-second': { type: 'string', default: '20' },
    'timeout-seconds': { type: 'string', default: '60' },
    'max-attempts': { type: 'string', default: '5' },
  },
});
const jobs = Math.min(256, Number(values.jobs));
const loginsPerSecond = Number(values['logins-per-second']);

const sandbox = await startSandbox({ loginsPerSecond });
const { login } = subjects(sandbox.url);
const job = {
  args: login.args,
  env: {
    ...login.env,
    'INPUT_TIMEOUT-SECONDS': values['timeout-seconds'],
    'INPUT_MAX-ATTEMPTS': values['max-attempts'],
  },
};

const started = Date.now();
const runs = await Promise.all(Array.from({ length: jobs }, () => run(job)));
const seconds = (Date.now() - started) / 1000;
const logins = sandbox.requests;
// The processes need a while to start, more of it on fewer cores: time counts from the first login.
const first = logins[0]?.at ?? started;
const requests = logins.map(({ at, status }) => ({ second: Math.floor((at - first) / 1000), status }));
await sandbox.close();

const perSecond = Array.from(
  { length: Math.max(...requests.map(({ second }) => second)) + 1 },
  (_, second) => {
    const inSecond = requests.filter((request) => request.second === second);
    return {
      second,
      requests: inSecond.length,
      answered: inSecond.filter(({ status }) => status === 200).length,
    };
  },
);
const failures = runs.filter(({ exitCode }) => exitCode !== 0);
const tries = runs.map(({ output }) => 1 + (output.match(/^Try \d+ of/gm)?.length ?? 0));
const report = {
  at: new Date().toISOString(),
  ...values,
  jobs,
  leastSeconds: jobs / loginsPerSecond,
  seconds: Number(seconds.toFixed(1)),
  succeeded: jobs - failures.length,
  failed: failures.length,
  medianJobSeconds: Number((median(runs.map(({ ms }) => ms)) / 1000).toFixed(1)),
  slowestJobSeconds: Number((Math.max(...runs.map(({ ms }) => ms)) / 1000).toFixed(1)),
  requests: requests.length,
  jobsByTries: Object.fromEntries(
    [...Map.groupBy(tries.toSorted(), (count) => count)].map(([count, all]) => [count, all.length]),
  ),
  failureMessages: Object.fromEntries(
    [...Map.groupBy(failures.map(errorOf), (message) => message)].map(([message, all]) => [
      message,
      all.length,
    ]),
  ),
  perSecond,
};
writeFileSync(join(root, 'bench/matrix-results.json'), `${JSON.stringify(report, null, 2)}\n`);

for (const { second, requests: all, answered } of perSecond) {
  console.log(
    `${String(second).padStart(3)} s  ${'█'.repeat(answered)}${'░'.repeat(Math.min(160, all - answered))} ${all}`,
  );
}
const { perSecond: _, ...summary } = report;
console.log(summary);
console.log('█ a login that was answered, ░ one that was told to come back later');

function errorOf({ output }: { output: string }): string {
  const line = output.split('\n').find((one) => one.startsWith('::error::')) ?? 'no message';
  return line
    .replace('::error::', '')
    .replace(/[\d.]+ s\b/g, 'N s')
    .replace(/127\.0\.0\.1:\d+/g, 'HOST');
}
