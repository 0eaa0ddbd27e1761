import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';

// What can be said of the examples, and of the YAML in the docs, without running them. __tests__/e2e runs the examples.

type Mapping = Record<string, unknown>;

/** YAML that a reader may copy: an example, or a block of a document. */
interface Snippet {
  readonly where: string;
  readonly text: string;
}

interface Step {
  readonly uses: string;
  readonly id: unknown;
  readonly inputs: readonly string[];
}

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

/** The actions of this project that snippets use, by the name in `uses`. */
const actions: Record<string, { inputs: Mapping; outputs: Mapping }> = {
  'your-org/exabits-auth': parse(read('action.yml')),
  'your-org/exabits-auth/sweep': parse(read('sweep/action.yml')),
  './.github/actions/machines': parse(read('examples/composite-action/action.yml')),
};

/** The variables that the action sets or reads. */
const known = new Set([...read('dist/index.cjs').matchAll(/\bEXABITS_\w+/g)].map(([name]) => name));

const examples: Snippet[] = globSync('examples/**/*.yml', { cwd: root })
  .map((path) => path.replaceAll('\\', '/'))
  .sort()
  .map((where) => ({ where, text: read(where) }));
const workflows = examples.filter(({ where }) => basename(where) !== 'action.yml');
const snippets = [...examples, ...globSync(['*.md', 'docs/*.md'], { cwd: root }).sort().flatMap(blocksOf)];

function blocksOf(path: string): Snippet[] {
  const blocks = read(path).matchAll(/^```ya?ml\n(.*?)^```$/gms);
  return [...blocks].map(([, text = ''], index) => ({ where: `${path}, block ${index + 1}`, text }));
}

/** The steps of this project's actions in a snippet. */
function stepsOf({ text }: Snippet): Step[] {
  const steps: Step[] = [];
  const visit = (node: unknown): void => {
    if (typeof node !== 'object' || node === null) return;
    const { uses, id, with: inputs }: Mapping = { ...node };
    if (typeof uses === 'string')
      steps.push({ uses: uses.replace(/@.*/, ''), id, inputs: Object.keys(inputs ?? {}) });
    Object.values(node).forEach(visit);
  };
  for (const document of parseAllDocuments(text)) visit(document.toJS());
  return steps.filter(({ uses }) => uses in actions);
}

describe.each(snippets)('the YAML in $where', (snippet) => {
  test('parses', () => {
    const problems = parseAllDocuments(snippet.text).flatMap(({ errors, warnings }) => [
      ...errors,
      ...warnings,
    ]);
    expect(problems).toEqual([]);
  });

  test('uses only inputs and outputs that exist', () => {
    for (const { uses, id, inputs } of stepsOf(snippet)) {
      const { inputs: knownInputs = {}, outputs: knownOutputs = {} } = actions[uses] ?? {};
      expect(Object.keys(knownInputs)).toEqual(expect.arrayContaining([...inputs]));
      if (typeof id !== 'string') continue;
      const outputs = snippet.text.matchAll(new RegExp(`\\bsteps\\.${id}\\.outputs\\.([\\w-]+)`, 'g'));
      expect(Object.keys(knownOutputs)).toEqual(expect.arrayContaining([...outputs].map(([, name]) => name)));
    }
  });

  test('uses only variables that the action knows', () => {
    const names = [...snippet.text.matchAll(/\bEXABITS_\w+/g)].map(([name]) => name);
    const unknown = names.filter((name) => !known.has(name) && !snippet.text.includes(`secrets.${name}`));
    expect(unknown).toEqual([]);
  });

  test('names this action by its major version, or by a commit', () => {
    const refs = [...snippet.text.matchAll(/your-org\/exabits-auth(?:\/sweep)?@([\w.]+)/g)].map(
      ([, ref]) => ref,
    );
    expect(refs.filter((ref) => !/^(v1|[0-9a-f]{40})$/.test(ref ?? ''))).toEqual([]);
  });
});

describe.each(examples)('$where', ({ where, text }) => {
  test('says in its first line what it is for', () => {
    expect(text).toMatch(/^# \S.{20,}\n/);
  });

  test('uses the same names of secrets as all the others', () => {
    const names = [...text.matchAll(/\bsecrets\.(\w+)/g)].map(([, name]) => name);
    expect(['EXABITS_USERNAME', 'EXABITS_PASSWORD', 'EXABITS_API_TOKEN']).toEqual(
      expect.arrayContaining(names),
    );
  });

  test('fails where Exabits refuses with HTTP 200, or any other command of a pipe fails', () => {
    const calls = [...text.matchAll(/curl [^|]*?\|\n\s+jq ([^']*'[^']*')/g)].map(([, filter]) => filter);
    expect(calls).toHaveLength([...text.matchAll(/\bcurl --/g)].length);
    for (const filter of calls)
      expect(filter).toMatch(/if \.status\s.*else error\(\.message \| @json\) end/s);
    if (where.endsWith('action.yml')) expect(text).toMatch(/shell: bash/);
    else if (/\bcurl\b/.test(text)) expect(parse(text).defaults).toEqual({ run: { shell: 'bash' } });
  });

  test("uses third-party actions at the commits of this project's own workflows", () => {
    const own = globSync('.github/workflows/*.yml', { cwd: root }).map(read).join('\n');
    for (const [use, name] of text.matchAll(/uses: ([\w-]+\/[\w-]+@)[0-9a-f]{40} # v.*/g)) {
      if (own.includes(`uses: ${name}`)) expect(own).toContain(use);
    }
  });
});

test.each(workflows)('$where sets a time limit for each job', ({ text }) => {
  const { jobs }: { jobs: Record<string, Mapping> } = parse(text);
  const unlimited = Object.values(jobs).filter((job) => !('uses' in job) && !('timeout-minutes' in job));
  expect(unlimited).toEqual([]);
});

test('the sweep runs no code of the run that has ended, and needs no permissions', () => {
  const { permissions, jobs } = parse(read('examples/sweep.yml'));
  expect(permissions).toEqual({});
  expect(jobs.sweep.steps.map(({ uses }: Mapping) => uses)).toEqual([
    'your-org/exabits-auth/sweep@v1',
    undefined,
  ]);
});

test('a cancelled training has time to delete the machine within the 5 minutes that GitHub allows', () => {
  const { jobs } = parse(read('examples/train-and-tear-down.yml'));
  const { 'timeout-minutes': minutes, run } = jobs.train.steps.find(({ id }: Mapping) => id === 'delete');
  const [, tries] = /delete "\$MACHINE" (\d+)$/.exec(run) ?? [];
  const [, pollSeconds] = /POLL_SECONDS:-(\d+)/.exec(read('examples/machine.sh')) ?? [];
  expect(Number(tries) * Number(pollSeconds)).toBeLessThan(minutes * 60);
  // The cancelled step may take 10 seconds to end, and the post step of the sign-in 60.
  expect(minutes * 60 + 10 + 60).toBeLessThan(5 * 60);
});
