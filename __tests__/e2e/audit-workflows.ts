import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { promisify } from 'node:util';
import type { Result } from './log-lines.ts';

/**
 * Runs zizmor, offline, over workflows, actions and Dependabot's settings, and over the examples, which it would not
 * find by itself. .github/zizmor.yml lists the findings to ignore, with reasons.
 *
 * @param zizmor the path of zizmor
 * @param root the project's folder
 */
export async function auditWorkflows(zizmor: string, root: string): Promise<Result[]> {
  const checked = {
    scenario: 'zizmor',
    title: 'no finding in workflows, actions, examples and dependabot.yml',
  };
  const examples = globSync('examples/**/*.yml', { cwd: root });
  const options = ['--offline', '--strict-collection', '--no-progress', '--color=never', '--quiet'];
  const config = ['--config', '.github/zizmor.yml'];
  try {
    await promisify(execFile)(zizmor, [...options, ...config, '.', ...examples], {
      cwd: root,
      timeout: 60_000,
    });
    return [{ ...checked, outcome: 'pass' }];
  } catch (thrown) {
    const findings = thrown instanceof Error && 'stdout' in thrown ? String(thrown.stdout).trim() : '';
    return [{ ...checked, outcome: 'fail', reason: findings || String(thrown) }];
  }
}
