// npm run bench:others -- FOLDER: the CPU time that well-known login actions take to start, compared with `node -e 0`.
// FOLDER holds a clone of each, under the name below and at the commit given in docs/comparison.md. Each runs with its
// default inputs and without credentials until it reports that they are missing, before it opens any connection.
import { readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { parse } from 'yaml';
import { median, root, runWithUsage, type Subject, startSandboxes, subjects } from './subjects.ts';

const others = ['azure', 'app', 'vault', 'google', 'aws', 'docker'];

const { values, positionals } = parseArgs({
  options: { rounds: { type: 'string', default: '41' } },
  allowPositionals: true,
});
const folder = positionals[0];
if (!folder) throw new Error(`Name the folder that holds the clones ${others.join(', ')}.`);
const rounds = Number(values.rounds);
const warmUps = 2;

/** An action as the runner would start it, without credentials. */
function withoutCredentials(directory: string): Subject {
  const { inputs, runs } = parse(readFileSync(join(directory, 'action.yml'), 'utf8'));
  const env: Record<string, string> = {
    GITHUB_REPOSITORY: 'octo-org/octo-repo',
    GITHUB_REPOSITORY_OWNER: 'octo-org',
    GITHUB_API_URL: 'https://api.github.com',
    HOME: directory,
  };
  for (const [name, { default: value }] of Object.entries<{ default?: unknown }>(inputs)) {
    const text = String(value ?? '');
    env[`INPUT_${name.toUpperCase()}`] = text.includes('${{') ? '' : text;
  }
  return { args: [join(directory, runs.main)], env };
}

const sandboxes = await startSandboxes();
const { node, login } = subjects(sandboxes);
const measured = new Map<string, Subject>([
  ['exabits-auth', withoutCredentials(root)],
  ['exabits-auth, a whole login', login],
  ...others.map((name): [string, Subject] => [name, withoutCredentials(resolve(folder, name))]),
]);

const ratios = new Map<string, number[]>([...measured.keys()].map((name) => [name, []]));
for (let round = -warmUps; round < rounds; round += 1) {
  for (const [name, subject] of measured) {
    const base = await runWithUsage(node);
    const one = await runWithUsage(subject);
    const endsAsExpected = subject === login ? one.exitCode === 0 : /::error::/.test(one.output);
    if (!endsAsExpected) throw new Error(`${name} ended with ${one.exitCode}:\n${one.output}`);
    if (round >= 0) ratios.get(name)?.push(Number(one.usage?.cpuMs) / Number(base.usage?.cpuMs));
  }
}
await sandboxes.close();

const quartile = (numbers: readonly number[], share: number): string =>
  (numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length * share)] ?? Number.NaN).toFixed(2);
console.table(
  Object.fromEntries(
    [...measured].map(([name, { args }]) => {
      const found = ratios.get(name) ?? [];
      return [
        name,
        {
          bytes: statSync(String(args[0])).size,
          'CPU to node -e 0': median(found).toFixed(2),
          'middle half': `${quartile(found, 0.25)} to ${quartile(found, 0.75)}`,
        },
      ];
    }),
  ),
);
console.log(`${rounds} rounds, Node ${process.version}.`);
