import { Failure, type FailureCode } from '../failure.ts';

/** What is known about a failed try. */
export interface Observed {
  /** What happened, in a few words, for the message about several tries. */
  readonly saw: string;
  /** Whether the same request may succeed later. */
  readonly transient: boolean;
  /** How long the server asked to wait, in milliseconds. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** One failed try of a request. */
export class Fault extends Failure {
  readonly saw: string;
  readonly transient: boolean;
  readonly retryAfterMs: number;

  constructor(code: FailureCode, message: string, { saw, transient, retryAfterMs = 0, cause }: Observed) {
    super(code, message, { cause });
    this.saw = saw;
    this.transient = transient;
    this.retryAfterMs = retryAfterMs;
  }
}
