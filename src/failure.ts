/** Stable names for every way a step can fail. docs/troubleshooting.md has a section for each. */
export const failureCodes = [
  'invalid-input',
  'no-credentials',
  'username-without-password',
  'password-without-username',
  'malformed-api-token',
  'expired-api-token',
  'insecure-api-url',
  'wrong-credentials',
  'access-refused',
  'host-not-found',
  'connection-refused',
  'connection-lost',
  'proxy-failed',
  'tls-failed',
  'redirected',
  'timed-out',
  'rate-limited',
  'unavailable',
  'rejected',
  'answer-too-large',
  'answer-not-json',
  'answer-malformed',
  'not-deleted',
  'job-files',
  'unsupported-node',
  'unexpected',
] as const;

export type FailureCode = (typeof failureCodes)[number];

/**
 * A failure to show to the user: `message` says in one line what happened and what to do.
 * It never contains a secret, and any text from outside has been through `redact`.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** Exabits refused to create a token, so none exists. */
export class NotCreated extends Failure {
  constructor(refusal: Failure) {
    super(refusal.code, refusal.message, { cause: refusal });
  }
}

/**
 * Turns anything that was thrown into a Failure.
 *
 * @param thrown what a `catch` received
 * @returns `thrown` itself if it is a Failure, otherwise an `unexpected` one with `thrown` as its cause
 */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  return new Failure(
    'unexpected',
    `Unexpected error: ${reasonOf(thrown)}. Run the job again with debug logging, and report the error if it happens again.`,
    { cause: thrown },
  );
}

/** The message of an error, or anything else that was thrown as text. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * The code of a system, OpenSSL or Node error.
 *
 * @param thrown what a `catch` received
 * @returns the code, such as `ECONNREFUSED`; empty if there is none
 */
export function codeOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : '';
}

/**
 * Runs something, and returns a failure instead of throwing it.
 *
 * @param act what to do
 * @returns its result, or the failure
 */
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
