import type { PreparedAnswer } from './faults.ts';
import { FLAVORS, machineFilter, REGIONS, showMachine } from './machines.ts';
import type { Account, ApiTokenRecord, PageRequest, Store } from './store.ts';

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

/** Limits of the API, and what differs between its hosts. */
export interface ApiLimits {
  /** The most items on one page of a list, whatever `limit` says. Default 100. */
  maxPageSize?: number | undefined;
  /** Logins beyond this many in a second are answered 429 with `Retry-After`. Default: no limit. */
  loginsPerSecond?: number | undefined;
  /** The name of the balance in `billing/balance`: `balance` on older hosts. Default: available. */
  balanceField?: 'available' | 'balance' | undefined;
}

/** An answer that is not a success, thrown by a route. */
class Refusal extends Error {
  readonly status: number;
  readonly headers: Record<string, string>;

  constructor(status: number, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
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

/** An answer in the API's envelope. */
function envelope(
  status: number,
  content: { status: boolean; message: string; data: unknown; total?: number },
  headers: Record<string, string> = {},
): PreparedAnswer {
  return {
    status,
    headers: { ...headers, 'content-type': 'application/json; charset=utf-8' },
    body: Buffer.from(`${JSON.stringify(content)}\n`),
  };
}

/** The routes of the Exabits API over the sandbox's state. */
export class Responder {
  readonly #store: Store;
  readonly #limits: ApiLimits;
  #recentLoginsMs: number[] = [];

  readonly #routes: Readonly<Record<string, Route>> = {
    'POST api-tokens': (caller, { body }) => {
      const record = this.#store.createApiToken(caller, nameAndDescription(body));
      return { message: 'API token created', data: { ...publicFields(record), token: record.token } };
    },
    'GET api-tokens': (caller, { query }) => {
      const page = { ...this.#range(query), ...sorting(query) };
      const { items, total } = this.#store.listApiTokens(caller, page);
      return { data: items.map(publicFields), total };
    },
    'DELETE api-tokens/{id}': (caller, _request, id) => {
      if (!this.#store.deleteApiToken(caller, id)) throw new Refusal(404, 'The API token does not exist');
      return { message: 'API token deleted', data: null };
    },
    'GET billing/balance': () => ({ data: { [this.#limits.balanceField ?? 'available']: { USD: 128.5 } } }),
    'POST virtual-machines': (caller, { body }) => {
      const { name, image_id, flavor_id, ssh_key } = jsonObject(body);
      const { name: keyName, public_key } = Object(ssh_key);
      if (typeof name !== 'string' || typeof keyName !== 'string')
        throw new Refusal(400, 'A name is missing');
      for (const field of [name, image_id, flavor_id, public_key]) {
        if (typeof field !== 'string' || field === '') throw new Refusal(400, 'A field is missing');
      }
      const { id } = this.#store.createMachine(caller, name, keyName);
      return { message: 'Virtual machine created', data: { id, name } };
    },
    'GET virtual-machines': (caller, { query }) => {
      const { limit, offset } = this.#range(query);
      const passes = filterOf(query);
      const machines = this.#store
        .machines()
        .filter(({ account }) => account === caller.username)
        .map((machine) => showMachine(machine, this.#store.nowMs()))
        .filter(passes);
      return { data: machines.slice(offset, offset + limit), total: machines.length };
    },
    'GET virtual-machines/{id}': (caller, _request, id) => {
      const machine = this.#store.machine(caller, id);
      if (machine === undefined) throw new Refusal(404, 'The virtual machine does not exist');
      return { data: showMachine(machine, this.#store.nowMs()) };
    },
    'DELETE virtual-machines/{id}': (caller, _request, id) => {
      if (!this.#store.deleteMachine(caller, id))
        throw new Refusal(404, 'The virtual machine does not exist');
      return { message: 'Virtual machine deleted', data: null };
    },
    'GET flavors': () => ({ data: FLAVORS, total: FLAVORS.length }),
    'GET regions': () => ({ data: REGIONS, total: REGIONS.length }),
  };

  constructor(store: Store, limits: ApiLimits = {}) {
    this.#store = store;
    this.#limits = limits;
  }

  /** Carries out a request and answers it, with the date of the sandbox's clock. */
  answer(request: ApiRequest): PreparedAnswer {
    const date = new Date(this.#store.nowMs()).toUTCString();
    try {
      const { message = 'success', ...content } = this.#dispatch(request);
      return envelope(200, { status: true, message, ...content }, { date });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      const { status, message, headers } = error;
      return envelope(status, { status: false, message, data: null }, { date, ...headers });
    }
  }

  #dispatch(request: ApiRequest): Success {
    if (!request.path.startsWith(`${API_BASE_PATH}/`)) throw new Refusal(404, 'Not found');
    const call = request.path.slice(API_BASE_PATH.length + 1);
    if (`${request.method} ${call}` === 'POST authenticate/login') return this.#logIn(request);
    const [, list, id = ''] = /^(api-tokens|virtual-machines)\/([^/]+)$/.exec(call) ?? [];
    const route = this.#routes[`${request.method} ${list === undefined ? call : `${list}/{id}`}`];
    if (route === undefined) throw new Refusal(404, 'Not found');
    const { authorization, 'refresh-token': refreshToken } = request.headers;
    const caller = this.#store.authenticate(single(authorization), single(refreshToken));
    if (caller === undefined) throw new Refusal(401, 'The tokens are not valid');
    return route(caller, request, id);
  }

  #logIn(request: ApiRequest): Success {
    this.#limitLogins();
    const { username, password } = jsonObject(request.body);
    if (typeof username !== 'string' || typeof password !== 'string') {
      throw new Refusal(400, 'username and password are required');
    }
    const pair = this.#store.logIn(username, password);
    if (pair === undefined) throw new Refusal(401, 'The username or the password is wrong');
    const { accessToken: access_token, refreshToken: refresh_token } = pair;
    const email = this.#store.account(username)?.email;
    return { message: 'Login successful!', data: { username, email, access_token, refresh_token } };
  }

  #limitLogins(): void {
    const nowMs = this.#store.nowMs();
    this.#recentLoginsMs = this.#recentLoginsMs.filter((atMs) => atMs > nowMs - 1000);
    if (this.#recentLoginsMs.length >= (this.#limits.loginsPerSecond ?? Number.POSITIVE_INFINITY)) {
      throw new Refusal(429, 'Too many logins', { 'retry-after': '1' });
    }
    this.#recentLoginsMs.push(nowMs);
  }

  #range(query: URLSearchParams): { limit: number; offset: number } {
    const limit = wholeNumber(query, 'limit') ?? DEFAULT_PAGE_SIZE;
    return {
      limit: Math.min(limit, this.#limits.maxPageSize ?? 100),
      offset: wholeNumber(query, 'offset') ?? 0,
    };
  }
}

/** The fields of a token in every answer except that of its creation: all but its value. */
function publicFields(record: ApiTokenRecord): Record<string, unknown> {
  const { id, name, description, createdAt, lastUsed } = record;
  return { id, name, description, created_at: createdAt, last_used: lastUsed };
}

function nameAndDescription(body: string): { name: string; description: string | undefined } {
  const { name, description } = jsonObject(body);
  if (typeof name !== 'string' || name === '') throw new Refusal(400, 'name is required');
  if (name.length > MAX_NAME_LENGTH) throw new Refusal(400, `name has over ${MAX_NAME_LENGTH} characters`);
  if (description !== undefined && typeof description !== 'string') {
    throw new Refusal(400, 'description is not a text');
  }
  return { name, description };
}

function jsonObject(body: string): Record<string, unknown> {
  try {
    return { ...JSON.parse(body) };
  } catch {
    throw new Refusal(400, 'The body is not JSON');
  }
}

function sorting(query: URLSearchParams): Pick<PageRequest, 'sortField' | 'sortOrder'> {
  const sortField = query.get('sortField') ?? 'created_at';
  const sortOrder = query.get('sortOrder') ?? 'desc';
  if (sortField !== 'name' && sortField !== 'created_at' && sortField !== 'last_used') {
    throw new Refusal(400, 'sortField is none of name, created_at, last_used');
  }
  if (sortOrder !== 'asc' && sortOrder !== 'desc') {
    throw new Refusal(400, 'sortOrder is neither asc nor desc');
  }
  return { sortField, sortOrder };
}

function filterOf(query: URLSearchParams): ReturnType<typeof machineFilter> {
  try {
    return machineFilter(query.get('filters'));
  } catch {
    throw new Refusal(400, 'filters is unusable');
  }
}

function wholeNumber(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  if (!/^\d{1,9}$/.test(text)) throw new Refusal(400, `${name} is not a whole number`);
  return Number(text);
}

function single(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
