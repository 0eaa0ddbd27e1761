/** A request that the sandbox received. */
export interface RecordedRequest {
  /** Milliseconds since the epoch, by the real clock. */
  readonly at: number;
  readonly method: string;
  readonly path: string;
  /** Both, without the version path, such as `POST /api-tokens`. */
  readonly call: string;
  /** How many of these calls there have been, with this one. */
  readonly nth: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The status of its answer, which a fault may keep from being sent. */
  status?: number;
}

/** How far a request has got: nothing done yet, carried out but not answered, or nothing more will be sent. */
export type Moment = 'received' | 'handled' | 'answered';

/** Called at each moment of each request, which waits for the returned promise. */
export type RequestListener = (request: RecordedRequest, moment: Moment) => unknown;

/** The tokens that a request carries in its headers. */
export function tokensIn({ headers }: Pick<RecordedRequest, 'headers'>): string[] {
  return [headers.authorization?.replace(/^Bearer /, ''), headers['refresh-token']].filter(
    (token) => token !== undefined,
  );
}
