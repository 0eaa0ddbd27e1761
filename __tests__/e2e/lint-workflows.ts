import { execFile } from 'node:child_process';
import { globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { Result } from './log-lines.ts';

/**
 * Runs actionlint over every workflow of the project and of its examples. Where an example uses the published
 * action, the action here takes its place, so that inputs and outputs are checked against its action.yml.
 *
 * @param actionlint the path of actionlint
 * @param root the project's folder
 */
export async function lintWorkflows(actionlint: string, root: string): Promise<Result[]> {
  const files = globSync(['.github/workflows/*.yml', 'examples/**/*.yml'], { cwd: root })
    .filter((file) => basename(file) !== 'action.yml')
    .sort();
  const folders = [...Map.groupBy(files, dirname).values()];
  return (await Promise.all(folders.map(lintFolder))).flat();

  /** Workflows of one folder may call each other, so they are linted together, as the workflows of one project. */
  async function lintFolder(ofFolder: readonly string[]): Promise<Result[]> {
    const project = mkdtempSync(join(tmpdir(), 'actionlint-'));
    try {
      mkdirSync(join(project, '.git'));
      mkdirSync(join(project, '.github/workflows'), { recursive: true });
      for (const shared of ['action.yml', 'sweep', 'dist', '__tests__', '.github/actions']) {
        symlinkSync(join(root, shared), join(project, shared));
      }
      for (const file of ofFolder) {
        const workflow = readFileSync(join(root, file), 'utf8');
        writeFileSync(
          join(project, '.github/workflows', basename(file)),
          workflow.replaceAll(/uses: [\w.-]+\/exabits-auth(\/\w+)?@v\d\S*/g, 'uses: .$1/'),
        );
      }
      return await Promise.all(ofFolder.map((file) => lint(file, project)));
    } finally {
      rmSync(project, { recursive: true });
    }
  }

  async function lint(file: string, project: string): Promise<Result> {
    const checked = { scenario: 'actionlint', title: file };
    // Without the two optional programs that actionlint runs if it finds them, so that all machines give the same result.
    const args = ['-no-color', '-oneline', '-shellcheck=', '-pyflakes='];
    try {
      await promisify(execFile)(actionlint, [...args, join('.github/workflows', basename(file))], {
        cwd: project,
        timeout: 60_000,
      });
      return { ...checked, outcome: 'pass' };
    } catch (thrown) {
      const findings = thrown instanceof Error && 'stdout' in thrown ? String(thrown.stdout).trim() : '';
      return { ...checked, outcome: 'fail', reason: findings || String(thrown) };
    }
  }
}
