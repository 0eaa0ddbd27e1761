// Printable ASCII, as most text is: known at a glance, where the pattern below takes Node as long to compile as all our
// printing together.
const plain = /^[\x20-\x7e]*$/;

// Control characters, line and paragraph separators, and the marks that reorder text on a screen. As a text: Node looks
// up every character of such a pattern where it is written, in each run and long before it is needed.
const unprintable = String.raw`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+`;

// The runner still takes this for the start of a command, and anywhere in a line (actions/runner, ActionCommand.cs).
const oldCommand = '##[';

/**
 * Makes a single printable line of any text, so that it can neither start a workflow command
 * (the runner reads those line by line) nor flood the log.
 *
 * @param text any text
 * @param limit the most characters to keep
 * @returns one line, white space folded, cut with an ellipsis when it was longer
 */
export function oneLine(text: string, limit = Number.POSITIVE_INFINITY): string {
  const printable = plain.test(text) ? text : text.replace(new RegExp(unprintable, 'gu'), ' ');
  const line = printable.replace(/\s+/gu, ' ').replaceAll(oldCommand, '## [').trim();
  if (line.length <= limit) return line;
  // Half of a surrogate pair is no character, and a strict server refuses it.
  return `${line.slice(0, limit - 1).replace(/[\ud800-\udbff]$/, '')}\u2026`;
}

/**
 * Writes a duration for a person.
 *
 * @param ms milliseconds
 * @returns seconds with at most one decimal, such as `1.5 s`
 */
export function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`;
}
