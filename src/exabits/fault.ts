import { Failure, type FailureCode } from '../failure.ts';

/** What is known of a request that brought nothing. */
export interface Observed {
  /** What happened, in a few words, for the message that sums up several tries. */
  readonly saw: string;
  /** Whether the same request may succeed later. */
  readonly transient: boolean;
  /** What the server asked to wait, in milliseconds. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** One try of a request that brought nothing. */
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
