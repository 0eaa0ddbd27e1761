import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { signingInput } from './jwt.ts';
import { md5 } from './md5.ts';

/** An account of the sandbox. The password is in plain text here; the API receives and compares its MD5. */
export interface Account {
  username: string;
  email: string;
  password: string;
}

/** An API token as the sandbox keeps it. Times are Unix seconds on the sandbox's clock; `lastUsed` 0 means never. */
export interface ApiTokenRecord {
  id: string;
  name: string;
  description: string;
  token: string;
  account: string;
  createdAt: number;
  lastUsed: number;
}

/**
 * A virtual machine as the sandbox keeps it. It is being created until `startedAt` (milliseconds on the sandbox's
 * clock).
 */
export interface MachineRecord {
  id: string;
  name: string;
  account: string;
  fixedIp: string;
  sshKeyName: string;
  startedAt: number;
  status: MachineStart['status'];
}

/** How the creation of a machine ends, and after how many seconds. */
export interface MachineStart {
  status: 'running' | 'error';
  seconds: number;
}

/** The answer to a login, in the spelling of this code base. */
export interface TokenPair {
  accessToken: string;
  refreshToken: string;
}

/** Who called, or why the caller is refused. */
export type Authentication =
  | { authenticated: true; account: Account }
  | { authenticated: false; reason: string };

/** One page of a list; `total` counts the entries of the whole list. */
export interface Page<Item> {
  items: Item[];
  total: number;
}

/** Where a page starts, how long it is at most, and how the list is sorted. */
export interface PageRequest {
  limit: number;
  offset: number;
  sortField: 'name' | 'created_at' | 'last_used';
  sortOrder: 'asc' | 'desc';
}

/** Lifetimes in seconds. API tokens live until they are deleted unless `apiTokenSeconds` is given. */
export interface Lifetimes {
  accessTokenSeconds: number;
  refreshTokenSeconds: number;
  apiTokenSeconds?: number | undefined;
}

/** Two made-up accounts. The password of the second has characters that trip up shells, URLs, JSON and masks. */
export const EXAMPLE_ACCOUNT: Account = {
  username: 'demo-user',
  email: 'demo-user@exabits.example',
  password: 'not-a-real-password',
};
export const AWKWARD_ACCOUNT: Account = {
  username: 'größe+test@exabits.example',
  email: 'größe+test@exabits.example',
  password: ' fake "pass\' wörd 100%0A&<b>=\\ $HOME ::add-mask::日本 ',
};

interface RefreshToken {
  username: string;
  expiresAt: number;
}

/** The state of the embedded Exabits: accounts, tokens, machines and a clock that can be moved forward. */
export class Store {
  readonly accounts: readonly Account[];
  readonly #lifetimes: Lifetimes;
  readonly #signingKey = randomBytes(32);
  /** Every access token and API token that there ever was. */
  readonly issued: string[] = [];
  readonly #refreshTokens = new Map<string, RefreshToken>();
  readonly #apiTokens = new Map<string, ApiTokenRecord>();
  readonly #machines = new Map<string, MachineRecord>();
  readonly #machineStart: MachineStart;
  #aheadMs = 0;

  /** Each account has two running machines from the start. */
  constructor(accounts: readonly Account[], lifetimes: Lifetimes, machineStart: MachineStart) {
    this.accounts = accounts;
    this.#lifetimes = lifetimes;
    this.#machineStart = machineStart;
    for (const { username } of accounts) {
      for (const name of ['train-0', 'train-1']) {
        this.#addMachine(username, `${username}-${name}`, 'demo-key', { status: 'running', seconds: 0 });
      }
    }
  }

  /** Milliseconds since the epoch on the sandbox's clock. */
  nowMs(): number {
    return Date.now() + this.#aheadMs;
  }

  /** Moves the clock forward. */
  advance(seconds: number): void {
    this.#aheadMs += seconds * 1000;
  }

  /** A new token pair, or undefined if the username or the MD5 of the password is wrong. */
  logIn(username: string, passwordMd5: string): TokenPair | undefined {
    const account = this.account(username);
    if (account === undefined || md5(account.password) !== passwordMd5) return undefined;
    const refreshToken = randomBytes(41).toString('base64url');
    this.#refreshTokens.set(refreshToken, {
      username,
      expiresAt: this.#nowSeconds() + this.#lifetimes.refreshTokenSeconds,
    });
    return {
      accessToken: this.#signJwt('access_token', username, this.#lifetimes.accessTokenSeconds),
      refreshToken,
    };
  }

  /**
   * Checks the two request headers of a call: an API token alone, or both tokens of a login.
   *
   * @param authorization the Authorization header
   * @param refreshToken the refresh-token header
   */
  authenticate(authorization: string | undefined, refreshToken: string | undefined): Authentication {
    const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1];
    if (bearer === undefined) return refused('The Authorization header is missing');
    const claims = this.#verifiedClaims(bearer);
    if (claims === undefined) return refused('The token is invalid');
    if (claims.exp !== undefined && claims.exp <= this.#nowSeconds()) return refused('The token has expired');
    const account = this.account(claims.sub);
    if (account === undefined) return refused('The token is invalid');

    if (claims.type === 'api_token') {
      const record = this.apiTokens().find((candidate) => candidate.token === bearer);
      if (record === undefined) return refused('The API token does not exist');
      record.lastUsed = this.#nowSeconds();
      return { authenticated: true, account };
    }

    if (!refreshToken) return refused('The refresh-token header is missing');
    const refresh = this.#refreshTokens.get(refreshToken);
    if (refresh === undefined || refresh.username !== account.username) {
      return refused('The refresh token is invalid');
    }
    if (refresh.expiresAt <= this.#nowSeconds()) return refused('The refresh token has expired');
    return { authenticated: true, account };
  }

  /** The account of this username. */
  account(username: string): Account | undefined {
    return this.accounts.find((candidate) => candidate.username === username);
  }

  /** Every live API token of every account, oldest first. */
  apiTokens(): ApiTokenRecord[] {
    return [...this.#apiTokens.values()];
  }

  /** Creates an API token. `createdAt` (Unix seconds) defaults to the sandbox's clock. */
  createApiToken(
    account: Account,
    token: { name: string; description?: string | undefined; createdAt?: number | undefined },
  ): ApiTokenRecord {
    const record: ApiTokenRecord = {
      id: randomBytes(12).toString('hex'),
      name: token.name,
      description: token.description ?? '',
      token: this.#signJwt('api_token', account.username, this.#lifetimes.apiTokenSeconds),
      account: account.username,
      createdAt: token.createdAt ?? this.#nowSeconds(),
      lastUsed: 0,
    };
    this.#apiTokens.set(record.id, record);
    return record;
  }

  /** One page of an account's API tokens. */
  listApiTokens(account: Account, page: PageRequest): Page<ApiTokenRecord> {
    const sortKey = (record: ApiTokenRecord): string | number => {
      if (page.sortField === 'name') return record.name;
      return page.sortField === 'created_at' ? record.createdAt : record.lastUsed;
    };
    const direction = page.sortOrder === 'asc' ? 1 : -1;
    const sorted = this.apiTokens()
      .filter((record) => record.account === account.username)
      .sort((one, other) => {
        const [left, right] = [sortKey(one), sortKey(other)];
        if (left === right) return 0;
        return left < right ? -direction : direction;
      });
    return { items: sorted.slice(page.offset, page.offset + page.limit), total: sorted.length };
  }

  /** Renames an API token of this account; undefined if it has none with this id. */
  renameApiToken(
    account: Account,
    id: string,
    change: { name: string; description?: string | undefined },
  ): ApiTokenRecord | undefined {
    const record = this.#ownApiToken(account, id);
    if (record === undefined) return undefined;
    record.name = change.name;
    record.description = change.description ?? '';
    return record;
  }

  /** Deletes an API token of this account, which stops working at once; false if there is none. */
  deleteApiToken(account: Account, id: string): boolean {
    return this.#ownApiToken(account, id) !== undefined && this.#apiTokens.delete(id);
  }

  /** Every machine of every account, oldest first. */
  machines(): MachineRecord[] {
    return [...this.#machines.values()];
  }

  /** Creates a machine, which takes some time to start. */
  createMachine(account: Account, name: string, sshKeyName: string): MachineRecord {
    return this.#addMachine(account.username, name, sshKeyName, this.#machineStart);
  }

  /** The machine of this account with this id, if there is one. */
  machine(account: Account, id: string): MachineRecord | undefined {
    const machine = this.#machines.get(id);
    return machine?.account === account.username ? machine : undefined;
  }

  /** Deletes a machine of this account, which is gone at once; false if there is none. */
  deleteMachine(account: Account, id: string): boolean {
    return this.machine(account, id) !== undefined && this.#machines.delete(id);
  }

  #addMachine(account: string, name: string, sshKeyName: string, start: MachineStart): MachineRecord {
    const machine: MachineRecord = {
      id: randomBytes(12).toString('hex'),
      name,
      account,
      fixedIp: `192.0.2.${10 + (this.#machines.size % 200)}`,
      sshKeyName,
      startedAt: this.nowMs() + start.seconds * 1000,
      status: start.status,
    };
    this.#machines.set(machine.id, machine);
    return machine;
  }

  #ownApiToken(account: Account, id: string): ApiTokenRecord | undefined {
    const record = this.#apiTokens.get(id);
    return record?.account === account.username ? record : undefined;
  }

  #nowSeconds(): number {
    return Math.floor(this.nowMs() / 1000);
  }

  #signJwt(
    type: 'access_token' | 'api_token',
    username: string,
    lifetimeSeconds: number | undefined,
  ): string {
    const issuedAt = this.#nowSeconds();
    const expiry = lifetimeSeconds === undefined ? {} : { exp: issuedAt + lifetimeSeconds };
    const claims = {
      type,
      sub: username,
      iat: issuedAt,
      ...expiry,
      jti: randomBytes(9).toString('base64url'),
    };
    const signed = signingInput(claims);
    const token = `${signed}.${this.#signature(signed).toString('base64url')}`;
    this.issued.push(token);
    return token;
  }

  #signature(signed: string): Buffer {
    return createHmac('sha256', this.#signingKey).update(signed).digest();
  }

  #verifiedClaims(jwt: string): { type: string; sub: string; exp: number | undefined } | undefined {
    const [header, payload, signature] = jwt.split('.');
    if (header === undefined || payload === undefined || signature === undefined) return undefined;
    const expected = this.#signature(`${header}.${payload}`);
    const given = Buffer.from(signature, 'base64url');
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
    return JSON.parse(Buffer.from(payload, 'base64url').toString('utf8'));
  }
}

function refused(reason: string): Authentication {
  return { authenticated: false, reason };
}
