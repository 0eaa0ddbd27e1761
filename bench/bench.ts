// npm run bench: what a job waits for and what the bundle costs, beside a floor and other login actions. Every round
// runs each job once, in random order, so that noise meets all of them.
//   --peers FOLDER  has clones of the other actions: app, aws, azure, docker, google and vault
//   --record        writes docs/performance.md
//   --budget        checks only what no machine changes: the size of the bundle, and the modules it loads
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { Job, type StepResult } from '../testbed/runner/job.ts';
import budget from './budget.json' with { type: 'json' };
import { type MeasuredJob, prepare } from './jobs.ts';

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '41' },
    peers: { type: 'string' },
    record: { type: 'boolean', default: false },
    budget: { type: 'boolean', default: false },
  },
});
const { peers } = options;
if (options.record && !peers) throw new Error('--record needs --peers FOLDER');
if (!peers && !options.budget) console.log('Without --peers FOLDER, no other actions are measured.');
const rounds = options.budget ? 1 : Number(options.rounds);
/** Before those, with the server a round trip away. */
const farRounds = options.budget ? 0 : 5;
const roundTripMs = 400;
const root = join(import.meta.dirname, '..');

const folder = mkdtempSync(join(tmpdir(), 'exabits-bench-'));
const { jobs, relay, requests, env, close } = await prepare(folder, peers);

type Figures = Readonly<Record<string, number>>;
/** The figures of each row, in each round. */
const samples = new Map<string, Figures[]>(
  jobs.flatMap(({ name, post }) => [name, ...(post ? [post] : [])]).map((name) => [name, []]),
);
for (let round = -farRounds; round < rounds; round += 1) {
  relay.roundTripMs = round < 0 ? roundTripMs : 0;
  const cpuMs = new Map<string, number>();
  const order = jobs.map((job) => ({ job, place: Math.random() })).toSorted((a, b) => a.place - b.place);
  for (const { job } of order) {
    for (const [row, figures] of await measure(job)) {
      cpuMs.set(row, figures.cpuMs ?? 0);
      samples.get(row)?.push(figures);
    }
  }
  for (const { name, post, to = '' } of round < 0 ? [] : jobs) {
    const compare = (row: string, base: string) =>
      samples.get(row)?.push({ ratio: Number(cpuMs.get(row)) / Number(cpuMs.get(base)) });
    compare(name, to);
    if (post) compare(post, jobs.find((job) => job.name === to)?.post ?? to);
  }
}
await close();
rmSync(folder, { recursive: true });

/** Runs a job. Returns the figures of its main step, and of its post step. */
async function measure({ name, post, actionDir, inputs = {}, before, fails }: MeasuredJob) {
  const usage = join(folder, 'usage.json');
  const watched = {
    nodeArgs: ['--require', join(import.meta.dirname, 'usage.cjs')],
    onPrepare: (env: Record<string, string>) => void Object.assign(env, { USAGE: usage }),
  };
  const job = new Job({ actionDir, env });
  const figuresOf = async (run: () => Promise<StepResult | undefined>): Promise<Figures> => {
    requests.length = 0;
    const opened = relay.connections;
    const step = await run();
    const failed = step?.outcome !== 'success' || step.annotations.length > 0;
    if (failed !== (fails ?? false)) throw new Error(`${name} ended with ${step?.exitCode}:\n${step?.raw}`);
    const { ms, ...used } = JSON.parse(readFileSync(usage, 'utf8'));
    if (relay.roundTripMs === 0) return used;
    const connections = relay.connections - opened;
    return requests.length > 0 ? { waits: ms / roundTripMs, requests: requests.length, connections } : {};
  };
  before?.();
  const rows: [string, Figures][] = [[name, await figuresOf(() => job.uses(inputs, watched))]];
  if (post) rows.push([post, await figuresOf(async () => (await job.finish(watched))[0])]);
  job.dispose();
  return rows;
}

const over: string[] = [];
const aims = new Map<string, Figures>(Object.entries(budget.aims));
/** The median, and the aim where there is one. */
function cell(row: string, figure: string, digits: number): string {
  const found =
    samples.get(row)?.flatMap(({ [figure]: value = Number.NaN }) => (value >= 0 ? [value] : [])) ?? [];
  const middle = found.toSorted((a, b) => a - b)[Math.floor(found.length / 2)]?.toFixed(digits) ?? '';
  const most = aims.get(row)?.[figure];
  if (most === undefined || middle === '') return middle;
  if (Number(middle) > most && !(options.budget && figure !== 'modules'))
    over.push(`${row}: ${figure} ${middle}, over ${most}`);
  return `${middle} of ${most}`;
}
const columns = { waits: 1, requests: 0, connections: 0, cpuMs: 0, ratio: 2, modules: 0, memoryMiB: 0 };
const rows = [...samples.keys()].map((row) => [
  row,
  ...Object.entries(columns).map(([figure, digits]) => cell(row, figure, digits)),
]);
const titles = ['', 'waits', 'requests', 'connections', 'CPU ms', 'ratio', 'modules', 'MiB'];
const table = [titles, titles.map(() => '---'), ...rows]
  .map((cells) => `| ${cells.join(' | ')} |\n`)
  .join('');
const { size } = statSync(join(root, 'dist/index.cjs'));
if (size > budget.bundleBytes) over.push(`bundle: ${size} bytes, over ${budget.bundleBytes}`);
const where = `${new Date().toISOString().slice(0, 10)}, ${availableParallelism()} cores, Node ${process.versions.node}`;
const report = `${table}\nMedians of ${rounds} rounds, waits of ${farRounds}; ${where}; a bundle of ${size} bytes.\n`;
console.log(report);
for (const line of over) console.log(line);
if (options.budget && over.length > 0) process.exitCode = 1;
if (options.record) {
  const page = join(root, 'docs/performance.md');
  const place = /(?<=<!-- npm run bench -->\n)[\s\S]*?(?=<!-- end -->)/;
  writeFileSync(
    page,
    readFileSync(page, 'utf8').replace(place, () => report),
  );
}
