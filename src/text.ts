// Printable ASCII, like most text, needs no replacing. That saves time: compiling the pattern below takes Node as
// long as all our printing.
const plain = /^[\x20-\x7e]*$/;

// Control characters, line and paragraph separators, and the marks that reorder text on screen. A string, because Node
// would expand these classes in a RegExp literal at every start, needed or not.
const unprintable = String.raw`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+`;

// The runner still reads this as the start of a command, anywhere in a line (actions/runner, ActionCommand.cs).
const oldCommand = '##[';

/**
 * Turns any text into a single printable line, so that it can neither start a workflow command
 * (the runner reads those line by line) nor flood the log.
 *
 * @param text any text
 * @param limit the maximum length in characters
 * @returns one line with white space collapsed, cut with an ellipsis if it was too long
 */
export function oneLine(text: string, limit = Number.POSITIVE_INFINITY): string {
  const printable = plain.test(text) ? text : text.replace(new RegExp(unprintable, 'gu'), ' ');
  const line = printable.replace(/\s+/gu, ' ').replaceAll(oldCommand, '## [').trim();
  if (line.length <= limit) return line;
  // Half of a surrogate pair is not a character, and strict servers reject it.
  return `${line.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, '')}\u2026`;
}

/**
 * Formats a duration.
 *
 * @param ms milliseconds
 * @returns seconds with at most one decimal, such as `1.5 s`
 */
export function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`;
}
