import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { EXAMPLE_ACCOUNT, type Sandbox, startSandbox } from '../../testbed/exabits/server.ts';
import { Job } from '../../testbed/runner/job.ts';

const root = join(import.meta.dirname, '../..');
const readme = readFileSync(join(root, 'README.md'), 'utf8');
const action: {
  inputs: Record<string, { description: string; default?: string }>;
  outputs: Record<string, unknown>;
} = parse(readFileSync(join(root, 'action.yml'), 'utf8'));

/** The rows of the first table below a heading, as lists of cells. */
function table(heading: string): string[][] {
  const [, section = ''] = readme.split(`## ${heading}\n`);
  const [, , ...rows] = section.split('\n## ')[0]?.match(/^\|.*\|$/gm) ?? [];
  return rows.map((row) =>
    row
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim()),
  );
}

/** The code spans in a cell. */
function names(cell = ''): string[] {
  return [...cell.matchAll(/`([^`]+)`/g)].map((match) => String(match[1]));
}

describe('the tables of README.md', () => {
  test('list the inputs of action.yml, with their defaults', () => {
    const rows = table('Inputs').flatMap(([input, byDefault]) =>
      names(input).map((name): [string, string | undefined] => [name, names(byDefault)[0]]),
    );
    const documented = Object.fromEntries(rows);
    expect(Object.keys(documented).sort()).toEqual(Object.keys(action.inputs).sort());
    // The code takes the default of this one from a variable.
    expect(documented['api-url']).toBe('$EXABITS_API_URL');
    delete documented['api-url'];
    for (const [name, byDefault] of Object.entries(documented)) {
      expect([name, byDefault]).toEqual([name, action.inputs[name]?.default]);
    }
  });

  test('give the same input limits as action.yml', () => {
    const meanings = table('Inputs').flatMap(([input, , meaning]) =>
      names(input).map((name): [string, string | undefined] => [name, meaning]),
    );
    const limits = Object.entries(action.inputs).flatMap(([name, { description }]) => {
      const [range] = /\d+ to \d+/.exec(description) ?? [];
      return range ? [[name, range] as const] : [];
    });
    expect(limits.length).toBeGreaterThan(0);
    for (const [name, range] of limits) expect(Object.fromEntries(meanings)[name]).toContain(range);
  });

  test('list the outputs of action.yml', () => {
    const documented = table('Outputs').flatMap(([output]) => names(output));
    expect(documented.sort()).toEqual(Object.keys(action.outputs).sort());
  });

  describe('list the variables', () => {
    let sandbox: Sandbox;
    beforeAll(async () => {
      sandbox = await startSandbox();
    });
    afterAll(() => sandbox.close());

    test.each([
      ['a login', 1, { username: EXAMPLE_ACCOUNT.username, password: EXAMPLE_ACCOUNT.password }],
      ['an API token', 2, { 'api-token': 'not-a-real-token' }],
    ] as const)('that %s exports', async (_method, column, credentials) => {
      const documented = table('Environment of later steps').flatMap((row) =>
        row[column] ? names(row[0]) : [],
      );
      const job = new Job({ actionDir: root });
      try {
        const { env } = await job.uses({ ...credentials, 'api-url': sandbox.url });
        expect(documented.sort()).toEqual(Object.keys(env).sort());
      } finally {
        job.dispose();
      }
    });
  });
});
