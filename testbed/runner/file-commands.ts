import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { EOL } from 'node:os';
import { join } from 'node:path';
import type { StepOutput } from './step-output.ts';

/** A name and its value, from a line or a heredoc of a command file. */
export type Assignment = [name: string, value: string];

// Only on Windows does the runner read \r\n as one line break; elsewhere the \r belongs to the value.
const lineEnd = EOL === '\r\n' ? /\r?\n$/ : /\n$/;

/**
 * Reads a command file (`$GITHUB_ENV`, `$GITHUB_OUTPUT`, `$GITHUB_STATE`): `name=value` lines, and
 * `name<<delimiter` with the value's lines up to a line that is the delimiter. Everything before a mistake is yielded
 * before the error is thrown, because the runner has already applied it.
 * Source: https://github.com/actions/runner/blob/main/src/Runner.Worker/FileCommandManager.cs
 * @throws an Error that says what is malformed
 */
export function* parseCommandFile(content: string): Generator<Assignment> {
  // Keeps the line breaks, because those inside a value are part of it.
  const text = content.split(/(?<=\n)/);
  const lines = text.map((line) => line.replace(lineEnd, ''));

  for (let index = 0; index < lines.length; index++) {
    const line = lines[index] ?? '';
    if (line === '') continue;
    const [, name = '', sign, rest = ''] = /^(.*?)(=|<<)(.*)$/s.exec(line) ?? [];
    if (name === '' || (sign === '<<' && rest === '')) throw new Error(`Invalid format '${line}'`);
    if (sign === '=') {
      yield [name, rest];
      continue;
    }
    const end = lines.indexOf(rest, index + 1);
    if (end < 0) throw new Error(`Invalid value. Matching delimiter not found '${rest}'`);
    const value = text.slice(index + 1, end).join('');
    yield [name, value.replace(lineEnd, '')];
    index = end;
  }
}

const kinds = ['ENV', 'OUTPUT', 'STATE', 'STEP_SUMMARY'] as const;

/** The variables with the paths of a step's command files. */
export type CommandFile = `GITHUB_${(typeof kinds)[number]}`;
export type CommandFiles = Readonly<Record<CommandFile, string>>;

/** Creates the command files of a step, empty. */
export function createCommandFiles(directory: string): CommandFiles {
  const names = kinds.map((kind) => `GITHUB_${kind}` as const);
  const paths = names.map((name) => [name, join(directory, `${name}-${randomUUID()}`)] as const);
  for (const [, path] of paths) writeFileSync(path, '', { mode: 0o600 });
  return Object.fromEntries(paths) as CommandFiles;
}

/** Reads what a step has written. What the runner rejects becomes an error in the step's output. */
export function readCommandFiles(files: CommandFiles, output: StepOutput) {
  // Empty if the step removed it.
  const read = (path: string): string => (existsSync(path) ? readFileSync(path, 'utf8') : '');
  const assignments = (kind: 'ENV' | 'OUTPUT' | 'STATE'): Record<string, string> => {
    const values: Record<string, string> = {};
    try {
      for (const [name, value] of parseCommandFile(read(files[`GITHUB_${kind}`]))) values[name] = value;
    } catch (error) {
      output.fail(`Unable to process file command '${kind.toLowerCase()}' successfully.`);
      output.fail(error instanceof Error ? error.message : String(error));
    }
    return values;
  };
  return {
    env: assignments('ENV'),
    outputs: assignments('OUTPUT'),
    state: assignments('STATE'),
    summary: read(files.GITHUB_STEP_SUMMARY),
  };
}
