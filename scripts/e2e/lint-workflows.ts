import { spawn } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { Result } from './log-lines.ts';

/**
 * Runs actionlint over every workflow of the project and of its examples. An example's use of the published action is
 * read as one of the action here, so that its inputs and outputs are held against action.yml.
 *
 * @param actionlint the path of actionlint
 * @param root the project's folder
 */
export async function lintWorkflows(actionlint: string, root: string): Promise<Result[]> {
  const files = globSync(['.github/workflows/*.yml', 'examples/**/*.yml'], { cwd: root })
    .filter((file) => basename(file) !== 'action.yml')
    .sort();
  return Promise.all(
    files.map(async (file): Promise<Result> => {
      const workflow = readFileSync(join(root, file), 'utf8');
      const findings = await lint(
        workflow.replaceAll(/uses: [\w.-]+\/exabits-auth@v\d\S*/g, 'uses: ./'),
        file,
      );
      const checked = { scenario: 'actionlint', title: file };
      return findings === ''
        ? { ...checked, outcome: 'pass' }
        : { ...checked, outcome: 'fail', reason: findings };
    }),
  );

  async function lint(workflow: string, file: string): Promise<string> {
    // Without the two programs that actionlint runs where it finds them: every machine is to say the same.
    const args = ['-no-color', '-oneline', '-shellcheck=', '-pyflakes='];
    const child = spawn(
      actionlint,
      [...args, '-stdin-filename', join('.github/workflows', basename(file)), '-'],
      {
        cwd: root,
        stdio: ['pipe', 'pipe', 'pipe'],
        timeout: 60_000,
      },
    );
    const ended = new Promise<number | null>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', resolve);
    });
    child.stdin.end(workflow);
    const [printed, errors, exitCode] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
    const findings = `${printed}${errors}`.trim();
    return findings === '' && exitCode !== 0 ? `actionlint ended with ${exitCode}` : findings;
  }
}
