/** A request that the sandbox received. */
export interface RecordedRequest {
  /** Milliseconds since the epoch, by the real clock. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The status of the answer; undefined while there is none, or if a fault kept it from being sent in full. */
  status: number | undefined;
}

/** How far a request has got: nothing done yet, carried out but not answered, or nothing more will be sent. */
export type Moment = 'received' | 'handled' | 'answered';

/** The event for a listener; `nth` counts the requests with this method and path, from 1. */
export interface RequestEvent {
  moment: Moment;
  method: string;
  path: string;
  nth: number;
}

/** Called at each moment of each request, which waits for the returned promise. */
export type RequestEventListener = (event: RequestEvent) => void | Promise<void>;

/** The tokens that a request carries in its headers. */
export function tokensIn({ headers }: Pick<RecordedRequest, 'headers'>): string[] {
  return [headers.authorization?.replace(/^Bearer /, ''), headers['refresh-token']].filter(
    (token) => token !== undefined,
  );
}
