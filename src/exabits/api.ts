import {
  type Account,
  type ApiToken,
  type Credential,
  headersOf,
  jwtExpiry,
  type TokenPair,
  toApiToken,
  tokenDefect,
} from '../credentials.ts';
import { Failure, NotCreated, toFailure } from '../failure.ts';
import type { Masked, Masker } from '../job/mask.ts';
import { isObject, type JsonObject, malformed, Rejection } from './envelope.ts';
import type { RepeatableRequest, Send } from './send.ts';

/** Documented lifetimes, for tokens that do not state their expiry. */
const accessTokenMs = 30 * 60 * 1000;
const refreshTokenMs = 2 * 60 * 60 * 1000;

const pageSize = 100;
/** Tokens of one name are not further apart than this: twice the most that `timeout-seconds` allows. */
const namesakesWithinMs = 2 * 3_600_000;
const mostPages = 1000;
/** The share of a page that the next one repeats, because the list moves up when other jobs delete tokens meanwhile. */
const overlap = 0.2;
const list = 'GET /api-tokens';

/** A page of the list of API tokens. */
interface Page extends TokenList {
  /** How many entries it has. */
  readonly size: number;
  /** How many entries the list has, according to the server. */
  readonly total: number | undefined;
  /** Whether it is in the requested order. */
  readonly isSorted: boolean;
}

/** The result of a login. */
export interface Login {
  readonly credential: TokenPair;
  readonly account: Account;
}

/** An API token as the list shows it, without its value. */
export interface ListedToken {
  readonly id: string;
  readonly name: string;
  /** Empty if the list does not include it. */
  readonly description: string;
  /** Undefined unless the list gives it in Unix seconds. */
  readonly createdAt: Date | undefined;
}

/** The name and description of an API token. */
export interface TokenLabel {
  /** At most 50 characters. */
  readonly name: string;
  readonly description: string;
}

/** A list of API tokens, or a page of it. */
export interface TokenList {
  readonly tokens: readonly ListedToken[];
  /** When it was sent, by Exabits' clock; undefined if the answer does not say. */
  readonly date: Date | undefined;
}

/** The Exabits API calls that the action makes. Each can throw a Failure. */
export interface Exabits {
  /**
   * `POST authenticate/login`.
   *
   * @param username the account
   * @param passwordMd5 the MD5 of its password, in lower-case hexadecimal digits
   */
  login(username: string, passwordMd5: Masked): Promise<Login>;

  /** `GET billing/balance`, to see whether a credential works. */
  verify(credential: Credential): Promise<void>;

  /**
   * `POST api-tokens`. Creating is not idempotent: if an answer is lost, any token that this try created is deleted
   * before the next try.
   *
   * @returns the token, and whether an answer was lost, so that another token of the same name may still exist
   * @throws NotCreated if no token can exist, because Exabits refused to create one
   */
  createApiToken(
    credential: Credential,
    label: TokenLabel,
  ): Promise<{ id: string; mayHaveNamesakes: boolean; credential: ApiToken }>;

  /** `GET api-tokens`, the page with the oldest tokens, or a random page if the server does not sort. */
  listOldestApiTokens(credential: Credential): Promise<TokenList>;

  /** `GET api-tokens`, all pages. Other jobs may change the list between two pages. */
  listApiTokens(credential: Credential): Promise<TokenList>;

  /** `GET api-tokens`, newest first, until all tokens that one job made under a name are found. */
  findApiTokens(credential: Credential, name: string): Promise<readonly ListedToken[]>;

  /** `DELETE api-tokens/{id}`. A missing token counts as deleted. */
  deleteApiToken(credential: Credential, id: string): Promise<void>;
}

/**
 * Creates the API calls on top of a function that sends requests.
 *
 * @param send sends one request
 * @param masker masks the tokens in answers before anything else sees them
 */
export function createExabits(send: Send, masker: Masker): Exabits {
  const sendAs = async (credential: Credential, request: RepeatableRequest) => {
    try {
      return await send({ ...request, headers: headersOf(credential) });
    } catch (thrown) {
      throw isRefusal(thrown, [401, 403]) ? accessRefused(credential, thrown) : thrown;
    }
  };

  const readPage = async (credential: Credential, order: 'asc' | 'desc', offset: number): Promise<Page> => {
    const path = `/api-tokens?limit=${pageSize}&offset=${offset}&sortField=created_at&sortOrder=${order}`;
    const { data, total, date } = await sendAs(credential, { method: 'GET', path });
    const entries = readList(data);
    const tokens = entries.flatMap(readListedToken);
    return { tokens, size: entries.length, total, date, isSorted: isSorted(tokens, order) };
  };

  // Reading may stop early only if the list is sorted. No field reliably tells where the list ends: `total` may count
  // only the page, and a page may be shorter than requested.
  const readPages = async (
    credential: Credential,
    order: 'asc' | 'desc',
    isEnough?: (tokens: readonly ListedToken[]) => boolean,
  ): Promise<TokenList> => {
    const tokens = new Map<string, ListedToken>();
    let offset = 0;
    let areSorted = true;
    for (let count = 0; count < mostPages; count += 1) {
      const page = await readPage(credential, order, offset);
      const before = tokens.size;
      areSorted &&= page.isSorted;
      for (const token of page.tokens) tokens.set(token.id, token);
      const end = offset + page.size;
      const isLast = tokens.size === before;
      if (isLast && end < (page.total ?? 0)) throw malformed(list, 'it ends before its "total"');
      if (isLast || (areSorted && isEnough?.(page.tokens)))
        return { tokens: [...tokens.values()], date: page.date };
      offset = end - Math.floor(page.size * overlap);
    }
    throw malformed(list, `it goes on after ${mostPages} pages`);
  };

  const exabits: Exabits = {
    async login(username, passwordMd5) {
      try {
        const body = { username, password: passwordMd5 };
        const { data } = await send({ method: 'POST', path: '/authenticate/login', body });
        return readLogin(data, username, masker);
      } catch (thrown) {
        throw isWrongCredentials(thrown) ? wrongCredentials(thrown) : thrown;
      }
    },

    async verify(credential) {
      await sendAs(credential, { method: 'GET', path: '/billing/balance' });
    },

    async createApiToken(credential, label) {
      let mayHaveNamesakes = false;
      const request: RepeatableRequest = {
        method: 'POST',
        path: '/api-tokens',
        body: { name: label.name, description: label.description },
        async beforeRetry() {
          mayHaveNamesakes = true;
          for (const { id } of await exabits.findApiTokens(credential, label.name)) {
            await exabits.deleteApiToken(credential, id);
          }
        },
      };
      try {
        const { data } = await sendAs(credential, request);
        return { ...readCreatedToken(data, masker), mayHaveNamesakes };
      } catch (thrown) {
        const failure = toFailure(thrown);
        throw !mayHaveNamesakes && isRefusedByExabits(failure) ? new NotCreated(failure) : failure;
      }
    },

    async listOldestApiTokens(credential) {
      const page = await readPage(credential, 'asc', 0);
      const more = (page.total ?? 0) - page.size;
      if (page.isSorted || more <= 0) return page;
      return readPage(credential, 'asc', Math.floor(Math.random() * (more + 1)));
    },

    listApiTokens: (credential) => readPages(credential, 'asc'),

    async findApiTokens(credential, name) {
      const isNamed = (token: ListedToken): boolean => token.name === name;
      // NaN if unknown.
      const timeOf = (token: ListedToken | undefined): number => Number(token?.createdAt);
      let newest: ListedToken | undefined;
      const { tokens } = await readPages(credential, 'desc', (page) => {
        newest ??= page.find(isNamed);
        return timeOf(page.at(-1)) < timeOf(newest) - namesakesWithinMs;
      });
      return tokens.filter(isNamed);
    },

    async deleteApiToken(credential, id) {
      // The id goes into a URL and into messages.
      if (masker.redact(id) !== id) throw malformed(list, 'the "id" of an entry contains a secret');
      try {
        const path = `/api-tokens/${encodeURIComponent(id)}`;
        await sendAs(credential, { method: 'DELETE', path, mayBeEmpty: true });
      } catch (thrown) {
        // A 404 from anything but Exabits says nothing about the token.
        if (!isRefusal(thrown, [404]) || !thrown.enveloped) throw thrown;
      }
    },
  };
  return exabits;
}

function isRefusal(thrown: unknown, statuses: readonly number[]): thrown is Rejection {
  return thrown instanceof Rejection && statuses.includes(thrown.status);
}

// Only Exabits itself can say so: a proxy may refuse to pass on the answer to a request that was carried out.
function isRefusedByExabits(failure: Failure): boolean {
  const rejection = failure instanceof Rejection ? failure : failure.cause;
  return rejection instanceof Rejection && rejection.enveloped && !rejection.transient;
}

// `status: false` comes with HTTP 200. A 403 may also come from a firewall, which knows nothing about passwords.
function isWrongCredentials(thrown: unknown): thrown is Rejection {
  return isRefusal(thrown, [401]) || (isRefusal(thrown, [200, 403]) && thrown.enveloped);
}

function wrongCredentials(rejection: Rejection): Failure {
  return new Failure(
    'wrong-credentials',
    `Exabits did not accept the username and password (${rejection.saw}). Check both secrets and that they belong to ${rejection.host}; "password-format" must be md5 if you stored the MD5 of the password, and plain if you stored the password itself.`,
    { cause: rejection },
  );
}

function accessRefused(credential: Credential, rejection: Rejection): Failure {
  const what =
    credential.kind === 'api-token'
      ? `the API token (${rejection.saw}). Check that it still exists in the Exabits console, that the secret holds all of it, and that it belongs to ${rejection.host}`
      : `the tokens of the login (${rejection.saw}). Check that the account may use the API, and that the runner's clock is right`;
  return new Failure('access-refused', `Exabits refused ${what}.`, { cause: rejection });
}

function readLogin(data: unknown, username: string, masker: Masker): Login {
  const read = reader('POST /authenticate/login', data, masker);
  const accessToken = read.token('access_token');
  const refreshToken = read.token('refresh_token');
  const now = Date.now();
  return {
    credential: {
      kind: 'token-pair',
      accessToken,
      refreshToken,
      accessTokenExpiresAt: jwtExpiry(accessToken) ?? new Date(now + accessTokenMs),
      refreshTokenExpiresAt: jwtExpiry(refreshToken) ?? new Date(now + refreshTokenMs),
    },
    account: { username: read.optionalName('username') || username, email: read.optionalName('email') },
  };
}

function readCreatedToken(data: unknown, masker: Masker): { id: string; credential: ApiToken } {
  const read = reader('POST /api-tokens', data, masker);
  const token = read.token('token');
  const id = read.id('id');
  // The id is saved in the state and printed, so it must not be a secret. A short id may occur in a token by chance.
  const isPartOfToken = id.length >= 16 && token.includes(id);
  if (isPartOfToken || masker.redact(id) !== id)
    throw malformed('POST /api-tokens', 'its "id" contains a secret');
  return { credential: toApiToken(token), id };
}

function readList(data: unknown): unknown[] {
  // Some servers send an empty list as null.
  if (data === null || data === undefined) return [];
  if (!Array.isArray(data)) throw malformed(list, 'its "data" is not a list');
  return data;
}

// Creation times show whether the server sorted. If any is missing, the list counts as unsorted.
function isSorted(tokens: readonly ListedToken[], order: 'asc' | 'desc'): boolean {
  const times = tokens.map(({ createdAt }) => Number(createdAt));
  const inOrder = order === 'asc' ? times : times.toReversed();
  return inOrder.every((time, index) => time >= (inOrder[index - 1] ?? time));
}

function readListedToken(entry: unknown): ListedToken[] {
  if (!isObject(entry)) return [];
  const { id, name, description, created_at: createdAt } = entry;
  if (!isId(id)) {
    // Without a name, it is not one of ours.
    if (typeof name !== 'string') return [];
    throw malformed(list, 'the "id" of an entry is not an identifier');
  }
  return [
    {
      id,
      name: typeof name === 'string' ? name : '',
      description: typeof description === 'string' ? description : '',
      createdAt: typeof createdAt === 'number' ? new Date(createdAt * 1000) : undefined,
    },
  ];
}

// An id goes into URLs, and into a command that the user may have to copy.
function isId(id: unknown): id is string {
  return typeof id === 'string' && /^\w[\w.:-]{0,127}$/.test(id);
}

function reader(answer: string, data: unknown, { mask, redact }: Masker) {
  if (!isObject(data)) throw malformed(answer, 'its "data" is not an object');
  const fields: JsonObject = data;
  return {
    token(field: string): Masked {
      const token = fields[field];
      if (typeof token !== 'string') throw malformed(answer, `its "${field}" is not a string`);
      const defect = tokenDefect(token);
      // Not masked: it is never used, and masking each of its lines could garble the job's whole log.
      if (defect) throw malformed(answer, `its "${field}" ${defect}`);
      return mask(token);
    },

    id(field: string): string {
      const id = fields[field];
      if (!isId(id)) throw malformed(answer, `its "${field}" is not an identifier`);
      return id;
    },

    optionalName(field: string): string {
      const name = fields[field] ?? '';
      if (typeof name !== 'string') throw malformed(answer, `its "${field}" is not a string`);
      return redact(name);
    },
  };
}
