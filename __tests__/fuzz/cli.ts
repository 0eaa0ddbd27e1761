// Runs random jobs against random answers from Exabits, and checks every promise of docs/threat-model.md.
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { runBundle } from './bundle.ts';
import { type Checked, checkWorlds } from './check.ts';
import { InProcessJobs } from './in-process.ts';
import { invariantNames } from './invariants.ts';

const usage = `Usage: npm run fuzz -- [options]

  --seconds N       how long it runs (default: 300). It goes on until it has its cases, up to three times as long
  --cases N         fail with fewer jobs than these (default: 100000)
  --bundle-cases N  how many of them run the bundle as a process, which is slow (default: 300)
  --seed N          repeat a run that printed this seed (default: another one each time)
  --help            show this text
`;

interface Options {
  readonly seconds: number;
  readonly cases: number;
  readonly bundleCases: number;
  readonly seed: number;
  /** Set in the processes that this one starts. */
  readonly worker: boolean;
}

/** The outcome of all cases so far. */
interface Total {
  cases: number;
  readonly endings: Map<string, number>;
  readonly violations: string[];
}

const workers = 2;
const batch = 500;

const options = parseCommandLine();
if (options?.worker) await work(options);
else if (options) await lead(options);

/** The options of the command line; undefined, with the usage printed, if they are invalid or ask for help. */
function parseCommandLine(): Options | undefined {
  try {
    const { values } = parseArgs({
      options: {
        seconds: { type: 'string', default: '300' },
        cases: { type: 'string', default: '100000' },
        'bundle-cases': { type: 'string', default: '300' },
        seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
        worker: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    });
    if (!values.help) {
      return {
        seconds: wholeNumber('seconds', values.seconds),
        cases: wholeNumber('cases', values.cases),
        bundleCases: wholeNumber('bundle-cases', values['bundle-cases']),
        seed: wholeNumber('seed', values.seed),
        worker: values.worker,
      };
    }
    process.stdout.write(usage);
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : error}\n\n${usage}`);
    process.exitCode = 2;
  }
  return undefined;
}

function wholeNumber(name: string, text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} needs a whole number, not '${text}'`);
  return Number(text);
}

/** Runs batch after batch through the sources, and reports each, until the leader has enough. */
async function work({ seed }: Options): Promise<void> {
  const jobs = await InProcessJobs.start();
  for (let next = seed; ; next += workers) {
    const checked = await checkWorlds((world) => jobs.run(world), next, batch);
    process.send?.(checked);
  }
}

async function lead({ seconds, cases: enough, bundleCases: enoughOfBundle, seed }: Options): Promise<void> {
  const startedAt = Date.now();
  const elapsed = (): number => (Date.now() - startedAt) / 1000;
  console.log(`Seed ${seed}. Promises: ${invariantNames.join('; ')}.`);

  const total: Total = { cases: 0, endings: new Map(), violations: [] };
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
    if (bundleCases >= enoughOfBundle) {
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

// Messages from another process have been through JSON.
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
