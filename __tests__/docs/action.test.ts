import { join } from 'node:path';
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { defaultApiUrl } from '../../src/endpoint.ts';
import { readInputs } from '../../src/inputs/inputs.ts';
import { readSweepInputs } from '../../src/inputs/sweep-inputs.ts';
import { createMasker, type Masker } from '../../src/secrets.ts';
import { EXAMPLE_ACCOUNT, startSandbox } from '../../testbed/exabits/server.ts';
import { Job, type StepResult } from '../../testbed/runner/job.ts';
import { names, read, readYaml, root, table } from './support/pages.ts';

interface Action {
  inputs: Record<string, { description: string; required?: boolean; default?: string }>;
  outputs: Record<string, object>;
}

interface Types {
  inputs: Record<string, { type: string; 'allowed-values'?: string[] }>;
  outputs: Record<string, { 'allowed-values'?: string[] }>;
}

const action: Action = readYaml('action.yml');
const sweep: Action = readYaml('sweep/action.yml');
const actionTypes: Types = readYaml('action-types.yml');
const sweepTypes: Types = readYaml('sweep/action-types.yml');

const { env } = process;
afterEach(() => {
  process.env = env;
});

type Reader = (masker: Masker, now: Date) => object;

/** Reads inputs as the sources do; `seen` gets the names of those that were read. */
function readAs(reader: Reader, inputs: Record<string, string>, seen = new Set<string>()): object {
  const variables = Object.entries({ 'password-format': '', ...inputs }).map(([name, value]) => [
    `INPUT_${name.toUpperCase()}`,
    value,
  ]);
  process.env = new Proxy(Object.fromEntries(variables), {
    get(values, name) {
      const [, input] = /^INPUT_(.*)/.exec(String(name)) ?? [];
      if (input) seen.add(input.toLowerCase());
      return Reflect.get(values, name);
    },
  });
  return reader(
    createMasker(() => {}),
    new Date(),
  );
}

/** The limits that a description of an input states. */
function rangeIn(text = ''): string | undefined {
  return /\d+ to \d+/.exec(text)?.[0];
}

describe.each<[string, Action, Types, Reader, Record<string, string>]>([
  ['action.yml', action, actionTypes, readInputs, {}],
  // The event that starts the sweep says which run has ended.
  ['sweep/action.yml', sweep, sweepTypes, readSweepInputs, { 'run-id': 'id', 'run-attempt': 'run_attempt' }],
])('%s', (_, { inputs, outputs }, types, reader, fromEvent) => {
  test('has the inputs that the sources read, all optional', () => {
    const seen = new Set<string>();
    readAs(reader, {}, seen);
    expect([...seen].sort()).toEqual(Object.keys(inputs).sort());
    expect(Object.values(inputs).filter(({ required }) => required)).toEqual([]);
  });

  test('has the defaults of the sources', () => {
    const defaults = Object.entries(inputs).map(([name, input]) => [name, input.default ?? '']);
    const known = Object.fromEntries(defaults.filter(([name = '']) => !(name in fromEvent)));
    expect(readAs(reader, known)).toEqual(readAs(reader, {}));
    for (const [name, property] of Object.entries(fromEvent))
      expect(inputs[name]?.default).toBe(`\${{ github.event.workflow_run.${property} }}`);
  });

  test.each(Object.keys(inputs).filter((name) => rangeIn(inputs[name]?.description)))(
    'states the limits of %s that the sources enforce',
    (name) => {
      const [min = 0, max = 0] = rangeIn(inputs[name]?.description)?.split(' to ').map(Number) ?? [];
      for (const value of [min, max]) readAs(reader, { [name]: String(value) });
      for (const value of [min - 1, max + 1])
        expect(() => readAs(reader, { [name]: String(value) })).toThrow(`from ${min} to ${max}`);
    },
  );

  test('has an action-types.yml with the same inputs and outputs, in the same order', () => {
    expect(Object.keys(types.inputs)).toEqual(Object.keys(inputs));
    expect(Object.keys(types.outputs)).toEqual(Object.keys(outputs));
    const free = Object.keys(inputs).filter((name) => types.inputs[name]?.type === 'string');
    expect(free).toEqual(['username', 'password', 'api-token', 'api-url']);
  });

  test.each(Object.entries(types.inputs).filter(([, { type }]) => type !== 'string'))(
    'has an action-types.yml with the type of %s that the sources accept',
    (name, { type, 'allowed-values': allowed = ['true', 'false'] }) => {
      const refusal =
        type === 'integer' ? /It must be (a whole|the) number/ : `It must be ${allowed.join(' or ')}.`;
      expect(() => readAs(reader, { 'run-id': '1', 'run-attempt': '1', [name]: 'other' })).toThrow(refusal);
    },
  );
});

test.each(['action.yml', 'sweep/action.yml'])('%s runs on the Node that the project uses', (path) => {
  expect(readYaml(path).runs.using).toBe(`node${read('.node-version').trim()}`);
});

test('Inputs of both actions are described in the same words', () => {
  const shared = Object.keys(sweep.inputs).filter((name) => name in action.inputs);
  expect(shared).toContain('api-url');
  for (const name of shared) expect(sweep.inputs[name]?.description).toBe(action.inputs[name]?.description);
});

test("README.md's table of inputs has those of action.yml, with their defaults and limits", () => {
  const documented = table('README.md', 'Inputs').flatMap(([input, byDefault, meaning]) =>
    names(input).map((name) => [name, { default: names(byDefault)[0], range: rangeIn(meaning) }]),
  );
  const declared = Object.entries(action.inputs).map(([name, input]) => [
    name,
    { default: name === 'api-url' ? defaultApiUrl : input.default, range: rangeIn(input.description) },
  ]);
  expect(Object.fromEntries(documented)).toEqual(Object.fromEntries(declared));
});

describe('What a job gets is documented:', () => {
  const steps: Record<string, StepResult> = {};
  let swept: StepResult;
  let calls: string[];

  beforeAll(async () => {
    const sandbox = await startSandbox();
    const { username, password } = EXAMPLE_ACCOUNT;
    const { token } = sandbox.store.createApiToken(EXAMPLE_ACCOUNT, { name: 'ci' });
    const job = new Job({ actionDir: root });
    for (const [method, inputs] of Object.entries({
      'api-token': { 'api-token': token },
      'ephemeral-api-token': { 'api-token': token, 'ephemeral-api-token': 'true' },
      existing: { 'use-existing-credentials': 'true' },
      login: { username, password },
    }))
      steps[method] = await job.uses({ 'api-url': sandbox.url, ...inputs });
    await job.finish();
    const sweepJob = new Job({ actionDir: join(root, 'sweep') });
    swept = await sweepJob.uses({ 'api-url': sandbox.url, 'api-token': token });
    for (const each of [job, sweepJob]) each.dispose();
    await sandbox.close();
    calls = sandbox.requests.map(({ method, path }) =>
      `${method} ${path.replace('/api/v1/', '')}`.replace(/(?<=tokens\/).*/, 'ID'),
    );
  });

  test.each(['api-token', 'ephemeral-api-token', 'existing', 'login'])('the outputs of %s', (method) => {
    const { outputs = {} } = steps[method] ?? {};
    expect(actionTypes.outputs['auth-method']?.['allowed-values']).toContain(method);
    expect(outputs['auth-method']).toBe(method);
    const documented = table('README.md', 'Outputs').flatMap(([output]) => names(output));
    expect(documented.sort()).toEqual(Object.keys(outputs).sort());
    expect(documented).toEqual(Object.keys(action.outputs).sort());
  });

  test('the outputs of a sweep', () => {
    expect(Object.keys(swept.outputs).sort()).toEqual(Object.keys(sweep.outputs).sort());
  });

  test.each([
    ['login', 1],
    ['api-token', 2],
  ])('the variables of %s', (method, column) => {
    const documented = table('README.md', 'Variables').flatMap((row) =>
      row[column]?.trim() ? names(row[0]) : [],
    );
    const filled = Object.entries(steps[method]?.env ?? {}).flatMap(([name, value]) => (value ? [name] : []));
    expect(documented.sort()).toEqual(filled.sort());
  });

  test('the calls', () => {
    const documented = table('docs/api.md', 'What the action calls, and when').flatMap(([call]) =>
      names(call),
    );
    expect(documented.sort()).toEqual([...new Set(calls)].sort());
  });
});
