import { API_BASE_PATH, Responder } from '../../../testbed/exabits/responder.ts';
import { type ApiTokenRecord, Store } from '../../../testbed/exabits/store.ts';
import { email, exabits, loginInputs, no, password, username } from './exabits.ts';
import { InProcessJob, type Step } from './job.ts';

/** Another account at the same Exabits. */
export const somebodyElse = { username: 'bob', password: 'not the password of ada' };

export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Handles a request: it may carry it out, also with other query parameters, and may change the answer. */
export type Behaviour = (carryOut: (query?: Record<string, string>) => Reply) => Reply;

/** The double of Exabits behind nock: a test seeds it, runs a step, and looks at what is left. */
export class ServedExabits {
  /** The requests so far: such as `GET /api-tokens?limit=100`, the bearer token, and the account it belongs to. */
  readonly requests: { readonly call: string; readonly bearer: string; readonly as: string }[] = [];
  readonly #store = new Store([
    { username, password, email },
    { ...somebodyElse, email: '' },
  ]);
  readonly #responder = new Responder(this.#store);
  readonly #rules: { match: string; behaviour: Behaviour; times: number }[] = [];

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

  /** The tokens of the account, in the order in which they were added. */
  tokens(): ApiTokenRecord[] {
    return this.#store.apiTokens().filter(({ account }) => account === username);
  }

  /** Their names. */
  left(): string[] {
    return this.tokens().map(({ name }) => name);
  }

  seed(name: string, { secondsOld = 0, of = username, description = '' } = {}): ApiTokenRecord {
    const createdAt = Math.floor(this.#store.nowMs() / 1000) - secondsOld;
    return this.#store.createApiToken(this.#account(of), { name, description, createdAt });
  }

  /** Seeds tokens of a person; `ageOf` is in seconds. */
  seedMany(count: number, ageOf: (index: number) => number): void {
    for (let index = 0; index < count; index += 1) this.seed(`laptop-${index}`, { secondsOld: ageOf(index) });
  }

  remove(token: ApiTokenRecord | undefined): void {
    if (token) this.#store.deleteApiToken(this.#account(token.account), token.id);
  }

  /** Moves Exabits' clock away from the runner's. */
  moveClock(seconds: number): void {
    this.#store.advance(seconds);
  }

  /** Changes the behaviour of calls that start with a text. */
  when(match: string, behaviour: Behaviour, times = Number.POSITIVE_INFINITY): void {
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
        ...{ method, path: pathname, query: searchParams, body },
        headers: Object.fromEntries(headers),
      };
      const answer = this.#responder.answer(sent);
      return {
        status: answer.status,
        body: answer.body.toString(),
        headers: { date: String(answer.headers.date) },
      };
    };
    const rule = this.#rules.find(({ match, times }) => times > 0 && call.startsWith(match));
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
export function page(offset = 0): string {
  return `GET /api-tokens?limit=100&offset=${offset}&sortField=created_at&sortOrder=desc`;
}

/** The server does what is asked. */
export const carriesOut: Behaviour = (carryOut) => carryOut();

/** The server sends this answer and does nothing. */
export function answers(status: number, body: string | object = ''): Behaviour {
  return () => ({ status, body: typeof body === 'string' ? body : JSON.stringify(body), headers: {} });
}

/** Exabits refuses the request and does nothing. */
export function refuses(status: number, message = 'no'): Behaviour {
  return answers(status, no(message));
}

/** The server carries out the request, and a proxy answers in its place. */
export function losesAnswer(status: number): Behaviour {
  return (carryOut) => {
    carryOut();
    return answers(status)(carryOut);
  };
}

/** There is no connection. */
export const isUnreachable: Behaviour = () => {
  throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
};

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

export const ephemeralInputs = { ...loginInputs, 'ephemeral-api-token': 'true' };

/** A job between its main step and its post step. */
export interface Made {
  readonly job: InProcessJob;
  readonly main: Step;
  /** The tokens whose creation was not answered. */
  readonly unanswered: readonly string[];
}

/** What differs from an ordinary job with a token of its own. */
export interface Course {
  /** In addition to those of a login. */
  readonly inputs?: Record<string, string>;
  /** Runs between the two steps. */
  readonly meanwhile?: (made: Made) => void;
  readonly job?: InProcessJob;
  /** What the post step gets, where the runner does not give it the inputs of the main step. */
  readonly postInputs?: Record<string, string>;
}

/** The outcome of a job. The job's token is called NAME and ID; lost ones are called LOST1, LOST2 and so on. */
export interface Outcome extends Made {
  readonly post: Step;
  /** What the post step logged after it cleared the job. */
  readonly log: string;
  /** Its calls to Exabits, and as whom: the token itself, or an account. */
  readonly calls: readonly string[];
  /** The names of the account's tokens. */
  readonly left: readonly string[];
}

/** Runs a job with a token of its own. */
export async function runJob(served: ServedExabits, course: Course = {}): Promise<Outcome> {
  const { inputs, meanwhile, job = new InProcessJob(), postInputs } = course;
  const main = await job.main({ ...ephemeralInputs, ...inputs });
  const { made, unanswered } = JSON.parse(main.state.creation ?? '{}');
  meanwhile?.({ job, main, unanswered });
  const names: string[] = [...(made ? [made.name] : []), ...unanswered];
  const words = names.flatMap((name) => {
    const number = unanswered.indexOf(name) + 1;
    const id = made?.name === name ? made.id : served.tokens().find((token) => token.name === name)?.id;
    return [
      [name, number ? `LOST${number}` : 'NAME'],
      [id ?? name, number ? `ID${number}` : 'ID'],
    ] as const;
  });
  const anonymous = (text: string): string =>
    words.reduce((rest, [secret, word]) => rest.replaceAll(secret, word), text);

  served.requests.length = 0;
  const post = await job.post({ ...main, inputs: postInputs ?? main.inputs });
  return {
    ...{ job, main, unanswered, post },
    log: anonymous(post.log.replace(/^(Cleared .*|Nothing to clear\.)\n?/, '')),
    calls: served.requests.map(({ call, bearer, as }) =>
      anonymous(`${call} as ${bearer && bearer === main.state['ephemeral-token'] ? 'itself' : as}`),
    ),
    left: served.left().map(anonymous),
  };
}
