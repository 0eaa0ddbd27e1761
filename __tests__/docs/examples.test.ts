import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse, parseAllDocuments } from 'yaml';
import { apiToken, exabits, loginInputs, yes } from '../unit/support/exabits.ts';
import { InProcessJob } from '../unit/support/job.ts';

type Mapping = Record<string, unknown>;
interface Interface {
  inputs: Mapping;
  outputs: Mapping;
}

/** YAML that a reader may copy: an example, or a block of a document. */
interface Snippet {
  readonly where: string;
  readonly text: string;
}

interface Step {
  readonly where: string;
  readonly uses: string;
  readonly id: string | undefined;
  readonly inputs: readonly string[];
}

const root = join(import.meta.dirname, '../..');
const ours = 'your-org/exabits-auth@v1';
const ourSweep = 'your-org/exabits-auth/sweep@v1';
/** The action pinned by commit, as the docs recommend. */
const pinned = /^your-org\/exabits-auth@[0-9a-f]{40}$/;
const action: Interface = parse(readFile('action.yml'));
const sweep: Interface = parse(readFile('sweep/action.yml'));
const composite: Interface = parse(readFile('examples/composite-action/action.yml'));
/** The actions of this project that the examples use, by the name in `uses`. */
const interfaces: Record<string, Interface> = {
  [ours]: action,
  [ourSweep]: sweep,
  './.github/actions/machines': composite,
};

const examples: Snippet[] = globSync('examples/**/*.yml', { cwd: root })
  .map((path) => path.replaceAll('\\', '/'))
  .sort()
  .map((where) => ({ where, text: readFile(where) }));
const workflows = examples.filter(({ where }) => basename(where) !== 'action.yml');
const snippets = [...examples, ...globSync(['*.md', 'docs/*.md'], { cwd: root }).sort().flatMap(blocksOf)];

function readFile(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function blocksOf(path: string): Snippet[] {
  const blocks = readFile(path).matchAll(/^```ya?ml\n(.*?)^```$/gms);
  return [...blocks].map(([, text = ''], index) => ({ where: `${path}, block ${index + 1}`, text }));
}

function isMapping(node: unknown): node is Mapping {
  return typeof node === 'object' && node !== null && !Array.isArray(node);
}

/** Every mapping and every text in a snippet, without comments. */
function nodesOf({ text }: Snippet): { mappings: Mapping[]; texts: string[] } {
  const mappings: Mapping[] = [];
  const texts: string[] = [];
  const visit = (node: unknown): void => {
    if (typeof node === 'string') texts.push(node);
    if (Array.isArray(node)) node.forEach(visit);
    if (!isMapping(node)) return;
    mappings.push(node);
    texts.push(...Object.keys(node));
    Object.values(node).forEach(visit);
  };
  for (const document of parseAllDocuments(text)) visit(document.toJS());
  return { mappings, texts };
}

function stepsOf(snippet: Snippet): Step[] {
  return nodesOf(snippet).mappings.flatMap(({ uses, id, with: inputs }) =>
    typeof uses === 'string'
      ? {
          where: snippet.where,
          uses: pinned.test(uses) ? ours : uses,
          id: typeof id === 'string' ? id : undefined,
          inputs: isMapping(inputs) ? Object.keys(inputs) : [],
        }
      : [],
  );
}

function matches(texts: readonly string[], pattern: RegExp): string[] {
  return texts.flatMap((text) => [...text.matchAll(pattern)].map(([match]) => match));
}

/** The variables that a step exports with these inputs. */
async function exported(inputs: Record<string, string>): Promise<string[]> {
  return Object.keys((await new InProcessJob().main(inputs)).env);
}

describe('the YAML to copy', () => {
  test('includes a workflow for each common task', () => {
    expect(workflows.map(({ where }) => where)).toEqual([
      'examples/api-token.yml',
      'examples/call-reusable-workflow.yml',
      'examples/composite-action/workflow.yml',
      'examples/matrix.yml',
      'examples/quick-start.yml',
      'examples/reusable-workflow.yml',
      'examples/secret-from-aws.yml',
      'examples/secret-from-google.yml',
      'examples/secret-from-vault.yml',
      'examples/self-hosted-proxy.yml',
      'examples/sweep.yml',
      'examples/train-and-tear-down.yml',
      'examples/two-accounts.yml',
    ]);
  });

  test.each(snippets)('in $where parses without errors', ({ text }) => {
    const problems = parseAllDocuments(text).flatMap(({ errors, warnings }) => [...errors, ...warnings]);
    expect(problems).toEqual([]);
  });

  test('refers to each action by one name, and more than once', () => {
    const names = snippets.flatMap(stepsOf).flatMap(({ uses }) => (/exabits-auth/.test(uses) ? uses : []));
    expect(new Set(names)).toEqual(new Set([ours, ourSweep]));
    expect(names.filter((name) => name === ourSweep).length).toBeGreaterThan(1);
    expect(names.length).toBeGreaterThan(workflows.length);
  });

  test.each(snippets)('in $where uses only inputs that exist', (snippet) => {
    const unknown = stepsOf(snippet).flatMap(({ uses, inputs }) => {
      const known = interfaces[uses]?.inputs;
      return known ? inputs.filter((input) => !Object.hasOwn(known, input)) : [];
    });
    expect(unknown).toEqual([]);
  });

  test.each(snippets)('in $where uses only outputs that exist', (snippet) => {
    const unknown = stepsOf(snippet).flatMap(({ uses, id }) => {
      const known = interfaces[uses]?.outputs;
      if (!known || id === undefined) return [];
      const used = matches(
        nodesOf(snippet).texts,
        new RegExp(`(?<=\\bsteps\\.${id}\\.outputs\\.)[\\w-]+`, 'g'),
      );
      return used.filter((output) => !Object.hasOwn(known, output));
    });
    expect(unknown).toEqual([]);
  });

  test('uses only variables that the action exports', async () => {
    exabits()
      .post('/authenticate/login')
      .reply(200, yes({ access_token: 'access-token', refresh_token: 'refresh-token' }));
    const known = new Set([...(await exported(loginInputs)), ...(await exported({ 'api-token': apiToken }))]);
    // Users choose the names of their secrets.
    const used = snippets.flatMap((snippet) =>
      matches(nodesOf(snippet).texts, /(?<!\bsecrets\.)\bEXABITS_\w+/g).map(
        (name) => `${name} in ${snippet.where}`,
      ),
    );
    expect(used.length).toBeGreaterThan(0);
    expect(used.filter((use) => !known.has(use.replace(/ .*/, '')))).toEqual([]);
  });
});

describe('an example workflow', () => {
  test.each(workflows)('$where says in its first line what it is for', ({ text }) => {
    expect(text).toMatch(/^# \S.{20,}\n/);
  });

  test.each(workflows)(
    '$where requests only read permissions and, for a vault, an identity token',
    ({ where, text }) => {
      const workflow: { permissions: Mapping; jobs: Record<string, { permissions?: Mapping }> } = parse(text);
      expect(Object.values(workflow.permissions).filter((permission) => permission !== 'read')).toEqual([]);
      const ofJobs = Object.values(workflow.jobs).flatMap(({ permissions }) => permissions ?? []);
      expect(ofJobs).toEqual(/secret-from-/.test(where) ? [{ 'id-token': 'write' }] : []);
    },
  );

  test.each(workflows)('$where sets a timeout for each job', ({ text }) => {
    const { jobs }: { jobs: Record<string, Mapping> } = parse(text);
    for (const job of Object.values(jobs)) {
      if (!('uses' in job)) expect(job['timeout-minutes']).toEqual(expect.any(Number));
    }
  });

  test.each(examples)('$where fails if any command of a pipe fails', ({ text }) => {
    const { defaults }: { defaults?: unknown } = parse(text);
    const byDefault = defaults !== undefined;
    const pipes = nodesOf({ where: '', text }).mappings.filter(({ run }) => String(run ?? '').includes('|'));
    const unsafe = byDefault ? [] : pipes.filter(({ shell }) => shell !== 'bash');
    if (byDefault) expect(defaults).toEqual({ run: { shell: 'bash' } });
    expect(unsafe).toEqual([]);
  });

  test.each(examples)('$where pins third-party actions by commit, and names the version', ({ text }) => {
    const others = [...text.matchAll(/^[\s-]*uses: (.*)$/gm)].flatMap(([, use = '']) =>
      use.startsWith('.') || use in interfaces ? [] : use,
    );
    expect(others.filter((use) => !/^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/.test(use))).toEqual([]);
  });

  test("pins third-party actions to the same commits as this project's workflows", () => {
    const pins = (text: string) =>
      [...text.matchAll(/uses: ([\w-]+\/[\w-]+)@([0-9a-f]{40} # v[\d.]+)/g)].map(
        ([, name = '', commit = '']) => [name, commit] as const,
      );
    const here = new Map(
      globSync('.github/workflows/*.yml', { cwd: root }).flatMap((path) => pins(readFile(path))),
    );
    const different = examples.flatMap(({ text, where }) =>
      pins(text).flatMap(([name, commit]) =>
        here.has(name) && here.get(name) !== commit ? `${name} in ${where}` : [],
      ),
    );
    expect(here.size).toBeGreaterThan(0);
    expect(different).toEqual([]);
  });
});

describe('the sweep workflow', () => {
  const workflow = parse(readFile('examples/sweep.yml'));

  test('starts when a run has ended, and on a schedule', () => {
    expect(workflow.on.workflow_run).toEqual({ workflows: ['train'], types: ['completed'] });
    expect(workflow.on.schedule).toEqual([{ cron: expect.stringMatching(/^\d+ \d+ \* \* \*$/) }]);
  });

  test('needs no permissions, and runs no code of the run that has ended', () => {
    expect(workflow.permissions).toEqual({});
    expect(workflow.jobs.sweep.steps.map(({ uses }: Mapping) => uses)).toEqual([ourSweep, undefined]);
  });
});

describe('the train-and-tear-down workflow', () => {
  interface Workflow {
    env: Mapping;
    jobs: Record<string, { steps: Mapping[] }>;
  }
  const workflow: Workflow = parse(readFile('examples/train-and-tear-down.yml'));
  const { jobs } = workflow;
  const stepCalled = (job: string, name: string) => jobs[job]?.steps.find((step) => step.name === name);

  test('signs in with a token that outlives the training', () => {
    const signIn = jobs.train?.steps.find(({ uses }) => uses === ours);
    expect(signIn).toHaveProperty(['with', 'ephemeral-api-token'], true);
  });

  test('gives a cancelled job time to delete the machine within the 5 minutes that GitHub allows', () => {
    const { 'timeout-minutes': minutes, env } = stepCalled('train', 'Delete the machine') ?? {};
    const { TRIES: tries } = Object(env);
    // The cancelled step may take 10 seconds to end, and the post step of the sign-in 60.
    expect(Number(minutes) * 60 + 10 + 60).toBeLessThan(5 * 60);
    expect(Number(tries) * Number(workflow.env.POLL_SECONDS)).toBeLessThan(Number(minutes) * 60);
  });
});
