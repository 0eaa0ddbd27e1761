import { execFile } from 'node:child_process';
import { accessSync, constants, mkdirSync, rmSync, symlinkSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';

/** A program that the end-to-end run uses. */
export interface Tool {
  /** The name of its command. */
  readonly name: string;
  /** The command that puts it into `TOOLS_FOLDER`, with its pinned version. */
  readonly command: readonly [program: string, ...args: string[]];
  /** The file that the command creates. */
  readonly built: string;
}

/** Where a tool is, or why it is not available. */
export type Found = { readonly path: string } | { readonly missing: string };

const longestBuildMs = 9 * 60_000;

/** The project's folder for tools, which git ignores. */
export const TOOLS_FOLDER = join(import.meta.dirname, '../../.tools/bin');

export const ACT = goTool('act', 'github.com/nektos/act@v0.2.89');
export const ACTIONLINT = goTool('actionlint', 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12');
/** Exabits' official client. */
export const EGPU = goTool('egpu', 'github.com/exabits-xyz/gpu-cli@v0.0.3');
export const ZIZMOR = wheelTool('zizmor', '1.32.0');

function goTool(name: string, source: string): Tool {
  // Go names a program after the last part of its module's path.
  return { name, command: ['go', 'install', source], built: source.replace(/^.*\/|@.*$/g, '') };
}

function wheelTool(name: string, version: string): Tool {
  const wheel = ['--no-deps', '--only-binary=:all:', '--quiet', `${name}==${version}`];
  // A separate folder, because pip replaces an existing `bin`.
  const target = join(TOOLS_FOLDER, '..', name);
  return {
    name,
    command: ['python3', '-m', 'pip', 'install', '--target', target, '--upgrade', ...wheel],
    built: `../${name}/bin/${name}`,
  };
}

/**
 * Finds a tool through the variable with its name in upper case, on PATH, or in the project's folder;
 * else installs it there.
 */
export async function findOrInstall(tool: Tool): Promise<Found> {
  const path = findTool(tool);
  if (path !== undefined) return { path };
  return install(tool);
}

/** Where a tool already is, or undefined. */
export function findTool({ name }: Tool): string | undefined {
  const chosen = process.env[name.toUpperCase()];
  const folders = [...(process.env.PATH ?? '').split(delimiter), TOOLS_FOLDER].filter(Boolean);
  const candidates = [...(chosen ? [chosen] : []), ...folders.map((folder) => join(folder, name))];
  return candidates.find(isExecutable);
}

async function install({ name, command: [program, ...args], built }: Tool): Promise<Found> {
  const missing = (why: string) => ({
    missing: `${name} is missing: it is not on PATH, ${name.toUpperCase()} names no path, and "${[program, ...args].join(' ')}" failed (${why})`,
  });
  mkdirSync(TOOLS_FOLDER, { recursive: true });
  console.log(`${name} is not on PATH: ${[program, ...args].join(' ')}`);
  try {
    await promisify(execFile)(program, args, {
      env: { ...process.env, GOBIN: TOOLS_FOLDER, GOFLAGS: '-mod=mod', CGO_ENABLED: '0' },
      timeout: longestBuildMs,
    });
  } catch (thrown) {
    return missing(firstLine(thrown));
  }
  const path = join(TOOLS_FOLDER, name);
  if (built !== name) {
    rmSync(path, { force: true });
    symlinkSync(built, path);
  }
  return isExecutable(path) ? { path } : missing(`there is no ${path} afterwards`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

function firstLine(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  if ('code' in thrown && thrown.code === 'ENOENT') return 'it is not here either';
  const stderr = 'stderr' in thrown ? String(thrown.stderr) : thrown.message;
  return (
    stderr.split('\n').find((line) => /\S/.test(line) && !line.startsWith('go: downloading')) ??
    thrown.message
  );
}
