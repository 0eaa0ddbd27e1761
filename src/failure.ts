/** Every way in which a step can fail, by a stable name. docs/troubleshooting.md has a section for each. */
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
  'unexpected',
] as const;

export type FailureCode = (typeof failureCodes)[number];

/**
 * A failure that a person will read: `message` says in one line what happened and what to do.
 * It never holds a secret, and text from outside in it has been through `redact`.
 */
export class Failure extends Error {
  override readonly name = 'Failure';
  readonly code: FailureCode;

  constructor(code: FailureCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/**
 * Turns anything that was thrown into a Failure.
 *
 * @param thrown what a `catch` received
 * @returns `thrown` itself if it is a Failure, else an `unexpected` one that has it as its cause
 */
export function toFailure(thrown: unknown): Failure {
  if (thrown instanceof Failure) return thrown;
  return new Failure(
    'unexpected',
    `Something went wrong that exabits-auth has no words for: ${reasonOf(thrown)}. Run the job again with debug logging, and report it if it stays.`,
    { cause: thrown },
  );
}

/** What an error says, or whatever else was thrown. */
export function reasonOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}

/**
 * The name that Node gives to an error of the system, of OpenSSL or of its own.
 *
 * @param thrown what a `catch` received
 * @returns such as `ECONNREFUSED`; nothing where it has none
 */
export function codeOf(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? thrown.code : undefined;
  return typeof code === 'string' ? code : '';
}

/**
 * Does something that may fail without ending what is around it.
 *
 * @param act what to do
 * @returns what came of it: its result, or the failure
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
