import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import { parseCommandFile } from '../testbed/runner/file-commands.ts';

/** The variables of a process. */
export type Variables = Readonly<Record<string, string>>;

/** What one process did and used. */
export interface Run {
  readonly exitCode: number | null;
  readonly output: string;
  /** From its start to its end, in milliseconds. */
  readonly ms: number;
  /** Of all its threads, in milliseconds. */
  readonly cpuMs: number;
  /** How many of Node's own modules were loaded. */
  readonly modules: number;
  /** The most that it had. */
  readonly memoryMiB: number;
  /** What a post step gets: the variables that were exported, and the state. */
  readonly left: Variables;
}

/**
 * Runs Node as the runner starts a step.
 *
 * @param args arguments to Node
 * @param env the step's own variables, beside those of the runner
 * @param folder for temporary files, and the command files
 */
export async function launch(args: readonly string[], env: Variables, folder: string): Promise<Run> {
  const names = ['ENV', 'OUTPUT', 'STATE', 'STEP_SUMMARY'];
  const files = Object.fromEntries(names.map((name) => [`GITHUB_${name}`, join(folder, name)]));
  for (const path of Object.values(files)) writeFileSync(path, '');
  const started = performance.now();
  const child = spawn(process.execPath, ['-r', join(import.meta.dirname, 'usage.cjs'), ...args], {
    env: { ...runner, HOME: folder, RUNNER_TEMP: folder, ...files, ...env },
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  });
  const pipes = child.stdio.slice(1).filter((pipe) => pipe instanceof Readable);
  const printed = Promise.all(pipes.map((pipe) => text(pipe)));
  const [exitCode] = await once(child, 'close');
  const ms = performance.now() - started;
  const [stdout = '', stderr = '', usage = ''] = await printed;
  const written = (name: string) => [...parseCommandFile(readFileSync(join(folder, name), 'utf8'))];
  const state = written('STATE').map(([name, value]) => [`STATE_${name}`, value]);
  const left = Object.fromEntries([...written('ENV'), ...state]);
  return { exitCode, output: stdout + stderr, ms, left, ...JSON.parse(usage) };
}

const runner = {
  GITHUB_REPOSITORY: 'octo-org/octo-repo',
  GITHUB_REPOSITORY_OWNER: 'octo-org',
  GITHUB_RUN_ATTEMPT: '1',
  GITHUB_RUN_ID: '1658821493',
  GITHUB_SERVER_URL: 'https://github.com',
};

/**
 * Reads the action.yml in a folder.
 *
 * @returns the action's files, and what makes variables of its inputs, with the defaults that are no expressions
 */
export function readAction(folder: string) {
  const { inputs, runs } = parse(readFileSync(join(folder, 'action.yml'), 'utf8'));
  const defaults = Object.entries<{ default?: unknown }>(inputs).map(([name, input]): [string, string] => {
    const value = String(input.default ?? '');
    return [name, value.includes('${{') ? '' : value];
  });
  const variables = (given: Variables = {}): Variables => {
    const all = Object.entries({ ...Object.fromEntries(defaults), ...given });
    return Object.fromEntries(all.map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]));
  };
  return { main: join(folder, runs.main), post: join(folder, String(runs.post)), inputs: variables };
}
