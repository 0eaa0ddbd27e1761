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
    const equals = line.indexOf('=');
    const heredoc = line.indexOf('<<');
    if (equals >= 0 && (heredoc < 0 || equals < heredoc)) {
      if (equals === 0) throw new Error(`Invalid format '${line}'. Name must not be empty`);
      yield [line.slice(0, equals), line.slice(equals + 1)];
      continue;
    }
    if (heredoc < 0) throw new Error(`Invalid format '${line}'`);
    const name = line.slice(0, heredoc);
    const delimiter = line.slice(heredoc + 2);
    if (name === '' || delimiter === '') {
      throw new Error(`Invalid format '${line}'. Name must not be empty and delimiter must not be empty`);
    }
    const end = lines.indexOf(delimiter, index + 1);
    if (end < 0) throw new Error(`Invalid value. Matching delimiter not found '${delimiter}'`);
    const value = text.slice(index + 1, end).join('');
    yield [name, value.replace(lineEnd, '')];
    index = end;
  }
}

const MAX_SUMMARY_BYTES = 1024 * 1024;

/** The variables with the paths of a step's command files. */
type Variable = 'GITHUB_ENV' | 'GITHUB_OUTPUT' | 'GITHUB_STATE' | 'GITHUB_PATH' | 'GITHUB_STEP_SUMMARY';

/** What a step has written into its command files. */
export interface Written {
  env: Record<string, string>;
  outputs: Record<string, string>;
  state: Record<string, string>;
  /** Directories to search for programs, the last one added first. */
  path: string[];
  /** Empty if it is larger than the runner accepts. */
  summary: string;
}

/** The command files of one step. */
export class CommandFiles {
  readonly paths: Readonly<Record<Variable, string>>;

  /** Creates them, empty, in this directory. */
  constructor(directory: string) {
    const create = (variable: Variable): string => {
      const path = join(directory, `${kindOf(variable)}_${randomUUID()}`);
      writeFileSync(path, '', { mode: 0o600 });
      return path;
    };
    this.paths = {
      GITHUB_ENV: create('GITHUB_ENV'),
      GITHUB_OUTPUT: create('GITHUB_OUTPUT'),
      GITHUB_STATE: create('GITHUB_STATE'),
      GITHUB_PATH: create('GITHUB_PATH'),
      GITHUB_STEP_SUMMARY: create('GITHUB_STEP_SUMMARY'),
    };
  }

  /** Reads what the step has written. What the runner rejects becomes an error in the step's output. */
  read(output: StepOutput): Written {
    return {
      env: this.#readAssignments('GITHUB_ENV', output),
      outputs: this.#readAssignments('GITHUB_OUTPUT', output),
      state: this.#readAssignments('GITHUB_STATE', output),
      path: readText(this.paths.GITHUB_PATH).split(/\r?\n/).filter(Boolean).reverse(),
      summary: this.#readSummary(output),
    };
  }

  #readAssignments(variable: Variable, output: StepOutput): Record<string, string> {
    const values: Record<string, string> = {};
    try {
      for (const [name, value] of parseCommandFile(readText(this.paths[variable]))) {
        if (variable === 'GITHUB_ENV' && name.toUpperCase() === 'NODE_OPTIONS') {
          throw new Error(`Can't store ${name} output parameter using '$GITHUB_ENV' command.`);
        }
        values[name] = value;
      }
    } catch (error) {
      output.fail(`Unable to process file command '${kindOf(variable)}' successfully.`);
      output.fail(error instanceof Error ? error.message : String(error));
    }
    return values;
  }

  #readSummary(output: StepOutput): string {
    const summary = readText(this.paths.GITHUB_STEP_SUMMARY);
    const bytes = Buffer.byteLength(summary);
    if (bytes <= MAX_SUMMARY_BYTES) return summary;
    const kibibytes = Math.ceil(bytes / 1024);
    output.annotate(
      'error',
      `$GITHUB_STEP_SUMMARY upload aborted, supports content up to a size of 1024k, got ${kibibytes}k.`,
    );
    return '';
  }
}

function kindOf(variable: Variable): string {
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
