export interface Printed {
  /** The lines written to stdout and stderr. */
  readonly lines: string[];
  /** The exit code with which the process would have ended; undefined if nothing ended it. */
  readonly exitCode: number | undefined;
}

/**
 * Runs something that prints, and captures the output.
 *
 * @param act what to run; it keeps running after it has ended the process
 * @param onLine is called with every line before anything else happens
 */
export async function captureOutput(
  act: () => unknown,
  onLine: (line: string) => void = () => {},
): Promise<Printed> {
  const lines: string[] = [];
  let rest = '';
  let exitCode: number | undefined;

  const take = (line: string): void => {
    lines.push(line);
    onLine(line);
  };
  const write = (chunk: unknown): boolean => {
    // The toolkit uses the system's line endings.
    const parts = (rest + String(chunk)).split(/\r?\n/);
    rest = parts.pop() ?? '';
    for (const line of parts) take(line);
    return true;
  };
  const writers = [process.stdout, process.stderr].map((stream) => ({ stream, write: stream.write }));
  for (const { stream } of writers) stream.write = write;
  // For good: what is still running when a test has failed must not end the process, in which others run.
  process.exit = () => {
    exitCode = Number(process.exitCode ?? 0);
    return undefined as never;
  };
  try {
    await act();
  } finally {
    for (const { stream, write: original } of writers) stream.write = original;
    process.exitCode = undefined;
  }
  if (rest !== '') take(rest);
  return { lines, exitCode };
}
