import { afterEach, beforeEach, jest } from '@jest/globals';

export interface Printed {
  /** What went to stdout and stderr, line by line. */
  readonly lines: string[];
  /** What the process would have ended with; undefined when nothing ended it. */
  readonly exitCode: number | undefined;
}

/**
 * Runs something that prints, and keeps what it prints from the real output.
 *
 * @param act what to run; what it does after it has ended the process still happens
 * @param onLine is called with every line before anything else happens
 */
export async function captureOutput(
  act: () => unknown,
  onLine: (line: string) => void = () => {},
): Promise<Printed> {
  const lines: string[] = [];
  let rest = '';
  let exitCode: number | undefined;

  const write = (chunk: unknown): boolean => {
    rest += String(chunk);
    for (let end = rest.indexOf('\n'); end >= 0; end = rest.indexOf('\n')) {
      // The toolkit ends its lines as the system does.
      const line = rest.slice(0, end).replace(/\r$/, '');
      rest = rest.slice(end + 1);
      lines.push(line);
      onLine(line);
    }
    return true;
  };
  const spies = [
    jest.spyOn(process.stdout, 'write').mockImplementation(write),
    jest.spyOn(process.stderr, 'write').mockImplementation(write),
    jest.spyOn(process, 'exit').mockImplementation(() => {
      exitCode = Number(process.exitCode ?? 0);
      return undefined as never;
    }),
  ];
  try {
    await act();
  } finally {
    for (const spy of spies) spy.mockRestore();
    process.exitCode = undefined;
  }
  if (rest !== '') lines.push(rest);
  return { lines, exitCode };
}

/** Keeps what the tests of a file print from the real output. */
export function silenceOutput(): void {
  let restore = (): void => {};
  beforeEach(() => {
    const spy = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
    restore = () => spy.mockRestore();
  });
  afterEach(() => restore());
}
