// npm run bench: how long the bundle takes, compared with the minimum for such a program. Prints a table and writes
// bench/results.json. Runs are paired: each round runs every subject once, so that noise affects all of them alike.
// npm run bench -- FILE...: also a login with other bundles, to see the effect of a change. Writes no file.
import { statSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform, release } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { version } from '../src/version.ts';
import budget from './budget.json' with { type: 'json' };
import {
  bundlePath,
  type MeasuredSubject,
  median,
  root,
  run,
  runWithUsage,
  startSandboxes,
  subjects,
} from './subjects.ts';

const { values, positionals: otherBundles } = parseArgs({
  options: { rounds: { type: 'string', default: '41' } },
  allowPositionals: true,
});
const rounds = Math.max(21, Number(values.rounds));
const warmUps = 3;

const sandboxes = await startSandboxes();
const ours = subjects(sandboxes);
const measured = new Map<string, MeasuredSubject>([
  ...Object.entries(ours),
  ...otherBundles.map((file): [string, MeasuredSubject] => [
    `login by ${file}`,
    { ...ours.login, args: [resolve(file)] },
  ]),
]);

const times = new Map<string, number[]>([...measured.keys()].map((name) => [name, []]));
for (let round = -warmUps; round < rounds; round += 1) {
  for (const [name, subject] of measured) {
    const { ms } = await successful(name, run(subject));
    if (round >= 0) times.get(name)?.push(ms);
  }
}

const results = [];
for (const [name, subject] of measured) {
  const { usage } = await successful(name, runWithUsage(subject));
  const ms = times.get(name) ?? [];
  results.push({
    subject: name,
    medianMs: round(median(ms), 1),
    fastestMs: round(Math.min(...ms), 1),
    // The median of the ratios within a round: both runs of a pair had the same noise.
    toNode: ratio(ms, 'node'),
    toFloor: ratio(ms, subject.floor),
    modulesLoaded: usage?.modules,
    peakMemoryMiB: usage && round(usage.peakMemoryMiB, 1),
  });
}
await sandboxes.close();

const report = {
  at: new Date().toISOString(),
  machine: {
    cpu: cpus()[0]?.model,
    cores: cpus().length,
    platform: platform(),
    release: release(),
    arch: arch(),
  },
  versions: { node: process.versions.node, v8: process.versions.v8, 'exabits-auth': version },
  rounds,
  bundleBytes: statSync(bundlePath).size,
  budget,
  results,
};
const checks: [what: string, found: number, ceiling: number][] = [
  ...results.flatMap(({ subject, toFloor, peakMemoryMiB = Number.NaN }): [string, number, number][] => [
    ...ceiling(budget.ratio, subject).map((most): [string, number, number] => [
      `${subject} to its floor`,
      toFloor,
      most,
    ]),
    ...ceiling(budget.peakMemoryMiB, subject).map((most): [string, number, number] => [
      `MiB of ${subject}`,
      peakMemoryMiB,
      most,
    ]),
  ]),
];
if (otherBundles.length === 0)
  writeFileSync(join(root, 'bench/results.json'), `${JSON.stringify(report, null, 2)}\n`);
console.table(Object.fromEntries(results.map(({ subject, ...figures }) => [subject, figures])));
console.log(
  `${rounds} rounds on ${report.machine.cores} cores, Node ${report.versions.node}; bundle ${report.bundleBytes} bytes.`,
);

for (const [what, found, most] of checks) {
  console.log(`${found <= most ? 'within' : 'OVER  '} budget: ${found} of ${most} ${what}`);
}

function ceiling(ceilings: Readonly<Record<string, number>>, subject: string): number[] {
  const most = ceilings[subject];
  return most === undefined ? [] : [most];
}

function ratio(ms: readonly number[], base: string): number {
  const baseMs = times.get(base) ?? [];
  return round(median(ms.map((one, index) => one / (baseMs[index] ?? Number.NaN))), 2);
}

function round(number: number, digits: number): number {
  return Number(number.toFixed(digits));
}

async function successful<Result extends { exitCode: number | null; output: string }>(
  name: string,
  running: Promise<Result>,
): Promise<Result> {
  const result = await running;
  if (result.exitCode !== 0) throw new Error(`${name} ended with ${result.exitCode}:\n${result.output}`);
  return result;
}
