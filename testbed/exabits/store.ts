import { randomBytes } from 'node:crypto';
import { unsignedJwt } from './jwt.ts';
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

/** What to create an API token with. `createdAt` (Unix seconds) defaults to the sandbox's clock, `token` to a new JWT. */
export interface NewApiToken {
  name: string;
  description?: string | undefined;
  createdAt?: number | undefined;
  token?: string;
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

/** Where a page starts, how long it is at most, and how the list is sorted. */
export interface PageRequest {
  limit: number;
  offset: number;
  sortField: 'name' | 'created_at' | 'last_used';
  sortOrder: 'asc' | 'desc';
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

const ACCESS_TOKEN_SECONDS = 30 * 60;
const REFRESH_TOKEN_SECONDS = 2 * 60 * 60;

interface Grant {
  username: string;
  /** Milliseconds on the sandbox's clock. */
  until: number;
}

/** The state of the embedded Exabits: accounts, tokens, machines and a clock that can be moved forward. */
export class Store {
  readonly accounts: readonly Account[];
  /** Every token that there ever was. */
  readonly issued: string[] = [];
  readonly #accessTokens = new Map<string, Grant>();
  readonly #refreshTokens = new Map<string, Grant>();
  readonly #apiTokens = new Map<string, ApiTokenRecord>();
  readonly #machines = new Map<string, MachineRecord>();
  readonly #machineStart: MachineStart;
  #aheadMs = 0;

  /** Each account has two running machines from the start. */
  constructor(accounts: readonly Account[], machineStart: MachineStart = { status: 'running', seconds: 1 }) {
    this.accounts = accounts;
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
  logIn(username: string, passwordMd5: string): { accessToken: string; refreshToken: string } | undefined {
    const account = this.account(username);
    if (account === undefined || md5(account.password) !== passwordMd5) return undefined;
    const grant = (seconds: number): Grant => ({ username, until: this.nowMs() + seconds * 1000 });
    const accessToken = this.#issue(username, ACCESS_TOKEN_SECONDS);
    const refreshToken = randomBytes(41).toString('base64url');
    this.issued.push(refreshToken);
    this.#accessTokens.set(accessToken, grant(ACCESS_TOKEN_SECONDS));
    this.#refreshTokens.set(refreshToken, grant(REFRESH_TOKEN_SECONDS));
    return { accessToken, refreshToken };
  }

  /**
   * Checks the two request headers of a call: an API token alone, or both tokens of a login.
   *
   * @param authorization the Authorization header
   * @param refreshToken the refresh-token header
   * @returns the caller; undefined if the tokens are not valid, or not any more
   */
  authenticate(authorization: string | undefined, refreshToken: string | undefined): Account | undefined {
    const bearer = /^Bearer +(\S+)$/i.exec(authorization ?? '')?.[1] ?? '';
    const record = this.apiTokens().find(({ token }) => token === bearer);
    if (record !== undefined) {
      record.lastUsed = this.#nowSeconds();
      return this.account(record.account);
    }
    const access = this.#accessTokens.get(bearer);
    const refresh = this.#refreshTokens.get(refreshToken ?? '');
    if (!access || !refresh || access.username !== refresh.username) return undefined;
    return Math.min(access.until, refresh.until) > this.nowMs() ? this.account(access.username) : undefined;
  }

  /** The account of this username. */
  account(username: string): Account | undefined {
    return this.accounts.find((candidate) => candidate.username === username);
  }

  /** Every live API token of every account, oldest first. */
  apiTokens(): ApiTokenRecord[] {
    return [...this.#apiTokens.values()];
  }

  /** Creates an API token. */
  createApiToken(account: Account, token: NewApiToken): ApiTokenRecord {
    const record: ApiTokenRecord = {
      id: newId(),
      name: token.name,
      description: token.description ?? '',
      token: token.token ?? this.#issue(account.username),
      account: account.username,
      createdAt: token.createdAt ?? this.#nowSeconds(),
      lastUsed: 0,
    };
    this.#apiTokens.set(record.id, record);
    return record;
  }

  /** One page of an account's API tokens; `total` counts those of all pages. */
  listApiTokens(account: Account, page: PageRequest): { items: ApiTokenRecord[]; total: number } {
    const keyOf = ({ name, createdAt, lastUsed }: ApiTokenRecord): string | number =>
      ({ name, created_at: createdAt, last_used: lastUsed })[page.sortField];
    const direction = page.sortOrder === 'asc' ? 1 : -1;
    const sorted = this.apiTokens()
      .filter((record) => record.account === account.username)
      .sort((one, other) => {
        const [left, right] = [keyOf(one), keyOf(other)];
        if (left === right) return 0;
        return left < right ? -direction : direction;
      });
    return { items: sorted.slice(page.offset, page.offset + page.limit), total: sorted.length };
  }

  /** Deletes an API token of this account, which stops working at once; false if there is none. */
  deleteApiToken(account: Account, id: string): boolean {
    return this.#apiTokens.get(id)?.account === account.username && this.#apiTokens.delete(id);
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
      id: newId(),
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

  #nowSeconds(): number {
    return Math.floor(this.nowMs() / 1000);
  }

  /** A new JWT. Nobody checks its signature: what counts is that the store knows it. */
  #issue(sub: string, seconds?: number): string {
    const iat = this.#nowSeconds();
    const expiry = seconds === undefined ? {} : { exp: iat + seconds };
    const token = unsignedJwt({ sub, iat, ...expiry, jti: randomBytes(9).toString('base64url') });
    this.issued.push(token);
    return token;
  }
}

function newId(): string {
  return randomBytes(12).toString('hex');
}
