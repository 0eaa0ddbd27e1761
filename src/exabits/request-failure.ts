import { Failure } from '../failure.ts';

/** What is known about a request that failed. */
export interface Seen {
  /** What happened, in a few words, for the message about several tries. */
  readonly saw: string;
  /** Whether the same request may succeed later. */
  readonly transient: boolean;
  /** Whether the request certainly changed nothing at Exabits. */
  readonly changedNothing: boolean;
  /** The HTTP status, if there was an answer. */
  readonly status?: number;
  /** Whether the answer had the envelope of Exabits. */
  readonly enveloped?: boolean;
  /** How long the server asked to wait, in milliseconds. */
  readonly retryAfterMs?: number;
  /** Whether no other request would succeed, either: the time is up, or the proxy wants another password. */
  readonly endsAll?: boolean;
  /** Whether the server had already closed the kept connection. */
  readonly onStaleConnection?: boolean;
}

export class RequestFailure extends Failure {
  readonly seen: Seen;

  constructor(problem: string, advice: string, seen: Seen, cause?: unknown) {
    super(problem, advice, { cause });
    this.seen = seen;
  }
}

/** Whether anything answered a request with one of these HTTP statuses. */
export function hasStatus(failure: unknown, ...statuses: readonly number[]): failure is RequestFailure {
  return failure instanceof RequestFailure && statuses.includes(failure.seen.status ?? 0);
}

/** Whether Exabits itself did; 200 means `"status": false`. */
export function isAnswered(failure: unknown, ...statuses: readonly number[]): failure is RequestFailure {
  return hasStatus(failure, ...statuses) && failure.seen.enveloped === true;
}
