// Runs random jobs against random answers of Exabits, and holds every promise of docs/threat-model.md against them.
// npm run fuzz -- [--seconds 300] [--cases 100000] [--bundle-cases 300] [--seed N]
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { runBundle } from './fuzz/bundle.ts';
import { type Checked, checkWorlds } from './fuzz/check.ts';
import { InProcessJobs } from './fuzz/in-process.ts';
import { invariantNames } from './fuzz/invariants.ts';

const { values } = parseArgs({
  options: {
    seconds: { type: 'string', default: '300' },
    /** It goes on beyond its time until there are so many, but not for more than three times as long. */
    cases: { type: 'string', default: '100000' },
    'bundle-cases': { type: 'string', default: '300' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
    /** Set in the processes that this one starts. */
    worker: { type: 'boolean', default: false },
  },
});

const workers = 2;
const batch = 500;
const seed = Number(values.seed);

if (values.worker) await work();
else await lead();

/** Runs batch after batch through the sources, and tells of each, until the leader has enough. */
async function work(): Promise<void> {
  const jobs = await InProcessJobs.start();
  for (let next = seed; ; next += workers) {
    const checked = await checkWorlds((world) => jobs.run(world), next, batch);
    process.send?.(checked);
  }
}

async function lead(): Promise<void> {
  const startedAt = Date.now();
  const elapsed = (): number => (Date.now() - startedAt) / 1000;
  const [seconds, enough] = [Number(values.seconds), Number(values.cases)];
  console.log(`Seed ${seed}. Promises: ${invariantNames.join('; ')}.`);

  const total = { cases: 0, endings: new Map<string, number>(), violations: [] as string[] };
  const add = ({ cases, endings, violation }: Checked): void => {
    total.cases += cases;
    for (const [ending, count] of Object.entries(endings)) {
      total.endings.set(ending, (total.endings.get(ending) ?? 0) + count);
    }
    if (violation !== undefined) total.violations.push(violation);
  };
  const isOver = (): boolean =>
    total.violations.length > 0 || elapsed() > 3 * seconds || (elapsed() > seconds && total.cases >= enough);

  const children = Array.from({ length: workers }, (_, index) => startWorker(seed + index, add));
  let bundleCases = 0;
  while (!isOver()) {
    if (bundleCases >= Number(values['bundle-cases'])) {
      await new Promise((resolve) => setTimeout(resolve, 200));
      continue;
    }
    const checked = await checkWorlds(runBundle, seed + bundleCases, 5);
    bundleCases += checked.cases;
    add(checked);
  }
  await Promise.all(children.map(stop));

  const endings = [...total.endings].map(([ending, count]) => `${count} ${ending}`).join(', ');
  console.log(
    `${total.cases} cases in ${Math.round(elapsed())} s, ${bundleCases} of them through the bundle: ${endings}.`,
  );
  for (const violation of total.violations) console.error(`Broken: ${violation}`);
  if (total.cases < enough) console.error(`Fewer than ${enough} cases.`);
  process.exitCode = total.violations.length > 0 || total.cases < enough ? 1 : 0;
}

function startWorker(firstSeed: number, add: (checked: Checked) => void): ChildProcess {
  const child = fork(import.meta.filename, ['--worker', '--seed', String(firstSeed)]);
  child.on('message', (message) => add(readChecked(message)));
  child.on('exit', (code, signal) => {
    if (signal === 'SIGTERM') return;
    add({ cases: 0, endings: {}, violation: `A process of the fuzzer ended by itself (${code ?? signal})` });
  });
  return child;
}

// What another process says has been through JSON.
function readChecked(message: unknown): Checked {
  const { cases, endings, violation } = Object(message);
  return {
    cases: Number(cases),
    endings: Object.fromEntries(
      Object.entries(Object(endings)).map(([ending, count]) => [ending, Number(count)]),
    ),
    violation: violation === undefined ? undefined : String(violation),
  };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.kill('SIGTERM');
  await ended;
}
