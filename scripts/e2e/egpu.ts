import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Job } from './job.ts';

/**
 * Runs the official client with nothing but what the action exported, and no configuration of its own.
 *
 * @param args its arguments
 * @returns the JSON that it printed
 * @throws when it fails
 */
export async function egpu({ egpu: path, env }: Job, ...args: string[]) {
  if (path === undefined) throw new Error('egpu is not installed');
  const home = mkdtempSync(join(tmpdir(), 'egpu-home-'));
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
