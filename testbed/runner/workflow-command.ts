/** A workflow command in a line of a step's output. */
export interface WorkflowCommand {
  name: string;
  properties: Readonly<Record<string, string>>;
  text: string;
}

/** The commands that the runner knows. A line with any other name is plain text. */
export const COMMAND_NAMES: ReadonlySet<string> = new Set([
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
 * @param known lower-case names of the commands that count
 */
export function parseWorkflowCommand(line: string, known: ReadonlySet<string>): WorkflowCommand | undefined {
  return parseDoubleColon(line, known) ?? parseBracketed(line, known);
}

function parseDoubleColon(line: string, known: ReadonlySet<string>): WorkflowCommand | undefined {
  // For the runner, U+0085 is white space and U+FEFF is not.
  const command = line.replace(/^(?:(?!\ufeff)[\s\u0085])+/, '');
  if (!command.startsWith('::')) return undefined;
  const end = command.indexOf('::', 2);
  if (end < 0) return undefined;
  const [name, properties] = splitInfo(command.slice(2, end));
  if (!known.has(name)) return undefined;
  return {
    name,
    properties: parseProperties(properties, ',', [...TEXT_ESCAPES, ['%3A', ':'], ['%2C', ','], ['%25', '%']]),
    text: decodeEscapes(command.slice(end + 2), [...TEXT_ESCAPES, ['%25', '%']]),
  };
}

function parseBracketed(line: string, known: ReadonlySet<string>): WorkflowCommand | undefined {
  const start = line.indexOf('##[');
  if (start < 0) return undefined;
  const end = line.indexOf(']', start);
  if (end < 0) return undefined;
  const [name, properties] = splitInfo(line.slice(start + 3, end));
  if (!known.has(name)) return undefined;
  const escapes: Escapes = [['%3B', ';'], ...TEXT_ESCAPES, ['%5D', ']'], ['%25', '%']];
  return {
    name,
    properties: parseProperties(properties, ';', escapes),
    text: decodeEscapes(line.slice(end + 1), escapes),
  };
}

type Escapes = readonly (readonly [escaped: string, character: string])[];

const TEXT_ESCAPES: Escapes = [
  ['%0D', '\r'],
  ['%0A', '\n'],
];

function splitInfo(info: string): [name: string, properties: string] {
  const space = info.indexOf(' ');
  return space < 0
    ? [info.toLowerCase(), '']
    : [info.slice(0, space).toLowerCase(), info.slice(space + 1).trim()];
}

function parseProperties(text: string, separator: string, escapes: Escapes): Record<string, string> {
  const properties: Record<string, string> = {};
  for (const property of text.split(separator)) {
    const equals = property.indexOf('=');
    if (equals >= 0)
      properties[property.slice(0, equals)] = decodeEscapes(property.slice(equals + 1), escapes);
  }
  return properties;
}

function decodeEscapes(text: string, escapes: Escapes): string {
  return escapes.reduce((decoded, [escaped, character]) => decoded.replaceAll(escaped, character), text);
}
