import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { failureOf } from '../unit/support/failure.ts';
import { inputsOf } from '../unit/support/inputs.ts';

interface Type {
  type: string;
  'allowed-values'?: string[];
  'named-values'?: Record<string, number>;
}
type Names<Value> = Record<'inputs' | 'outputs', Record<string, Value>>;

const root = join(import.meta.dirname, '../..');
const { types, action } = filesOf('.');
const sweep = filesOf('sweep');

function filesOf(folder: string): {
  types: Names<Type>;
  action: Names<{ description: string; default?: string }>;
} {
  const read = (name: string) => parse(readFileSync(join(root, folder, name), 'utf8'));
  return { types: read('action-types.yml'), action: read('action.yml') };
}

/** The keys of each type, except for lists and fractions, which this action does not use. */
const knownKeys: Record<string, string[]> = {
  string: ['type'],
  boolean: ['type'],
  integer: ['type', 'named-values'],
  enum: ['type', 'allowed-values'],
};

function typed(type: string): [name: string, type: Type][] {
  return Object.entries(types.inputs).filter(([, input]) => input.type === type);
}

describe.each([
  ['action-types.yml', { types, action }],
  ['sweep/action-types.yml', sweep],
])('%s', (_path, { types, action }) => {
  test('has the inputs and outputs of action.yml, in the same order, and nothing else', () => {
    expect(Object.keys(types)).toEqual(['inputs', 'outputs']);
    expect(Object.keys(types.inputs)).toEqual(Object.keys(action.inputs));
    expect(Object.keys(types.outputs)).toEqual(Object.keys(action.outputs));
  });

  test('uses only types and keys that the format defines', () => {
    for (const type of [...Object.values(types.inputs), ...Object.values(types.outputs)]) {
      const unknown = Object.keys(type).filter((key) => !knownKeys[type.type]?.includes(key));
      expect({ type, unknown }).toEqual({ type, unknown: [] });
      if (type.type === 'enum') expect(type['allowed-values']?.length).toBeGreaterThan(1);
    }
  });
});

test('sweep/action-types.yml gives shared inputs the same types', () => {
  const shared = Object.keys(sweep.types.inputs).filter((name) => name in types.inputs);
  expect(shared.length).toBeGreaterThan(0);
  for (const name of shared) expect(sweep.types.inputs[name]).toEqual(types.inputs[name]);
});

describe('action-types.yml', () => {
  test('types an input as boolean if it accepts true and false, and nothing else', async () => {
    expect(typed('boolean').length).toBeGreaterThan(0);
    for (const [name] of typed('boolean')) {
      await expect(inputsOf({ [name]: 'false' })).resolves.toBeDefined();
      const { message } = await failureOf(() => inputsOf({ [name]: '1' }));
      expect(message).toBe(`Input "${name}" must be true or false, not "1".`);
    }
  });

  test('types an input as integer if it accepts whole numbers, including the named ones', async () => {
    expect(typed('integer').length).toBeGreaterThan(0);
    for (const [name, { 'named-values': named = {} }] of typed('integer')) {
      for (const value of Object.values(named)) {
        await expect(inputsOf({ [name]: String(value) })).resolves.toBeDefined();
      }
      const { message } = await failureOf(() => inputsOf({ [name]: 'many' }));
      expect(message).toMatch(`Input "${name}" must be a whole number`);
    }
  });

  test('types an input as string only if it has no default', () => {
    const withoutDefault = Object.keys(action.inputs).filter((name) => !action.inputs[name]?.default);
    expect(typed('string').map(([name]) => name)).toEqual(withoutDefault);
  });

  test('lists the values that the action accepts for an enum', async () => {
    expect(typed('enum').length).toBeGreaterThan(0);
    for (const [name, { 'allowed-values': allowed = [] }] of typed('enum')) {
      const { message } = await failureOf(() => inputsOf({ [name]: 'other' }));
      expect(message).toBe(`Input "${name}" must be ${allowed.join(' or ')}, not "other".`);
    }
  });

  test('lists the methods that the description of auth-method names', () => {
    const { description = '' } = action.outputs['auth-method'] ?? {};
    const named = description
      .replace(/^.*: /, '')
      .replace(/\.$/, '')
      .split(/, | or /);
    expect(types.outputs['auth-method']?.['allowed-values']).toEqual(named);
  });
});
