// node bench/matrix.ts: 256 jobs that sign in at the same moment, against a sandbox that allows 20 logins a second.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { EXAMPLE_ACCOUNT, startSandbox } from '../testbed/exabits/server.ts';
import { launch, readAction } from './launch.ts';
import { root } from './programs.ts';

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
const { main, inputs } = readAction(root);
const env = inputs({ username, password, 'api-url': sandbox.url });
const folder = mkdtempSync(join(tmpdir(), 'exabits-bench-'));
const started: ReturnType<typeof launch>[] = [];
while (started.length < jobs) {
  started.push(launch([main], env, mkdtempSync(join(folder, 'job-'))));
  // The sandbox answers in this process.
  await setImmediate();
}
const runs = await Promise.all(started);
rmSync(folder, { recursive: true });
await sandbox.close();

const logins = sandbox.requests;
const seconds = (Number(logins.at(-1)?.at) - (await all.promise)) / 1000;
const tries = runs.map(({ output }) => 1 + (output.match(/^Try \d+ of \d+ failed/gm)?.length ?? 0));
const failed = runs.filter(({ exitCode }) => exitCode !== 0);
console.log(
  `${jobs - failed.length} of ${jobs} jobs signed in, in ${seconds.toFixed(1)} s, with ${logins.length} logins and at most ${Math.max(...tries)} tries each. The limit of ${loginsPerSecond} logins a second needs ${jobs / loginsPerSecond} s.`,
);
for (const { output } of failed) console.log(output.match(/^::error::.*/m)?.[0]);
process.exitCode = failed.length > 0 ? 1 : 0;
