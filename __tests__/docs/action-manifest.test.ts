import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parse } from 'yaml';
import { createMasker } from '../../src/job/mask.ts';
import { readSweepInputs } from '../../src/sweep-inputs.ts';
import { version } from '../../src/version.ts';
import { worlds } from '../fuzz/worlds.ts';
import { ServedExabits } from '../unit/support/account.ts';
import { stopCalendar } from '../unit/support/clock.ts';
import { apiToken, ephemeralToken, exabits, loginInputs, yes } from '../unit/support/exabits.ts';
import { inputsOf, sweepInputsOf } from '../unit/support/inputs.ts';
import { InProcessJob, type Step } from '../unit/support/job.ts';

interface Manifest {
  inputs: Record<string, { description: string; required?: boolean; default?: string }>;
  outputs: Record<string, { description: string }>;
  runs: Record<string, string>;
}

const root = join(import.meta.dirname, '../..');
const manifest: Manifest = parse(readFileSync(join(root, 'action.yml'), 'utf8'));
const sweepManifest: Manifest = parse(readFileSync(join(root, 'sweep/action.yml'), 'utf8'));
const packageJson: { version: string } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const { env } = process;

beforeEach(() => stopCalendar('2026-11-24T12:00:00Z'));

afterEach(() => {
  process.env = env;
});

describe('the inputs', () => {
  /** The names of the inputs that the action reads if these are given. */
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

  test('have a default in action.yml, except for the credentials and the URL', () => {
    const without = Object.keys(manifest.inputs).filter(
      (name) => manifest.inputs[name]?.default === undefined,
    );
    expect(without.sort()).toEqual(['api-token', 'api-url', 'password', 'username']);
  });

  test('have strings as defaults, as the runner passes strings', () => {
    for (const input of Object.values(manifest.inputs)) {
      expect(['string', 'undefined']).toContain(typeof input.default);
    }
  });

  test('are all optional, because each method needs different ones', () => {
    for (const input of Object.values(manifest.inputs)) expect(input.required ?? false).toBe(false);
  });

  test('are all tried by the fuzzer', () => {
    const tried = new Set(
      fc.sample(worlds, { numRuns: 200, seed: 1 }).flatMap(({ inputs }) => Object.keys(inputs)),
    );
    expect([...tried].sort()).toEqual(Object.keys(manifest.inputs).sort());
  });

  test('state the limits that the sources enforce', async () => {
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
    const job = new InProcessJob(method === 'existing' ? { EXABITS_API_TOKEN: apiToken } : {});
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

describe('the sweep', () => {
  const runOfEvent = ['run-id', 'run-attempt'];
  const event = { workflow_run: { id: 111, run_attempt: 2 } };

  test('reads the inputs of its action.yml and no others', async () => {
    const read = new Set<string>();
    const name = /^INPUT_(.*)/;
    const environment = new Proxy<Record<string, string>>(
      { 'INPUT_API-TOKEN': apiToken },
      {
        get(values, key) {
          const [, input] = name.exec(String(key)) ?? [];
          if (input) read.add(input.toLowerCase());
          return Reflect.get(values, key);
        },
      },
    );
    process.env = environment;
    readSweepInputs(
      createMasker(() => {}),
      new Date(),
    );
    expect([...read].sort()).toEqual(Object.keys(sweepManifest.inputs).sort());
  });

  test('has the same defaults in its action.yml and in the sources', async () => {
    const defaults = Object.entries(sweepManifest.inputs)
      .filter(([name]) => !runOfEvent.includes(name))
      .map(([name, input]) => [name, input.default ?? '']);
    const withoutAny = await sweepInputsOf({});
    expect(await sweepInputsOf(Object.fromEntries(defaults))).toEqual(withoutAny);
    expect(withoutAny).toMatchObject({ timeoutMs: 300_000, staleTokenHours: 168, dryRun: false });
  });

  test('finds out from the event which run has ended', async () => {
    const { inputs } = await new InProcessJob().sweep({}, event);
    expect(runOfEvent.map((name) => inputs[name])).toEqual(['111', '2']);
    expect(runOfEvent.map((name) => sweepManifest.inputs[name]?.default)).toEqual([
      `\${{ github.event.workflow_run.id }}`,
      `\${{ github.event.workflow_run.run_attempt }}`,
    ]);
  });

  test('describes shared inputs in the same words as the sign-in', () => {
    const shared = Object.keys(sweepManifest.inputs).filter((name) => name in manifest.inputs);
    expect(shared).toHaveLength(8);
    for (const name of shared.filter((name) => name !== 'stale-token-hours')) {
      expect(sweepManifest.inputs[name]?.description).toBe(manifest.inputs[name]?.description);
    }
  });

  test('has the outputs of its action.yml', async () => {
    new ServedExabits();
    const { outputs } = await new InProcessJob().sweep(loginInputs);
    expect(Object.keys(outputs)).toEqual(Object.keys(sweepManifest.outputs));
  });

  test('runs the bundle of the sign-in, and has no post step', () => {
    expect(sweepManifest.runs).toEqual({ using: 'node24', main: '../dist/sweep.cjs' });
    const entry = (phase: string) => readFileSync(join(root, `dist/${phase}.cjs`), 'utf8');
    expect(entry('sweep')).toBe("require('./index.cjs');\n");
    expect(entry('sweep')).toBe(entry('post'));
  });
});

test('the User-Agent has the version of package.json', () => {
  expect(version).toBe(packageJson.version);
});
