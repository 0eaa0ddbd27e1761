// node bench/matrix.ts: 256 jobs that sign in at the same moment, against a sandbox that allows 20 logins a second.
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { EXAMPLE_ACCOUNT, startSandbox } from '../testbed/exabits/server.ts';
import { Job, type StepResult } from '../testbed/runner/job.ts';

const jobs = 256;
const loginsPerSecond = 20;
const sandbox = await startSandbox({ loginsPerSecond });
// However slowly the processes start, their first logins are answered together.
const all = Promise.withResolvers<number>();
sandbox.onRequest(async () => {
  if (sandbox.requests.length === jobs) all.resolve(Date.now());
  await all.promise;
});
const { username, password } = EXAMPLE_ACCOUNT;
const started: Promise<StepResult>[] = [];
while (started.length < jobs) {
  const job = new Job({ actionDir: join(import.meta.dirname, '..') });
  started.push(job.uses({ username, password, 'api-url': sandbox.url }).finally(() => job.dispose()));
  // The sandbox answers in this process.
  await setImmediate();
}
const steps = await Promise.all(started);
await sandbox.close();

const logins = sandbox.requests;
const seconds = (Number(logins.at(-1)?.at) - (await all.promise)) / 1000;
const tries = steps.map(({ raw }) => 1 + (raw.match(/^Try \d+ of \d+ failed/gm)?.length ?? 0));
const failed = steps.filter(({ exitCode }) => exitCode !== 0);
console.log(
  `${jobs - failed.length} of ${jobs} jobs signed in, in ${seconds.toFixed(1)} s, with ${logins.length} logins and at most ${Math.max(...tries)} tries each. The limit of ${loginsPerSecond} logins a second needs ${jobs / loginsPerSecond} s.`,
);
for (const { annotations } of failed) console.log(annotations[0]?.message);
process.exitCode = failed.length > 0 ? 1 : 0;
