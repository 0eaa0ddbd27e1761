// npm run bench: what a job waits for and what the bundle costs, beside a floor and other login actions. Every round
// runs each program once, in random order, so that noise meets all of them.
//   --peers FOLDER  has clones of the other actions: app, aws, azure, docker, google and vault
//   --record        writes docs/performance.md
//   --budget        checks only what no machine changes: the size of the bundle, and the modules it loads
//   FOLDER...       other checkouts of this action, to compare
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import budget from './budget.json' with { type: 'json' };
import { launch, type Run } from './launch.ts';
import { programs, root, startServers } from './programs.ts';

const { values: options, positionals: checkouts } = parseArgs({
  options: {
    rounds: { type: 'string', default: '41' },
    peers: { type: 'string' },
    record: { type: 'boolean', default: false },
    budget: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const { peers } = options;
if (options.record && (!peers || checkouts.length > 0))
  throw new Error('--record needs --peers FOLDER alone');
if (!peers && !options.budget) console.log('Without --peers FOLDER, no other actions are measured.');
const rounds = options.budget ? 1 : Number(options.rounds);
/** Before those, with the server a round trip away. */
const farRounds = options.budget ? 0 : 5;
const roundTripMs = 400;

const folder = mkdtempSync(join(tmpdir(), 'exabits-bench-'));
const servers = await startServers(folder);
const measured = programs(servers, checkouts, peers);

type Figures = Readonly<Record<string, number>>;
type Measured = Run & { readonly requests: number; readonly connections: number };
const samples: { readonly name: string; readonly figures: Figures }[] = [];
for (let round = -farRounds; round < rounds; round += 1) {
  const far = round < 0;
  servers.relay.roundTripMs = far ? roundTripMs : 0;
  const runs = new Map<string, Measured>();
  const order = [...measured.keys()].map((name) => ({ name, place: Math.random() }));
  for (const { name } of order.toSorted((a, b) => a.place - b.place)) await measure(name, runs);
  for (const [name, { ms, cpuMs, modules, memoryMiB, requests, connections }] of runs) {
    const add = (figures: Figures) => samples.push({ name, figures });
    const base = runs.get(measured.get(name)?.to ?? '');
    if (options.budget) add({ modules });
    else if (!far) add({ modules, memoryMiB, cpuMs, ...(base ? { ratio: cpuMs / base.cpuMs } : {}) });
    else if (requests > 0) add({ waits: ms / roundTripMs, requests, connections });
  }
}
await servers.close();
rmSync(folder, { recursive: true });

/** Runs a program, after the main step that it belongs to, unless it has run in this round. */
async function measure(name: string, runs: Map<string, Measured>): Promise<Measured | undefined> {
  const { args, env, after = '', before, fails = false } = measured.get(name) ?? { args: [] };
  if (runs.has(name) || args.length === 0) return runs.get(name);
  const main = await measure(after, runs);
  const { relay, sandbox } = servers;
  before?.();
  sandbox.clearRequests();
  const connected = relay.connections;
  const run = await launch(args, { ...(env ?? measured.get(after)?.env), ...main?.left }, folder);
  const failed = run.exitCode !== 0 || /^::(error|warning)/m.test(run.output);
  if (failed !== fails) throw new Error(`${name} ended with ${run.exitCode}:\n${run.output}`);
  runs.set(name, { ...run, requests: sandbox.requests.length, connections: relay.connections - connected });
  return runs.get(name);
}

const over: string[] = [];
const aims = new Map<string, Figures>(Object.entries(budget.aims));
/** The median, and the aim where there is one. */
function cell(name: string, figure: string, digits: number): string {
  const found = samples.flatMap((sample) => (sample.name === name ? (sample.figures[figure] ?? []) : []));
  const middle = found.toSorted((a, b) => a - b)[Math.floor(found.length / 2)]?.toFixed(digits) ?? '';
  const most = aims.get(name)?.[figure];
  if (most === undefined || middle === '') return middle;
  if (Number(middle) > most) over.push(`${name}: ${figure} ${middle}, over ${most}`);
  return `${middle} of ${most}`;
}
const columns = { waits: 1, requests: 0, connections: 0, cpuMs: 0, ratio: 2, modules: 0, memoryMiB: 0 };
const rows = [...measured.keys()].map((name) => [
  name,
  ...Object.entries(columns).map(([figure, digits]) => cell(name, figure, digits)),
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
