import { globSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { read, readYaml, root } from './support/pages.ts';

// What e2e, which runs and lints the examples, does not notice.

const examples = globSync('examples/**/*.yml', { cwd: root }).sort();

test('Every example fails if any command of a pipe does', () => {
  const texts = examples.map((path) => ({ path, text: read(path) }));
  const piping = texts.filter(({ text }) => /\bcurl .*?\|$/ms.test(text));
  expect(piping).not.toEqual([]);
  expect(piping.filter(({ text }) => !text.includes('shell: bash'))).toEqual([]);
});

test("The examples use other actions at the commits of this project's own workflows", () => {
  const pinned = (path: string) => read(path).match(/[\w-]+\/[\w-]+@[0-9a-f]{40} # v.*/g) ?? [];
  const nameOf = (use: string) => use.split('@')[0];
  const own = globSync('.github/workflows/*.yml', { cwd: root }).flatMap(pinned);
  const shared = examples.flatMap(pinned).filter((use) => own.map(nameOf).includes(nameOf(use)));
  expect(shared).not.toEqual([]);
  expect(own).toEqual(expect.arrayContaining(shared));
});

test.each([
  ['machine.sh', '-H @"$EXABITS_HEADERS_FILE"'],
  ['machine.sh', 'StrictHostKeyChecking accept-new'],
  ['quick-start.yml', 'ephemeral-api-token: true'],
  ['secret-from-vault.yml', 'exportEnv: false'],
  ['self-hosted-proxy.yml', 'NODE_EXTRA_CA_CERTS: '],
  ['composite-action/action.yml', `api-url: \${{ env.EXABITS_API_URL }}`],
])('%s has the line %s, which keeps credentials where they belong', (path, line) => {
  expect(read(`examples/${path}`)).toContain(line);
});

test('The sweep runs when a run has ended and every day, runs no code of it, and needs no permissions', () => {
  const { on, permissions, jobs } = readYaml('examples/sweep.yml');
  expect(permissions).toEqual({});
  expect([on.workflow_run.types, on.schedule.length]).toEqual([['completed'], 1]);
  const uses = jobs.sweep.steps.map((step: { uses?: string }) => step.uses);
  expect(uses).toEqual(['your-org/exabits-auth/sweep@v1', undefined]);
});
