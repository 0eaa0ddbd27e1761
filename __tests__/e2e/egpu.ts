import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Job } from './job.ts';

/** Runs the official client with only what the action exported, and without a configuration file. */
export function egpu(job: Job, ...args: string[]) {
  return configuredEgpu(job, '', ...args);
}

/**
 * Runs the official client with what the action exported, and with a configuration file.
 *
 * @param config the text of its `~/.exabits/config.yaml`
 * @param args its arguments
 * @returns the JSON that it printed
 * @throws when it fails
 */
export async function configuredEgpu({ egpu: path, env }: Job, config: string, ...args: string[]) {
  if (path === undefined) throw new Error('egpu is not installed');
  const home = mkdtempSync(join(tmpdir(), 'egpu-home-'));
  mkdirSync(join(home, '.exabits'));
  writeFileSync(join(home, '.exabits/config.yaml'), config);
  const exported = Object.entries(env).filter(([name]) => name.startsWith('EXABITS_'));
  try {
    const { stdout } = await promisify(execFile)(path, args, {
      env: { ...Object.fromEntries(exported), HOME: home },
      timeout: 60_000,
    });
    return JSON.parse(stdout);
  } finally {
    rmSync(home, { recursive: true });
  }
}
