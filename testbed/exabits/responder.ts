import type { PreparedAnswer } from './faults.ts';
import { FLAVORS, machineFilter, showMachine } from './machines.ts';
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
  maxPageSize: number;
  loginsPerSecond: number | undefined;
  /** What the balance is called: `balance` on older hosts. */
  balanceField: 'available' | 'balance';
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
  message: string;
  data: unknown;
  total?: number;
}

type Route = (request: ApiRequest, id: string) => Success;

const DEFAULT_PAGE_SIZE = 20;
const MAX_NAME_LENGTH = 50;

/** An answer in the API's envelope. */
export function envelope(
  status: number,
  content: { status: boolean; message: string; data: unknown; total?: number },
  headers: Record<string, string> = {},
): PreparedAnswer {
  return {
    status,
    headers: { ...headers, 'content-type': 'application/json; charset=utf-8' },
    body: Buffer.from(JSON.stringify(content)),
  };
}

/** The routes of the Exabits API over the sandbox's state. */
export class Responder {
  readonly #store: Store;
  readonly #limits: ApiLimits;
  readonly #routes: ReadonlyMap<string, Readonly<Record<string, Route>>>;
  #recentLoginsMs: number[] = [];

  constructor(store: Store, limits: ApiLimits) {
    this.#store = store;
    this.#limits = limits;
    this.#routes = new Map<string, Record<string, Route>>([
      ['authenticate/login', { POST: (request) => this.#logIn(request) }],
      [
        'api-tokens',
        { POST: (request) => this.#createApiToken(request), GET: (request) => this.#listApiTokens(request) },
      ],
      [
        'api-tokens/{id}',
        {
          PUT: (request, id) => this.#renameApiToken(request, id),
          DELETE: (request, id) => this.#deleteApiToken(request, id),
        },
      ],
      ['billing/balance', { GET: (request) => this.#balance(request) }],
      [
        'virtual-machines',
        { POST: (request) => this.#createMachine(request), GET: (request) => this.#listMachines(request) },
      ],
      [
        'virtual-machines/{id}',
        {
          GET: (request, id) => this.#showMachine(request, id),
          DELETE: (request, id) => this.#deleteMachine(request, id),
        },
      ],
      ['flavors', { GET: (request) => this.#flavors(request) }],
      ['regions', { GET: (request) => this.#regions(request) }],
    ]);
  }

  /** Carries out a request and answers it. */
  answer(request: ApiRequest): PreparedAnswer {
    try {
      const { message, data, total } = this.#dispatch(request);
      return envelope(200, { status: true, message, data, ...(total === undefined ? {} : { total }) });
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return envelope(error.status, { status: false, message: error.message, data: null }, error.headers);
    }
  }

  #dispatch(request: ApiRequest): Success {
    if (!request.path.startsWith(`${API_BASE_PATH}/`)) throw new Refusal(404, 'Not found');
    const path = request.path.slice(API_BASE_PATH.length + 1);
    const [, list, id = ''] = /^(api-tokens|virtual-machines)\/([^/]+)$/.exec(path) ?? [];
    const methods = this.#routes.get(list === undefined ? path : `${list}/{id}`);
    if (methods === undefined) throw new Refusal(404, 'Not found');
    const route = methods[request.method];
    if (route === undefined) {
      throw new Refusal(405, 'Method not allowed', { allow: Object.keys(methods).join(', ') });
    }
    return route(request, id);
  }

  #logIn(request: ApiRequest): Success {
    this.#limitLogins();
    const { username, password } = jsonObject(request.body);
    if (typeof username !== 'string' || typeof password !== 'string') {
      throw new Refusal(400, 'username and password are required');
    }
    const pair = this.#store.logIn(username, password);
    if (pair === undefined) throw new Refusal(401, 'The username or the password is wrong');
    return {
      message: 'Login successful!',
      data: {
        username,
        email: this.#store.account(username)?.email,
        access_token: pair.accessToken,
        refresh_token: pair.refreshToken,
      },
    };
  }

  #limitLogins(): void {
    const limit = this.#limits.loginsPerSecond;
    if (limit === undefined) return;
    const nowMs = this.#store.nowMs();
    this.#recentLoginsMs = this.#recentLoginsMs.filter((atMs) => atMs > nowMs - 1000);
    if (this.#recentLoginsMs.length >= limit) {
      throw new Refusal(429, 'Too many logins', { 'retry-after': '1' });
    }
    this.#recentLoginsMs.push(nowMs);
  }

  #caller(request: ApiRequest): Account {
    const { authorization, 'refresh-token': refreshToken } = request.headers;
    const authentication = this.#store.authenticate(single(authorization), single(refreshToken));
    if (!authentication.authenticated) throw new Refusal(401, authentication.reason);
    return authentication.account;
  }

  #createApiToken(request: ApiRequest): Success {
    const caller = this.#caller(request);
    const record = this.#store.createApiToken(caller, nameAndDescription(request.body));
    return { message: 'API token created', data: { ...publicFields(record), token: record.token } };
  }

  #listApiTokens(request: ApiRequest): Success {
    const { items, total } = this.#store.listApiTokens(this.#caller(request), {
      ...this.#range(request.query),
      ...sorting(request.query),
    });
    return { message: 'success', data: items.map(publicFields), total };
  }

  #renameApiToken(request: ApiRequest, id: string): Success {
    const caller = this.#caller(request);
    const record = this.#store.renameApiToken(caller, id, nameAndDescription(request.body));
    if (record === undefined) throw new Refusal(404, 'The API token does not exist');
    return { message: 'API token updated', data: publicFields(record) };
  }

  #deleteApiToken(request: ApiRequest, id: string): Success {
    const deleted = this.#store.deleteApiToken(this.#caller(request), id);
    if (!deleted) throw new Refusal(404, 'The API token does not exist');
    return { message: 'API token deleted', data: null };
  }

  #balance(request: ApiRequest): Success {
    this.#caller(request);
    return { message: 'success', data: { [this.#limits.balanceField]: { USD: 128.5 } } };
  }

  #createMachine(request: ApiRequest): Success {
    const caller = this.#caller(request);
    const { name, image_id, flavor_id, ssh_key } = jsonObject(request.body);
    const { name: keyName, public_key } = Object(ssh_key);
    if (typeof name !== 'string' || typeof keyName !== 'string') throw new Refusal(400, 'A name is missing');
    for (const field of [name, image_id, flavor_id, public_key]) {
      if (typeof field !== 'string' || field === '') throw new Refusal(400, 'A field is missing');
    }
    const { id } = this.#store.createMachine(caller, name, keyName);
    return { message: 'Virtual machine created', data: { id, name } };
  }

  #listMachines(request: ApiRequest): Success {
    const caller = this.#caller(request);
    const { limit, offset } = this.#range(request.query);
    const passes = filterOf(request.query);
    const machines = this.#store
      .machines()
      .filter(({ account }) => account === caller.username)
      .map((machine) => showMachine(machine, this.#store.nowMs()))
      .filter(passes);
    return { message: 'success', data: machines.slice(offset, offset + limit), total: machines.length };
  }

  #showMachine(request: ApiRequest, id: string): Success {
    const machine = this.#store.machine(this.#caller(request), id);
    if (machine === undefined) throw new Refusal(404, 'The virtual machine does not exist');
    return { message: 'success', data: showMachine(machine, this.#store.nowMs()) };
  }

  #deleteMachine(request: ApiRequest, id: string): Success {
    const deleted = this.#store.deleteMachine(this.#caller(request), id);
    if (!deleted) throw new Refusal(404, 'The virtual machine does not exist');
    return { message: 'Virtual machine deleted', data: null };
  }

  #flavors(request: ApiRequest): Success {
    this.#caller(request);
    return { message: 'success', data: FLAVORS, total: FLAVORS.length };
  }

  #regions(request: ApiRequest): Success {
    this.#caller(request);
    return { message: 'success', data: REGIONS, total: REGIONS.length };
  }

  #range(query: URLSearchParams): { limit: number; offset: number } {
    const limit = wholeNumber(query, 'limit') ?? DEFAULT_PAGE_SIZE;
    return { limit: Math.min(limit, this.#limits.maxPageSize), offset: wholeNumber(query, 'offset') ?? 0 };
  }
}

const REGIONS = [
  { id: '65f000000000000000000001', name: 'us-east-demo', description: 'A made-up region' },
  { id: '65f000000000000000000002', name: 'eu-north-demo', description: 'Another made-up region' },
];

/** The fields of a token in every answer except that of its creation: all but its value. */
function publicFields(record: ApiTokenRecord): Record<string, unknown> {
  const { id, name, description, createdAt, lastUsed } = record;
  return { id, name, description, created_at: createdAt, last_used: lastUsed };
}

function nameAndDescription(body: string): { name: string; description: string | undefined } {
  const { name, description } = jsonObject(body);
  if (typeof name !== 'string' || name === '') throw new Refusal(400, 'name is required');
  if (name.length > MAX_NAME_LENGTH)
    throw new Refusal(400, `name is longer than ${MAX_NAME_LENGTH} characters`);
  if (description !== undefined && typeof description !== 'string') {
    throw new Refusal(400, 'description is not a text');
  }
  return { name, description };
}

function jsonObject(body: string): Record<string, unknown> {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    throw new Refusal(400, 'The body is not JSON');
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) {
    throw new Refusal(400, 'The body is not a JSON object');
  }
  return Object.fromEntries(Object.entries(parsed));
}

function sorting(query: URLSearchParams): Pick<PageRequest, 'sortField' | 'sortOrder'> {
  const sortField = query.get('sortField') ?? 'created_at';
  const sortOrder = query.get('sortOrder') ?? 'desc';
  if (sortField !== 'name' && sortField !== 'created_at' && sortField !== 'last_used') {
    throw new Refusal(400, 'sortField is none of name, created_at, last_used');
  }
  if (sortOrder !== 'asc' && sortOrder !== 'desc')
    throw new Refusal(400, 'sortOrder is neither asc nor desc');
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
