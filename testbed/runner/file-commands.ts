import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
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
    yield [
      name,
      text
        .slice(index + 1, end)
        .join('')
        .replace(lineEnd, ''),
    ];
    index = end;
  }
}

const variables = [
  'GITHUB_ENV',
  'GITHUB_OUTPUT',
  'GITHUB_STATE',
  'GITHUB_PATH',
  'GITHUB_STEP_SUMMARY',
] as const;

/** The variables with the paths of a step's command files. */
export type CommandFile = (typeof variables)[number];

/** What a step has written into its command files. */
export interface Written {
  env: Record<string, string>;
  outputs: Record<string, string>;
  state: Record<string, string>;
  summary: string;
}

/** The command files of one step. */
export class CommandFiles {
  readonly paths: Readonly<Record<CommandFile, string>>;

  /** Creates them, empty, in this directory. */
  constructor(directory: string) {
    const path = (variable: CommandFile): string => join(directory, `${variable}-${randomUUID()}`);
    this.paths = {
      GITHUB_ENV: path('GITHUB_ENV'),
      GITHUB_OUTPUT: path('GITHUB_OUTPUT'),
      GITHUB_STATE: path('GITHUB_STATE'),
      GITHUB_PATH: path('GITHUB_PATH'),
      GITHUB_STEP_SUMMARY: path('GITHUB_STEP_SUMMARY'),
    };
    for (const file of Object.values(this.paths)) writeFileSync(file, '', { mode: 0o600 });
  }

  /** Reads what the step has written. What the runner rejects becomes an error in the step's output. */
  read(output: StepOutput): Written {
    return {
      env: this.#readAssignments('GITHUB_ENV', output),
      outputs: this.#readAssignments('GITHUB_OUTPUT', output),
      state: this.#readAssignments('GITHUB_STATE', output),
      summary: readText(this.paths.GITHUB_STEP_SUMMARY),
    };
  }

  #readAssignments(variable: CommandFile, output: StepOutput): Record<string, string> {
    const values: Record<string, string> = {};
    try {
      for (const [name, value] of parseCommandFile(readText(this.paths[variable]))) values[name] = value;
    } catch (error) {
      output.fail(`Unable to process file command '${kindOf(variable)}' successfully.`);
      output.fail(error instanceof Error ? error.message : String(error));
    }
    return values;
  }
}

function kindOf(variable: CommandFile): string {
  return variable.slice('GITHUB_'.length).toLowerCase();
}

/** The text of a command file; empty if the step removed it. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
