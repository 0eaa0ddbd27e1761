import type { PreparedAnswer } from './faults.ts';
import { FLAVORS, REGIONS, showMachine } from './machines.ts';
import type { Account, ApiTokenRecord, NewApiToken, Store } from './store.ts';

/** The version path that every route of the API starts with. */
export const API_BASE_PATH = '/api/v1';

/** A request as the API sees it. */
export interface ApiRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  headers: Readonly<Record<string, string | string[] | undefined>>;
  body: string;
}

/** Limits of the API. */
export interface ApiLimits {
  /** The most items on one page of a list, whatever `limit` says. Default 100. */
  maxPageSize?: number;
  /** Logins beyond this many in a second are answered 429 with `Retry-After`. Default: no limit. */
  loginsPerSecond?: number;
}

/** An answer that is not a success, thrown by a route. */
class Refusal extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(message);
    this.status = status;
  }
}

interface Success {
  message?: string;
  data: unknown;
  total?: number;
}

/** Carries out a request for a caller. */
type Route = (caller: Account, request: ApiRequest, id: string) => Success;

const DEFAULT_PAGE_SIZE = 20;
const MAX_NAME_LENGTH = 50;
const NO_MACHINE = 'The virtual machine does not exist';

/** The routes of the Exabits API over the sandbox's state. */
export class Responder {
  readonly #store: Store;
  readonly #limits: ApiLimits;
  #recentLoginsMs: number[] = [];

  readonly #routes: Readonly<Record<string, Route>> = {
    'POST api-tokens': (caller, { body }) => {
      const record = this.#store.createApiToken(caller, newToken(body));
      return { message: 'API token created', data: shown(record) };
    },
    'GET api-tokens': ({ username }, { query }) => {
      const own = this.#store.apiTokens().filter(({ account }) => account === username);
      return this.#page(sorted(own.map(shown), query), query);
    },
    'DELETE api-tokens/{id}': (caller, _request, id) => {
      if (!this.#store.deleteApiToken(caller, id)) throw new Refusal(404, 'The API token does not exist');
      return { message: 'API token deleted', data: null };
    },
    'GET billing/balance': () => ({ data: { available: { USD: 128.5 } } }),
    'POST virtual-machines': (caller, { body }) => {
      const { name, image_id, flavor_id, ssh_key } = jsonObject(body);
      const { name: keyName, public_key } = Object(ssh_key);
      for (const field of [name, image_id, flavor_id, keyName, public_key]) {
        if (typeof field !== 'string' || field === '') throw new Refusal(400, 'A field is missing');
      }
      const { id } = this.#store.createMachine(caller, String(name), keyName);
      return { message: 'Virtual machine created', data: { id, name } };
    },
    'GET virtual-machines': (caller, { query }) => {
      const passes = machineFilter(query.get('filters') ?? '[]');
      return this.#page(this.#machines(caller).filter(passes), query);
    },
    'GET virtual-machines/{id}': (caller, _request, id) => {
      const data = this.#machines(caller).find((machine) => machine.id === id);
      if (data === undefined) throw new Refusal(404, NO_MACHINE);
      return { data };
    },
    'DELETE virtual-machines/{id}': (caller, _request, id) => {
      if (!this.#store.deleteMachine(caller, id)) throw new Refusal(404, NO_MACHINE);
      return { message: 'Virtual machine deleted', data: null };
    },
    'GET flavors': () => ({ data: FLAVORS, total: FLAVORS.length }),
    'GET regions': () => ({ data: REGIONS, total: REGIONS.length }),
  };

  constructor(store: Store, limits: ApiLimits = {}) {
    this.#store = store;
    this.#limits = limits;
  }

  /** Carries out a request and answers it in the API's envelope, with the date of the sandbox's clock. */
  answer(request: ApiRequest): PreparedAnswer {
    const date = new Date(this.#store.nowMs()).toUTCString();
    const inEnvelope = (status: number, content: object): PreparedAnswer => ({
      status,
      headers: {
        date,
        'content-type': 'application/json; charset=utf-8',
        ...(status === 429 ? { 'retry-after': '1' } : {}),
      },
      body: Buffer.from(`${JSON.stringify(content)}\n`),
    });
    try {
      return inEnvelope(200, { status: true, message: 'success', ...this.#dispatch(request) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return inEnvelope(error.status, { status: false, message: error.message, data: null });
    }
  }

  #dispatch(request: ApiRequest): Success {
    if (!request.path.startsWith(`${API_BASE_PATH}/`)) throw new Refusal(404, 'Not found');
    const call = request.path.slice(API_BASE_PATH.length + 1);
    if (request.method === 'POST' && !/^application\/json\b/.test(String(request.headers['content-type'])))
      throw new Refusal(415, 'The body must be JSON');
    if (`${request.method} ${call}` === 'POST authenticate/login') return this.#logIn(request);
    const [, list, id = ''] = /^(api-tokens|virtual-machines)\/([^/]+)$/.exec(call) ?? [];
    const route = this.#routes[`${request.method} ${list === undefined ? call : `${list}/{id}`}`];
    if (route === undefined) throw new Refusal(404, 'Not found');
    const { authorization, 'refresh-token': refreshToken = '' } = request.headers;
    const bearer = /^Bearer +(\S+)$/i.exec(String(authorization))?.[1] ?? '';
    const caller = this.#store.authenticate(bearer, String(refreshToken));
    if (caller === undefined) throw new Refusal(401, 'The tokens are not valid');
    return route(caller, request, id);
  }

  #logIn(request: ApiRequest): Success {
    const nowMs = this.#store.nowMs();
    const recent = this.#recentLoginsMs.filter((atMs) => atMs > nowMs - 1000);
    if (recent.length >= (this.#limits.loginsPerSecond ?? Number.POSITIVE_INFINITY))
      throw new Refusal(429, 'Too many logins');
    this.#recentLoginsMs = [...recent, nowMs];

    const { username, password } = jsonObject(request.body);
    if (typeof username !== 'string' || typeof password !== 'string')
      throw new Refusal(400, 'username and password are required');
    const pair = this.#store.logIn(username, password);
    if (pair === undefined) throw new Refusal(401, 'The username or the password is wrong');
    const { accessToken: access_token, refreshToken: refresh_token } = pair;
    const email = this.#store.account(username)?.email;
    return { message: 'Login successful!', data: { username, email, access_token, refresh_token } };
  }

  #machines({ username }: Account) {
    const own = this.#store.machines().filter(({ account }) => account === username);
    return own.map((machine) => showMachine(machine, this.#store.nowMs()));
  }

  #page(items: readonly object[], query: URLSearchParams): Success {
    const offset = wholeNumber(query, 'offset') ?? 0;
    const limit = Math.min(wholeNumber(query, 'limit') ?? DEFAULT_PAGE_SIZE, this.#limits.maxPageSize ?? 100);
    return { data: items.slice(offset, offset + limit), total: items.length };
  }
}

/** A token as the API shows it: in a list, too, with its value. */
function shown({ id, name, description, token, createdAt, lastUsed }: ApiTokenRecord) {
  return { id, name, description, token, created_at: createdAt, last_used: lastUsed };
}

type ShownToken = ReturnType<typeof shown>;

function sorted(tokens: readonly ShownToken[], query: URLSearchParams): ShownToken[] {
  const field = query.get('sortField') ?? 'created_at';
  const order = query.get('sortOrder') ?? 'asc';
  if (field !== 'name' && field !== 'created_at' && field !== 'last_used')
    throw new Refusal(400, 'sortField is none of name, created_at, last_used');
  if (order !== 'asc' && order !== 'desc') throw new Refusal(400, 'sortOrder is neither asc nor desc');
  const direction = order === 'asc' ? 1 : -1;
  return tokens.toSorted((one, other) => {
    if (one[field] === other[field]) return 0;
    return one[field] < other[field] ? -direction : direction;
  });
}

function newToken(body: string): NewApiToken {
  const { name, description } = jsonObject(body);
  if (typeof name !== 'string' || name === '') throw new Refusal(400, 'name is required');
  if (name.length > MAX_NAME_LENGTH) throw new Refusal(400, `name has over ${MAX_NAME_LENGTH} characters`);
  if (description !== undefined && typeof description !== 'string')
    throw new Refusal(400, 'description is not a text');
  return { name, description };
}

function jsonObject(body: string): Record<string, unknown> {
  try {
    return { ...JSON.parse(body) };
  } catch {
    throw new Refusal(400, 'The body is not JSON');
  }
}

/** Whether a machine passes the `filters` of a list, a JSON list of `{"key", "op", "val"}`. */
function machineFilter(json: string): (machine: Record<string, unknown>) => boolean {
  const filters = Object.values(jsonObject(json)).map(Object);
  if (filters.some(({ op }) => op !== 'contains')) throw new Refusal(400, 'filters is unusable');
  return (machine) => filters.every(({ key, val }) => String(machine[key]).includes(val));
}

function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new Refusal(400, `${name} is not a whole number`);
  return Number(text);
}
