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

/** How the creation of a machine ends, and after how many seconds. */
export interface MachineStart {
  status: 'running' | 'error';
  seconds: number;
}

/** A virtual machine as the sandbox keeps it. */
export interface MachineRecord {
  id: string;
  name: string;
  account: string;
  fixedIp: string;
  sshKeyName: string;
  /** Milliseconds on the sandbox's clock. Until then, it is being created. */
  startedAt: number;
  status: MachineStart['status'];
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
/** The name of a token that a job created for itself. */
const EPHEMERAL_NAME = /^gha-\d+-\d+-[0-9a-f]{8}$/;

/** Whose a token of a login is, and until when, in milliseconds on the sandbox's clock. */
interface Grant {
  username: string;
  until: number;
}

/** The state of the embedded Exabits: accounts, tokens, machines and a clock that can be moved forward. */
export class Store {
  readonly accounts: readonly Account[];
  /** Every token that it has made. */
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
    for (const account of accounts) {
      for (const name of ['train-0', 'train-1'])
        this.createMachine(account, `${account.username}-${name}`, 'demo-key', {
          status: 'running',
          seconds: 0,
        });
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

  /** Whose the tokens of a call are: an API token alone, or both tokens of a login. Undefined if they are not valid. */
  authenticate(bearer: string, refreshToken: string): Account | undefined {
    if (bearer === '') return undefined;
    const record = this.apiTokens().find(({ token }) => token === bearer);
    if (record !== undefined) {
      record.lastUsed = this.#nowSeconds();
      return this.account(record.account);
    }
    const access = this.#accessTokens.get(bearer);
    const refresh = this.#refreshTokens.get(refreshToken);
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

  /** The live API tokens with a name that a job gave them. */
  orphans(): ApiTokenRecord[] {
    return this.apiTokens().filter(({ name }) => EPHEMERAL_NAME.test(name));
  }

  /** Creates an API token. */
  createApiToken({ username }: Account, token: NewApiToken): ApiTokenRecord {
    const record: ApiTokenRecord = {
      id: newId(),
      name: token.name,
      description: token.description ?? '',
      token: token.token ?? this.#issue(username),
      account: username,
      createdAt: token.createdAt ?? this.#nowSeconds(),
      lastUsed: 0,
    };
    this.#apiTokens.set(record.id, record);
    return record;
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
  createMachine(
    { username }: Account,
    name: string,
    sshKeyName: string,
    { status, seconds } = this.#machineStart,
  ): MachineRecord {
    const machine: MachineRecord = {
      id: newId(),
      name,
      account: username,
      sshKeyName,
      status,
      fixedIp: `192.0.2.${10 + (this.#machines.size % 200)}`,
      startedAt: this.nowMs() + seconds * 1000,
    };
    this.#machines.set(machine.id, machine);
    return machine;
  }

  /** Deletes a machine of this account, which is gone at once; false if there is none. */
  deleteMachine(account: Account, id: string): boolean {
    return this.#machines.get(id)?.account === account.username && this.#machines.delete(id);
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
