import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { version } from '../../src/version.ts';
import { stopCalendar } from './support/clock.ts';
import { apiToken, ephemeralToken, exabits, loginInputs, yes } from './support/exabits.ts';
import { inputsOf } from './support/inputs.ts';
import { Job, type Step } from './support/job.ts';

interface Manifest {
  inputs: Record<string, { description: string; required?: boolean; default?: string }>;
  outputs: Record<string, { description: string }>;
  runs: Record<string, string>;
}

const root = join(import.meta.dirname, '../..');
const manifest: Manifest = parse(readFileSync(join(root, 'action.yml'), 'utf8'));
const packageJson: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { env } = process;

beforeEach(() => stopCalendar('2026-11-24T12:00:00Z'));

afterEach(() => {
  process.env = env;
});

describe('the inputs', () => {
  /** The names of the inputs that are read with these. */
  async function readWith(given: Record<string, string>): Promise<Set<string>> {
    const read = new Set<string>();
    const watched = new Proxy<Record<string, string>>(
      {},
      {
        get(values, name) {
          if (typeof name === 'string' && name.startsWith('INPUT_')) read.add(name.slice(6).toLowerCase());
          return Reflect.get(values, name);
        },
      },
    );
    await inputsOf(given, watched);
    return read;
  }

  test('that the action reads are those of action.yml', async () => {
    expect([...(await readWith({}))].sort()).toEqual(Object.keys(manifest.inputs).sort());
  });

  test('have the same defaults in action.yml and in the sources', async () => {
    const defaults = Object.entries(manifest.inputs).map(([name, input]) => [name, input.default ?? '']);
    const withDefaults = await inputsOf(Object.fromEntries(defaults));
    expect(withDefaults).toEqual(await inputsOf({}));
  });

  test('have a default in action.yml unless there is none to name', () => {
    const without = Object.keys(manifest.inputs).filter(
      (name) => manifest.inputs[name]?.default === undefined,
    );
    expect(without.sort()).toEqual(['api-token', 'api-url', 'password', 'username']);
  });

  test('have texts as defaults, as the runner hands them on', () => {
    for (const input of Object.values(manifest.inputs)) {
      expect(['string', 'undefined']).toContain(typeof input.default);
    }
  });

  test('are none of them required: each method needs others', () => {
    for (const input of Object.values(manifest.inputs)) expect(input.required ?? false).toBe(false);
  });

  test('have the limits in their descriptions that the sources check', async () => {
    for (const [name, input] of Object.entries(manifest.inputs)) {
      const limits = input.description.match(/(\d+) to (\d+)\.$/);
      if (!limits) continue;
      const [, min = '', max = ''] = limits;
      await expect(inputsOf({ [name]: min })).resolves.toBeDefined();
      await expect(inputsOf({ [name]: max })).resolves.toBeDefined();
      await expect(inputsOf({ [name]: String(Number(min) - 1) })).rejects.toThrow(`from ${min} to ${max}`);
      await expect(inputsOf({ [name]: String(Number(max) + 1) })).rejects.toThrow(`from ${min} to ${max}`);
    }
    expect(manifest.inputs['timeout-seconds']?.description).toContain('1 to 3600.');
    expect(manifest.inputs['max-attempts']?.description).toContain('1 to 100.');
  });
});

describe('the outputs', () => {
  async function outputsOf(method: string): Promise<Step['outputs']> {
    const job = new Job(method === 'existing' ? { EXABITS_API_TOKEN: apiToken } : {});
    if (method === 'login' || method === 'ephemeral-api-token') {
      exabits()
        .post('/authenticate/login')
        .reply(200, yes({ access_token: 'access', refresh_token: 'refresh' }));
    }
    if (method === 'ephemeral-api-token') {
      exabits()
        .post('/api-tokens')
        .reply(200, yes({ id: 1, token: ephemeralToken }));
    }
    const step = await job.main({
      ...(method === 'api-token' ? { 'api-token': apiToken } : loginInputs),
      'ephemeral-api-token': String(method === 'ephemeral-api-token'),
      'use-existing-credentials': String(method === 'existing'),
    });
    expect(step.outputs['auth-method']).toBe(method);
    return step.outputs;
  }

  test.each(['login', 'api-token', 'ephemeral-api-token', 'existing'])(
    'of %s are those of action.yml',
    async (method) => {
      expect(Object.keys(await outputsOf(method)).sort()).toEqual(Object.keys(manifest.outputs).sort());
      expect(manifest.outputs['auth-method']?.description).toContain(method);
    },
  );
});

test('the action runs on node24, with one bundle for both phases', () => {
  expect(manifest.runs).toEqual({ using: 'node24', main: 'dist/index.cjs', post: 'dist/post.cjs' });
  expect(readdirSync(join(root, 'dist'))).toEqual(expect.arrayContaining(['index.cjs', 'post.cjs']));
});

test('the version of the User-Agent is that of package.json', () => {
  expect(version).toBe(packageJson.version);
});
