/** A workflow command in a line of a step's output. */
export interface WorkflowCommand {
  name: string;
  text: string;
}

// A line with any other name is plain text.
const names: ReadonlySet<string> = new Set([
  'add-mask',
  'add-matcher',
  'add-path',
  'debug',
  'echo',
  'endgroup',
  'error',
  'group',
  'notice',
  'remove-matcher',
  'save-state',
  'set-env',
  'set-output',
  'stop-commands',
  'warning',
]);

/**
 * Reads a workflow command from a line, in either of the runner's two forms: `::name key=value,…::text` at the
 * start of a line (after white space), and the old `##[name key=value;…]text` anywhere in it.
 * Source: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function parseWorkflowCommand(line: string): WorkflowCommand | undefined {
  // For the runner, U+0085 is white space and U+FEFF is not.
  const start = line.replace(/^(?:(?!\ufeff)[\s\u0085])+/, '');
  return (
    command(/^::(.*?)::(.*)$/s.exec(start), TEXT_ESCAPES) ??
    command(/##\[(.*?)\](.*)$/s.exec(line), [['%3B', ';'], ...TEXT_ESCAPES, ['%5D', ']']])
  );
}

type Escapes = readonly (readonly [escaped: string, character: string])[];

const TEXT_ESCAPES: Escapes = [
  ['%0D', '\r'],
  ['%0A', '\n'],
];

function command(match: RegExpExecArray | null, escapes: Escapes): WorkflowCommand | undefined {
  const [, info = '', data = ''] = match ?? [];
  const name = info.replace(/ .*/s, '').toLowerCase();
  if (!names.has(name)) return undefined;
  const all: Escapes = [...escapes, ['%25', '%']];
  return {
    name,
    text: all.reduce((text, [escaped, character]) => text.replaceAll(escaped, character), data),
  };
}
