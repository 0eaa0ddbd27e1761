import { type ApiToken, type Configured, type Credential, headersOf, type Password } from '../credentials.ts';
import type { Failure } from '../failure.ts';
import type { Masker } from '../secrets.ts';
import { type Created, type Login, readCreated, readLogin } from './answers.ts';
import type { Envelope } from './envelope.ts';
import type { Request } from './exchange.ts';
import { hasStatus, isAnswered, RequestFailure } from './request-failure.ts';
import { type Conversation, createSend, type NextTry } from './send.ts';
import { type IsEnough, readTokenList, type TokenList } from './token-list.ts';

/** The name (at most 50 characters) and the description of an API token. */
export interface TokenLabel {
  readonly name: string;
  readonly description: string;
}

/** The Exabits API calls that the action makes. Each can throw a Failure. */
export interface Exabits {
  /** `POST authenticate/login` for a password. An API token is already a credential, and costs no request. */
  authenticate(configured: Configured): Promise<Login | { credential: ApiToken; account?: undefined }>;
  /** `GET billing/balance`, to see whether a credential works. */
  check(credential: Credential): Promise<void>;
  /** `POST api-tokens`. It is not idempotent, so each try gets its own label, given the failure of the try before. */
  createApiToken(
    credential: Credential,
    nextLabel: (failed?: RequestFailure) => TokenLabel,
  ): Promise<Created>;
  /** `GET api-tokens`, all pages, unless `isEnough` ends it early. */
  listApiTokens(credential: Credential, isEnough?: IsEnough): Promise<TokenList>;
  /** `DELETE api-tokens/{id}`. Returns only if Exabits confirms it. */
  deleteApiToken(credential: Credential, id: string): Promise<void>;
}

/** Opens a conversation with Exabits, whose deadline starts now; `onRetry` gets a line about each retry. */
export function connect(
  conversation: Conversation,
  masker: Masker,
  onRetry: (line: string) => void,
): Exabits {
  const send = createSend(conversation, masker.redact, onRetry);
  const host = conversation.endpoint.name;

  async function sendAs(credential: Credential, next: NextTry): Promise<Envelope> {
    try {
      return await send((failed) => ({ ...next(failed), headers: headersOf(credential) }));
    } catch (thrown) {
      throw hasStatus(thrown, 401, 403) ? accessRefused(credential, host, thrown) : thrown;
    }
  }
  const call = (credential: Credential, method: Request['method'], path: string): Promise<Envelope> =>
    sendAs(credential, () => ({ method, path }));

  return {
    async authenticate(configured) {
      if (configured.kind === 'api-token') return { credential: configured };
      const { username, md5 } = configured;
      try {
        const body = { username, password: md5 };
        const { data } = await send(() => ({ method: 'POST', path: '/authenticate/login', body }));
        return readLogin(data, username, masker);
      } catch (thrown) {
        throw isWrongPassword(thrown) ? wrongPassword(configured, host, thrown) : thrown;
      }
    },
    async check(credential) {
      await call(credential, 'GET', '/billing/balance');
    },
    async createApiToken(credential, nextLabel) {
      const { data } = await sendAs(credential, (failed) => {
        const { name, description } = nextLabel(failed);
        return { method: 'POST', path: '/api-tokens', body: { name, description } };
      });
      return readCreated(data, masker);
    },
    listApiTokens: (credential, isEnough) =>
      readTokenList((as, path) => call(as, 'GET', path), credential, isEnough),
    async deleteApiToken(credential, id) {
      await call(credential, 'DELETE', `/api-tokens/${encodeURIComponent(id)}`);
    },
  };
}

// `status: false` comes with HTTP 200. A 403 may also come from a firewall, which knows nothing about passwords.
function isWrongPassword(thrown: unknown): thrown is RequestFailure {
  return hasStatus(thrown, 401) || isAnswered(thrown, 200, 403);
}

function wrongPassword({ looksHashed }: Password, host: string, { seen }: RequestFailure): Failure {
  const hint = looksHashed
    ? 'The password has 32 hexadecimal digits, like an MD5: if it is one, set password-format: md5.'
    : `Check both secrets, and that they belong to ${host}; "password-format" says whether the secret is the password itself or its MD5.`;
  const who = seen.enveloped ? 'Exabits' : host;
  return new RequestFailure(`${who} did not accept the username and password (${seen.saw}).`, hint, seen);
}

function accessRefused(credential: Credential, host: string, { seen }: RequestFailure): Failure {
  const who = seen.enveloped ? 'Exabits' : host;
  if (credential.kind === 'api-token') {
    const advice = `Check that it still exists in the Exabits console, that the secret holds all of it, and that it belongs to ${host}.`;
    return new RequestFailure(`${who} refused the API token (${seen.saw}).`, advice, seen);
  }
  const advice = "Check that the account may use the API, and that the runner's clock is right.";
  return new RequestFailure(`${who} refused the tokens of the login (${seen.saw}).`, advice, seen);
}
