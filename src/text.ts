// Printable ASCII, like most text, needs no replacing. That saves time: compiling the pattern below takes Node as
// long as all our printing.
const plain = /^[\x20-\x7e]*$/;

// Control characters, line and paragraph separators, and the marks that reorder text on screen. A string, because Node
// would expand these classes in a RegExp literal at every start, needed or not.
const unprintable = String.raw`[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+`;

/** Turns any text into one printable line, which cannot start a workflow command: the runner reads those by line. */
export function oneLine(text: string): string {
  const printable = plain.test(text) ? text : text.replace(new RegExp(unprintable, 'gu'), ' ');
  // The runner still reads `##[` as the start of a command, anywhere in a line (actions/runner, ActionCommand.cs).
  return printable.replace(/\s+/gu, ' ').replaceAll('##[', '## [').trim();
}

/** Formats milliseconds as seconds with at most one decimal, such as `1.5 s`. */
export function seconds(ms: number): string {
  return `${Number((ms / 1000).toFixed(1))} s`;
}
