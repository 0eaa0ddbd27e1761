import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { defaultApiUrl } from '../../src/endpoint.ts';
import { EXAMPLE_ACCOUNT, type Sandbox, startSandbox } from '../../testbed/exabits/server.ts';
import { Job, type StepResult } from '../../testbed/runner/job.ts';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const packageJson = JSON.parse(read('package.json'));
const action = parse(read('action.yml'));
const sweep = parse(read('sweep/action.yml'));

/** The rows of the first table below a heading, as lists of cells. */
function table(page: string, heading: string): string[][] {
  const [, section = ''] = read(page).split(`## ${heading}\n`);
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

describe("README.md's table of inputs", () => {
  const rows = table('README.md', 'Inputs').flatMap(([input, byDefault, meaning]) =>
    names(input).map((name) => ({ name, byDefault: names(byDefault)[0], meaning })),
  );

  test('has those of action.yml, with their defaults', () => {
    const documented = Object.fromEntries(rows.map(({ name, byDefault }) => [name, byDefault]));
    const defaults = Object.keys(action.inputs).map((name) => [name, action.inputs[name].default]);
    expect(documented).toEqual({ ...Object.fromEntries(defaults), 'api-url': defaultApiUrl });
  });

  test('has the limits of action.yml', () => {
    const wrong = rows.filter(({ name, meaning }) => {
      const [range = ''] = /\d+ to \d+/.exec(action.inputs[name]?.description ?? '') ?? [];
      return !meaning?.includes(range);
    });
    expect(wrong).toEqual([]);
  });
});

describe('The documents describe what jobs do:', () => {
  const { username, password } = EXAMPLE_ACCOUNT;
  const login = { username, password };
  const ephemeral = { ...login, 'ephemeral-api-token': 'true' };
  const steps: Record<string, StepResult> = {};
  let sandbox: Sandbox;
  let sweepOutputs: object;

  beforeAll(async () => {
    sandbox = await startSandbox();
    const { token } = sandbox.store.createApiToken(EXAMPLE_ACCOUNT, { name: 'ci' });
    const runs = {
      login,
      'api-token': { 'api-token': token },
      'ephemeral-api-token': ephemeral,
      lost: ephemeral,
    };
    for (const [name, inputs] of Object.entries(runs)) {
      if (name === 'lost') sandbox.faults.add({ reset: 'handled', match: { path: /tokens$/ } });
      const job = new Job({ actionDir: root });
      steps[name] = await job.uses({ 'api-url': sandbox.url, ...inputs });
      if (name === 'login')
        steps.existing = await job.uses({ 'api-url': sandbox.url, 'use-existing-credentials': 'true' });
      await job.finish();
      job.dispose();
    }
    const job = new Job({ actionDir: join(root, 'sweep') });
    sweepOutputs = (await job.uses({ 'api-url': sandbox.url, ...login })).outputs;
    job.dispose();
  });

  afterAll(() => sandbox.close());

  test.each(['login', 'api-token', 'ephemeral-api-token', 'existing'])('the outputs of %s', (method) => {
    const { outputs = {} } = steps[method] ?? {};
    expect(outputs['auth-method']).toBe(method);
    expect(Object.keys(outputs).sort()).toEqual(Object.keys(action.outputs).sort());
    const documented = table('README.md', 'Outputs').flatMap(([output]) => names(output));
    expect(documented.sort()).toEqual(Object.keys(outputs).sort());
  });

  test('the outputs of a sweep', () => {
    expect(Object.keys(sweepOutputs).sort()).toEqual(Object.keys(sweep.outputs).sort());
  });

  test.each([
    ['login', 1],
    ['api-token', 2],
  ])('the variables of %s', (method, column) => {
    const documented = table('README.md', 'Variables').flatMap((row) => (row[column] ? names(row[0]) : []));
    expect(documented.sort()).toEqual(Object.keys(steps[method]?.env ?? {}).sort());
  });

  test('the calls', () => {
    const documented = table('docs/api.md', 'What the action calls, and when').flatMap(([call]) =>
      names(call),
    );
    const made = sandbox.requests.map(({ method, path }) =>
      `${method} ${path.replace('/api/v1/', '')}`.replace(/(?<=tokens\/).*/, 'ID'),
    );
    expect(documented.sort()).toEqual([...new Set(made)].sort());
  });

  test('the User-Agent has the version of package.json', () => {
    expect(sandbox.requests[0]?.headers['user-agent']).toBe(`exabits-auth/${packageJson.version}`);
  });
});

describe('docs/api.md states', () => {
  const page = read('docs/api.md').replace(/\s+/g, ' ');

  test('the default host', () => {
    expect(page).toContain(`\`${new URL(defaultApiUrl).host}\``);
  });

  test.each([
    ['src/credentials.ts', 'longestToken', 1, ' characters'],
    ['src/exabits/token-list.ts', 'mostPages', 1, ' pages'],
    ['src/exabits/token-list.ts', 'pageSize', 1, ''],
    ['src/exabits/backoff.ts', 'firstCeilingMs', 1000, ' second'],
    ['src/exabits/backoff.ts', 'firstCeilingInCrowdMs', 1000, ' after a 429'],
    ['src/exabits/backoff.ts', 'highestCeilingMs', 1000, ''],
  ])('the limit of %s %s', (path, name, divisor, unit) => {
    const [, digits = ''] = new RegExp(`^const ${name} = ([\\d_]+);`, 'm').exec(read(path)) ?? [];
    const limit = (Number(digits.replaceAll('_', '')) / divisor).toLocaleString('en');
    expect(page).toMatch(new RegExp(`\\b${limit}${unit}\\b`));
  });
});
