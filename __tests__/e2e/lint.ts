import { execFile } from 'node:child_process';
import { cpSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { basename, join } from 'node:path';
import { promisify } from 'node:util';
import { Repository } from './act.ts';
import type { Report } from './report.ts';
import type { Tools } from './tools.ts';

/**
 * Checks what is not TypeScript: workflows, actions and the script of the examples.
 *
 * @param root the project's folder
 */
export async function lint(root: string, tools: Tools, report: Report): Promise<void> {
  const { actionlint, shellcheck, zizmor } = tools;
  const files = (...patterns: string[]) => globSync(patterns, { cwd: root });
  report.check("GitHub's schema allows every action.yml", await schemaErrors(root));
  if (actionlint && shellcheck) {
    const found = await lintWorkflows(actionlint, shellcheck, root);
    report.check('actionlint and shellcheck find nothing in the workflows', found);
  }
  if (shellcheck) {
    const scripts = files('examples/*.sh', '.ci/run', '__tests__/e2e/stand-ins/bin/*');
    report.check('shellcheck finds nothing in the scripts', await findings(shellcheck, scripts, root));
  }
  if (zizmor) {
    // It would not find the examples by itself. .github/zizmor.yml says what to ignore, and why.
    const options = ['--offline', '--strict-collection', '--no-progress', '--color=never', '--quiet'];
    const inputs = ['.', ...files('examples/**/*.yml', '__tests__/e2e/*.yml')];
    const found = await findings(zizmor, [...options, '--config', '.github/zizmor.yml', ...inputs], root);
    report.check('zizmor finds nothing in workflows, actions and dependabot.yml', found);
  }
}

/** Runs a linter. Returns what it printed if it failed. */
async function findings(linter: string, args: readonly string[], cwd: string): Promise<string[]> {
  try {
    await promisify(execFile)(linter, args, { cwd, timeout: 60_000 });
    return [];
  } catch (error) {
    return [
      error instanceof Error && 'stdout' in error && error.stdout ? String(error.stdout) : String(error),
    ];
  }
}

/**
 * Lints all workflows in one repository, because they may call each other. Where an example uses the published action,
 * the action here takes its place, so that inputs and outputs are checked against its action.yml.
 */
async function lintWorkflows(actionlint: string, shellcheck: string, root: string): Promise<string[]> {
  const repository = new Repository(undefined);
  const { folder } = repository;
  try {
    const others = globSync(['.github/workflows/*.yml', '__tests__/e2e/*.yml'], { cwd: root });
    for (const path of others) cpSync(join(root, path), join(folder, '.github/workflows', basename(path)));
    for (const path of globSync(join(folder, '.github/workflows/*.yml'))) {
      const text = readFileSync(path, 'utf8');
      writeFileSync(path, text.replaceAll(/uses: your-org\/exabits-auth(\/\w+)?@v\d/g, 'uses: .$1/'));
    }
    // Without pyflakes, so that all machines give the same result.
    const options = ['-no-color', '-oneline', `-shellcheck=${shellcheck}`, '-pyflakes='];
    return await findings(actionlint, options, folder);
  } finally {
    repository.dispose();
  }
}

async function schemaErrors(root: string): Promise<string[]> {
  // @actions/workflow-parser is written for bundlers: it imports its schemas without saying that they are JSON.
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      return resolved.url.endsWith('.json') ? { ...resolved, importAttributes: { type: 'json' } } : resolved;
    },
  });
  const { parseAction } = await import('@actions/workflow-parser/actions/action-parser');
  const { NoOperationTraceWriter } = await import('@actions/workflow-parser');
  hooks.deregister();

  const others = ['{sweep,.github/actions,examples}/**/action.yml', '__tests__/e2e/stand-ins/*.yml'];
  return globSync(['action.yml', ...others], { cwd: root }).flatMap((name) => {
    const content = readFileSync(join(root, name), 'utf8');
    const { context } = parseAction({ name, content }, new NoOperationTraceWriter());
    return context.errors.getErrors().map(({ message }) => `${name}: ${message}`);
  });
}
