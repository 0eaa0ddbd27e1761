import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { readInputs } from '../../src/inputs/inputs.ts';
import { readSweepInputs } from '../../src/inputs/sweep-inputs.ts';
import { createMasker, type Masker } from '../../src/secrets.ts';

interface Action {
  inputs: Record<string, { description: string; required?: boolean; default?: string }>;
  outputs: Record<string, { description: string }>;
  runs: Record<string, string>;
}

interface Types {
  inputs: Record<string, { type: string; 'allowed-values'?: string[] }>;
  outputs: Record<string, { type: string; 'allowed-values'?: string[] }>;
}

const root = join(import.meta.dirname, '../..');
const readYaml = (...path: string[]) => parse(readFileSync(join(root, ...path), 'utf8'));
const action: Action = readYaml('action.yml');
const sweep: Action = readYaml('sweep/action.yml');

const { env } = process;
afterEach(() => {
  process.env = env;
});

type Reader = (masker: Masker, now: Date) => object;

/** Reads inputs as the sources do; `seen` gets the names of those that were read. */
function read(reader: Reader, inputs: Record<string, string>, seen = new Set<string>()): object {
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

describe.each<[string, Action, Reader, string[]]>([
  ['.', action, readInputs, []],
  ['sweep', sweep, readSweepInputs, ['run-id', 'run-attempt']],
])('in %s, action.yml', (folder, { inputs, outputs }, reader, fromEvent) => {
  const types: Types = readYaml(folder, 'action-types.yml');
  const typed = (type: string) => Object.entries(types.inputs).filter(([, input]) => input.type === type);
  const others = Object.entries(inputs).filter(([name]) => !fromEvent.includes(name));

  test('has the inputs that the sources read, all optional', () => {
    const seen = new Set<string>();
    read(reader, {}, seen);
    expect([...seen].sort()).toEqual(Object.keys(inputs).sort());
    expect(Object.values(inputs).filter(({ required }) => required)).toEqual([]);
  });

  test('has the defaults of the sources', () => {
    const defaults = others.map(([name, input]) => [name, input.default ?? '']);
    expect(read(reader, Object.fromEntries(defaults))).toEqual(read(reader, {}));
    expect(fromEvent.map((name) => inputs[name]?.default)).toEqual(
      fromEvent.map(
        (name) => `\${{ github.event.workflow_run.${name.replace('run-id', 'id').replace('-', '_')} }}`,
      ),
    );
  });

  test('states the limits that the sources enforce', () => {
    const limited = Object.entries(inputs).flatMap(([name, { description }]) => {
      const [, min, max] = /(\d+) to (\d+)\.$/.exec(description) ?? [];
      return min && max ? [{ name, min: Number(min), max: Number(max) }] : [];
    });
    expect(limited.length).toBeGreaterThan(1);
    for (const { name, min, max } of limited) {
      for (const value of [min, max]) read(reader, { [name]: String(value) });
      for (const value of [min - 1, max + 1])
        expect(() => read(reader, { [name]: String(value) })).toThrow(`from ${min} to ${max}`);
    }
  });

  test('has an action-types.yml with the same inputs and outputs, in the same order', () => {
    expect(Object.keys(types.inputs)).toEqual(Object.keys(inputs));
    expect(Object.keys(types.outputs)).toEqual(Object.keys(outputs));
  });

  test('has an action-types.yml with the types that the sources accept', () => {
    const refusal = (name: string) =>
      expect(() => read(reader, { 'run-id': '1', 'run-attempt': '1', [name]: 'other' }));
    for (const [name] of typed('boolean')) refusal(name).toThrow('It must be true or false.');
    for (const [name] of typed('integer')) refusal(name).toThrow(/It must be (a whole|the) number/);
    for (const [name, { 'allowed-values': allowed = [] }] of typed('enum'))
      refusal(name).toThrow(`It must be ${allowed.join(' or ')}.`);
    expect(typed('string').map(([name]) => name)).toEqual(['username', 'password', 'api-token', 'api-url']);
    const method = types.outputs['auth-method']?.['allowed-values'] ?? [];
    expect(outputs['auth-method']?.description ?? '').toContain(
      method.join(', ').replace(/, (?=[^,]*$)/, ' or '),
    );
  });
});

test('Shared inputs are described in the same words in both actions', () => {
  const shared = Object.keys(sweep.inputs).filter((name) => name in action.inputs);
  expect(shared.length).toBeGreaterThan(5);
  for (const name of shared) expect(sweep.inputs[name]?.description).toBe(action.inputs[name]?.description);
});

test('Both actions run the same bundle on node24, and only the sign-in has a post step', () => {
  expect(action.runs).toEqual({ using: 'node24', main: 'dist/index.cjs', post: 'dist/post.cjs' });
  expect(sweep.runs).toEqual({ using: 'node24', main: '../dist/sweep.cjs' });
  expect(readdirSync(join(root, 'dist')).sort()).toEqual([
    'index.cjs',
    'licenses.txt',
    'post.cjs',
    'sweep.cjs',
  ]);
});
