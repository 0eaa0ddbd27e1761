/** A failure to show to the user: no secrets, and text from outside only through `redact`. `message` is both parts. */
export class Failure extends Error {
  override readonly name = 'Failure';
  /** What happened, in sentences. */
  readonly problem: string;
  /** What to do about it, in sentences. */
  readonly advice: string;

  constructor(problem: string, advice: string, options?: ErrorOptions) {
    super(`${problem} ${advice}`, options);
    this.problem = problem;
    this.advice = advice;
  }
}

/** Turns anything that was thrown into a Failure. */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  return new Failure(
    `Unexpected error: ${reasonOf(thrown)}.`,
    'Run the job again with debug logging, and report the error if it happens again.',
    { cause: thrown },
  );
}

/** The message of an error, or anything else that was thrown as text. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/** The code of a system, OpenSSL or Node error, such as `ECONNREFUSED`; empty if there is none. */
export function codeOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : '';
}

/** Runs something, and returns a failure instead of throwing it. */
export async function attempt<Result>(act: () => Result | Promise<Result>): Promise<Attempt<Result>> {
  try {
    return { result: await act() };
  } catch (thrown) {
    return { failure: toFailure(thrown) };
  }
}

export type Attempt<Result> =
  | { readonly result: Result; readonly failure?: undefined }
  | { readonly result?: undefined; readonly failure: Failure };

/** Does something, whether or not it works. */
export function regardless(act: () => void): void {
  try {
    act();
  } catch {}
}
