/** A request that the sandbox received. */
export interface RecordedRequest {
  /** Milliseconds since the epoch, by the real clock. */
  at: number;
  method: string;
  path: string;
  query: Record<string, string>;
  /** Lower-case names. */
  headers: Record<string, string>;
  body: string;
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

/** Every request since the start or the last `clear`, and the listeners. */
export class RequestHistory {
  readonly requests: RecordedRequest[] = [];
  readonly #listeners = new Set<RequestEventListener>();

  /** Adds a listener; the returned function removes it. */
  onRequest(listener: RequestEventListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /**
   * Adds a request.
   *
   * @returns tells the listeners how far it has got, and resolves when they are done
   */
  record(request: RecordedRequest): (moment: Moment) => Promise<void> {
    const { method, path } = request;
    this.requests.push(request);
    const nth = this.requests.filter((other) => other.method === method && other.path === path).length;
    return async (moment) => {
      for (const listener of this.#listeners) await listener({ moment, method, path, nth });
    };
  }
}
