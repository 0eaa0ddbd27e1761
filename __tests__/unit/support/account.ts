import { beforeEach } from '@jest/globals';
import { API_BASE_PATH, Responder } from '../../../testbed/exabits/responder.ts';
import { type ApiTokenRecord, Store } from '../../../testbed/exabits/store.ts';
import { skipWaits, stopCalendar } from './clock.ts';
import { email, loginInputs, no, exabits as openScope, username } from './exabits.ts';

export const ephemeralInputs = { ...loginInputs, 'ephemeral-api-token': 'true' };
/** Another account at the same Exabits. */
export const somebodyElse = { username: 'bob', password: 'not the password of ada' };

export const host = 'gpu-api.exascalelabs.ai';
export const logIn = 'POST /authenticate/login';
export const create = 'POST /api-tokens';
export const balance = 'GET /billing/balance';

const ada = { ...loginInputs, email };

export interface Reply {
  readonly status: number;
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Handles a request: it may carry it out, and may change the answer. */
export type Behaviour = (carryOut: () => Reply) => Reply;

/** The double of Exabits behind nock: a test seeds it, runs a step, and looks at what is left. */
export class ServedExabits {
  /** The requests so far: such as `GET /api-tokens?limit=100`, the bearer token, and the account it belongs to. */
  readonly requests: { readonly call: string; readonly bearer: string; readonly as: string }[] = [];
  readonly #store = new Store([ada, { ...somebodyElse, email }]);
  readonly #responder = new Responder(this.#store);
  readonly #rules: { match: string; behaviour: Behaviour; times: number }[] = [];

  constructor(url?: string) {
    for (const method of ['GET', 'POST', 'DELETE']) {
      const route = openScope(url).persist().intercept(/./, method).query(true).optionally();
      route.reply(async (request: Request) => {
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

  seed(name: string, { secondsOld = 0, of = loginInputs, description = '' } = {}): ApiTokenRecord {
    const createdAt = Math.floor(this.#store.nowMs() / 1000) - secondsOld;
    return this.#store.createApiToken({ ...of, email }, { name, description, createdAt });
  }

  remove(token: ApiTokenRecord | undefined): void {
    this.#store.deleteApiToken(ada, String(token?.id));
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
    const { pathname: path, search, searchParams: query } = new URL(url);
    const call = `${method} ${path.slice(API_BASE_PATH.length)}${search}`;
    const bearer = headers.get('authorization')?.slice('Bearer '.length) ?? '';
    this.requests.push({ call, bearer, as: bearer ? subjectOf(bearer) : JSON.parse(body).username });

    const carryOut = (): Reply => {
      const sent = { method, path, query, headers: Object.fromEntries(headers), body };
      const answer = this.#responder.answer(sent);
      const date = String(answer.headers.date);
      return { status: answer.status, body: answer.body.toString(), headers: { date } };
    };
    const rule = this.#rules.find(({ match, times }) => times > 0 && call.startsWith(match));
    if (!rule) return carryOut();
    rule.times -= 1;
    return rule.behaviour(carryOut);
  }
}

function subjectOf(token: string): string {
  return JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()).sub;
}

// Before anything loads the request path.
export const clock = skipWaits();
/** A new one for each test, at noon. */
export let exabits: ServedExabits;

beforeEach(() => {
  stopCalendar('2026-11-24T12:00:00Z');
  exabits = new ServedExabits();
});

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

/** The server takes so long to say that it is down. */
export function isDown(seconds: number): Behaviour {
  return (carryOut) => {
    clock.skip(seconds * 1000);
    return answers(503)(carryOut);
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

/** The server carries out the request, and a proxy answers in its place. */
export function losesAnswer(status: number): Behaviour {
  return (carryOut) => {
    carryOut();
    return answers(status)(carryOut);
  };
}
