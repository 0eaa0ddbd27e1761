/** A workflow command in a line of a step's output. */
export interface WorkflowCommand {
  name: string;
  text: string;
}

// A line with any other name is plain text.
const names: readonly string[] = [
  ...'debug notice warning error group endgroup echo add-mask add-matcher remove-matcher'.split(' '),
  ...'add-path save-state set-env set-output stop-commands internal-set-repo-path'.split(' '),
];

/**
 * Reads a workflow command from a line, in either of the runner's two forms: `::name key=value,…::text` at the
 * start of a line (after white space), and the old `##[name key=value;…]text` anywhere in it.
 * Source: https://github.com/actions/runner/blob/main/src/Runner.Common/ActionCommand.cs
 */
export function parseWorkflowCommand(line: string): WorkflowCommand | undefined {
  // For the runner, U+0085 is white space and U+FEFF is not.
  const start = line.replace(/^(?:(?!\ufeff)[\s\u0085])+/, '');
  return (
    command(/^::(.*?)::(.*)$/s.exec(start), { '%0D': '\r', '%0A': '\n' }) ??
    command(/##\[(.*?)\](.*)$/s.exec(line), { '%3B': ';', '%0D': '\r', '%0A': '\n', '%5D': ']' })
  );
}

function command(
  match: RegExpExecArray | null,
  escapes: Record<string, string>,
): WorkflowCommand | undefined {
  const [, info = '', data = ''] = match ?? [];
  const name = info.replace(/ .*/s, '').toLowerCase();
  if (!names.includes(name)) return undefined;
  const all = Object.entries({ ...escapes, '%25': '%' });
  return { name, text: all.reduce((text, [escaped, char]) => text.replaceAll(escaped, char), data) };
}
