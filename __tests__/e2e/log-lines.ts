// The lines that the end-to-end jobs write to their log, for the checks that read the log later.

/** How a check ended; `not run` is neither passed nor failed. */
export type Outcome = 'pass' | 'fail' | 'not run';

/** One check of one scenario. */
export interface Result {
  readonly scenario: string;
  readonly title: string;
  readonly outcome: Outcome;
  /** Why it failed or was not run. */
  readonly reason?: string;
}

/** Writes a result as one line. */
export function resultLine({ scenario, title, outcome, reason }: Result): string {
  const end = reason === undefined ? '' : ` | ${reason.trim().replaceAll(/\s*[\r\n]+\s*/g, ' ')}`;
  return `[e2e] ${outcome} | ${scenario} | ${title}${end}`;
}

/** Reads a result from a line of a log, whatever the runner put before it; undefined if there is none. */
export function parseResult(line: string): Result | undefined {
  const match = /\[e2e\] (pass|fail|not run) \| ([\w-]+) \| ([^|]+?)(?: \| (.*))?$/.exec(line);
  const [, outcome, scenario, title, reason] = match ?? [];
  if (scenario === undefined || title === undefined) return undefined;
  if (outcome !== 'pass' && outcome !== 'fail' && outcome !== 'not run') return undefined;
  return { scenario, title, outcome, ...(reason === undefined ? {} : { reason }) };
}

/**
 * Writes a secret in plain text, for the runner to mask.
 *
 * @param name what the secret is
 */
export function probeLine(scenario: string, name: string, secret: string): string {
  return `[e2e] probe | ${scenario} | ${name}=${secret}`;
}

/** Reads a probe as the runner printed it. */
export function parseProbe(line: string): { scenario: string; name: string; shown: string } | undefined {
  const [, scenario, name, shown] = /\[e2e\] probe \| ([\w-]+) \| ([\w ]+)=(.*)$/.exec(line) ?? [];
  if (scenario === undefined || name === undefined || shown === undefined) return undefined;
  return { scenario, name, shown };
}

/** Lists the secrets of a job's sandbox in hexadecimal, which no runner masks and no leak would use. */
export function secretsLine(scenario: string, secrets: readonly string[]): string {
  return `[e2e] secrets | ${scenario} | ${Buffer.from(JSON.stringify(secrets)).toString('hex')}`;
}

/** Reads the secrets of a job's sandbox. */
export function parseSecrets(line: string): string[] | undefined {
  const hex = /\[e2e\] secrets \| [\w-]+ \| ([0-9a-f]+)$/.exec(line)?.[1];
  return hex === undefined ? undefined : JSON.parse(Buffer.from(hex, 'hex').toString());
}
