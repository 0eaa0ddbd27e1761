// Control characters, line and paragraph separators, and the marks that reorder text on a screen.
const unprintable = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu;

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
  const line = text.replace(unprintable, ' ').replace(/\s+/gu, ' ').replaceAll(oldCommand, '## [').trim();
  return line.length > limit ? `${line.slice(0, limit - 1)}…` : line;
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
