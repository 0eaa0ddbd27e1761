/** A name and its value, as a line or a heredoc of a command file gives it. */
export type Assignment = [name: string, value: string];

/**
 * Reads a command file (`$GITHUB_ENV`, `$GITHUB_OUTPUT`, `$GITHUB_STATE`): `name=value` lines, and
 * `name<<delimiter` with the value's lines up to a line that is the delimiter. What stands before a mistake is
 * yielded before the mistake is thrown: the runner has applied it by then.
 * Source: https://github.com/actions/runner/blob/main/src/Runner.Worker/FileCommandManager.cs
 * @throws an Error that says what is malformed
 */
export function* parseCommandFile(content: string): Generator<Assignment> {
  const lines = content.split('\n');
  // What follows the last line break is a line only if there is something.
  const endsWithBreak = lines.at(-1) === '';
  if (endsWithBreak) lines.pop();

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
    yield [name, lines.slice(index + 1, end).join('\n')];
    index = end;
  }
}
