import { API_BASE_PATH, Responder } from '../../../testbed/exabits/responder.ts';
import { type ApiTokenRecord, Store } from '../../../testbed/exabits/store.ts';
import { email, exabits, loginInputs, no, password, username } from './exabits.ts';
import { InProcessJob, type Step } from './job.ts';

/** Another account at the same Exabits. */
export const somebodyElse = { username: 'bob', password: 'not the password of ada' };

/** A request that reached Exabits. */
export interface Requested {
  /** Such as `GET /api-tokens?limit=100`. */
  readonly call: string;
  readonly bearer: string;
  /** The account that the bearer token belongs to. */
  readonly as: string;
}

export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Handles a request: it may carry it out, also with other query parameters, and may change the answer. */
export type Behaviour = (carryOut: (query?: Record<string, string>) => Reply) => Reply;

/** The double of Exabits behind nock: a test seeds it, runs a step, and looks at what is left. */
export class ServedExabits {
  readonly requests: Requested[] = [];
  readonly #store = new Store([
    { username, password, email },
    { ...somebodyElse, email: '' },
  ]);
  readonly #responder = new Responder(this.#store);
  readonly #rules: { match: string | RegExp; behaviour: Behaviour; times: number }[] = [];

  constructor(url?: string) {
    const scope = exabits(url).persist();
    for (const route of [scope.get(/./), scope.post(/./), scope.delete(/./)]) {
      route
        .query(true)
        .optionally()
        .reply(async (request: Request) => {
          const { status, body, headers } = this.#answer(request, await request.text());
          return [status, body, headers];
        });
    }
  }

  get calls(): string[] {
    return this.requests.map(({ call }) => call);
  }

  /** The accounts that made requests, each once. */
  get callers(): string[] {
    return [...new Set(this.requests.map(({ as }) => as))];
  }

  /** An account's tokens, in the order in which they were added. */
  tokens(of = username): ApiTokenRecord[] {
    return this.#store.apiTokens().filter(({ account }) => account === of);
  }

  /** Their names. */
  left(of = username): string[] {
    return this.tokens(of).map(({ name }) => name);
  }

  seed(name: string, { hoursOld = 0, of = username, description = '' } = {}): ApiTokenRecord {
    const createdAt = Math.floor(this.#store.nowMs() / 1000) - hoursOld * 3600;
    return this.#store.createApiToken(this.#account(of), { name, description, createdAt });
  }

  /** Seeds a person's tokens, which sort differently by name and by time. */
  seedMany(count: number, youngestHours = 1): void {
    for (let index = 0; index < count; index += 1) {
      this.seed(`laptop-${index}`, { hoursOld: youngestHours + ((index * 61) % 101) });
    }
  }

  remove(token: ApiTokenRecord | undefined): void {
    if (token) this.#store.deleteApiToken(this.#account(token.account), token.id);
  }

  /** Sets Exabits' clock ahead of the runner's, or behind it. */
  setClock(hoursAhead: number): void {
    this.#store.advance(hoursAhead * 3600);
  }

  /** Changes the behaviour of calls that start with a string or match a pattern. */
  when(match: string | RegExp, behaviour: Behaviour, times = Number.POSITIVE_INFINITY): void {
    this.#rules.push({ match, behaviour, times });
  }

  #answer({ method, url, headers }: Request, body: string): Reply {
    const { pathname, search, searchParams } = new URL(url);
    const call = `${method} ${pathname.slice(API_BASE_PATH.length)}${search}`;
    const bearer = headers.get('authorization')?.slice('Bearer '.length) ?? '';
    this.requests.push({ call, bearer, as: bearer ? subjectOf(bearer) : JSON.parse(body).username });

    const carryOut = (query: Record<string, string> = {}): Reply => {
      for (const [name, value] of Object.entries(query)) searchParams.set(name, value);
      const sent = {
        method,
        path: pathname,
        query: searchParams,
        headers: Object.fromEntries(headers),
        body,
      };
      const answer = this.#responder.answer(sent);
      return {
        status: answer.status,
        body: answer.body.toString(),
        headers: { date: String(answer.headers.date) },
      };
    };
    const rule = this.#rules.find(
      ({ match, times }) =>
        times > 0 && (typeof match === 'string' ? call.startsWith(match) : match.test(call)),
    );
    if (!rule) return carryOut();
    rule.times -= 1;
    return rule.behaviour(carryOut);
  }

  #account(of: string) {
    const account = this.#store.account(of);
    if (!account) throw new Error(`There is no account ${of}`);
    return account;
  }
}

function subjectOf(token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sub;
}

/** A page of the list, as the action asks for it. */
export function page(order: 'asc' | 'desc', offset = 0): string {
  return `GET /api-tokens?limit=100&offset=${offset}&sortField=created_at&sortOrder=${order}`;
}

/** The server sends this answer and does nothing. */
export function answers(status: number, body: string | object = ''): Behaviour {
  return () => ({ status, body: typeof body === 'string' ? body : JSON.stringify(body), headers: {} });
}

/** The server refuses the request and does nothing. */
export function refuses(status: number, message = 'no'): Behaviour {
  return answers(status, no(message));
}

/** The server carries out the request, but its answer is lost. */
export const losesAnswer: Behaviour = (carryOut) => {
  carryOut();
  throw Object.assign(new Error('socket hang up'), { code: 'ECONNRESET' });
};

/** The server refuses the request, whether or not it was carried out. This stands for a step that is killed before the answer. */
export function isKilled(carriedOut: boolean): Behaviour {
  return (carryOut) => {
    if (carriedOut) carryOut();
    return answers(400)(carryOut);
  };
}

/** The server carries out the request, and then something else happens. */
export function afterwards(act: () => void): Behaviour {
  return (carryOut) => {
    const answer = carryOut();
    act();
    return answer;
  };
}

/** The server changes its list of tokens. */
export function lists(change: (data: Record<string, unknown>[]) => object): Behaviour {
  return (carryOut) => {
    const answer = carryOut();
    return { ...answer, body: JSON.stringify(change(JSON.parse(answer.body).data)) };
  };
}

/** The server cannot sort by time. */
export const ignoresOrder: Behaviour = (carryOut) => carryOut({ sortField: 'name', sortOrder: 'asc' });

export const ephemeralInputs = { ...loginInputs, 'ephemeral-api-token': 'true' };

/** A job between its main step and its post step. */
export interface Made {
  readonly job: InProcessJob;
  readonly main: Step;
  /** The name of its token. */
  readonly name: string;
}

/** The outcome of a job. The name and id of the job's token are replaced by NAME and ID. */
export interface Outcome extends Made {
  readonly post: Step;
  /** What the post step logged after it cleared the job. */
  readonly log: string;
  /** Its calls to Exabits. */
  readonly calls: readonly string[];
  /** The names of the account's tokens. */
  readonly left: readonly string[];
}

/**
 * Runs a job with a token of its own.
 *
 * @param served the Exabits where it signs in
 * @param inputs in addition to those of a login
 * @param meanwhile runs between its two steps
 * @param job the job, if it is not an ordinary one
 */
export async function runJob(
  served: ServedExabits,
  inputs: Record<string, string> = {},
  meanwhile: (made: Made) => void = () => {},
  job = new InProcessJob(),
): Promise<Outcome> {
  const main = await job.main({ ...ephemeralInputs, ...inputs });
  const { name, id }: { name: string; id?: string } = JSON.parse(main.state['ephemeral-token'] ?? '');
  meanwhile({ job, main, name });
  served.requests.length = 0;
  const post = await job.post(main);
  const anonymous = (text: string): string => text.replaceAll(name, 'NAME').replaceAll(id ?? name, 'ID');
  return {
    ...{ job, main, name, post },
    log: anonymous(post.log.replace(/^Cleared .*\n/, '')),
    calls: served.calls.map(anonymous),
    left: served.left().map(anonymous),
  };
}
