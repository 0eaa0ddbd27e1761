import type { Credential } from '../credentials.ts';
import { type Envelope, isObject, malformed } from './envelope.ts';

/** An API token as the list shows it, without its value. */
export interface ListedToken {
  readonly id: string;
  readonly name: string;
  /** Empty if the list does not include it. */
  readonly description: string;
  /** Undefined unless the list gives it in Unix seconds. */
  readonly createdAt: Date | undefined;
}

export interface TokenList {
  readonly tokens: readonly ListedToken[];
  /** When it was sent, by Exabits' clock, if the answer says so. */
  readonly date: Date | undefined;
}

/** Whether tokens older than these are not needed, given all so far and the time by Exabits' clock. */
export type IsEnough = (tokens: readonly ListedToken[], date: Date | undefined) => boolean;

const pageSize = 100;
const mostPages = 1000;
/** The share of a page that the next one repeats: the list moves up when other jobs delete tokens meanwhile. */
const overlap = 0.2;
const list = 'GET /api-tokens';

/**
 * Reads the list of API tokens, newest first, page by page. No field reliably tells where it ends (`total` may count
 * only the page, and a page may be short), so it ends where a page brings nothing new, or at `isEnough` if the list has
 * been in order. Throws a Failure if an entry is not what the API promises, or the list ends too early or never.
 */
export async function readTokenList(
  readPage: (credential: Credential, path: string) => Promise<Envelope>,
  credential: Credential,
  isEnough: IsEnough = () => false,
): Promise<TokenList> {
  const tokens = new Map<string, ListedToken>();
  let offset = 0;
  let unreadable = 0;
  for (let count = 0; count < mostPages; count += 1) {
    const path = `/api-tokens?limit=${pageSize}&offset=${offset}&sortField=created_at&sortOrder=desc`;
    const { data, total = 0, date } = await readPage(credential, path);
    // Some servers send an empty list as null.
    const entries = data ?? [];
    if (!Array.isArray(entries)) throw malformed(list, 'its "data" is not a list');
    const before = tokens.size;
    const read = entries.flatMap(readListedToken);
    unreadable += entries.length - read.length;
    for (const token of read) tokens.set(token.id, token);
    const found = [...tokens.values()];
    const isLast = tokens.size === before;
    if (isLast && tokens.size + unreadable < total) throw malformed(list, 'it ends before its "total"');
    if (isLast || (isEnough(found, date) && isNewestFirst(found))) return { tokens: found, date };
    offset += entries.length - Math.floor(entries.length * overlap);
  }
  throw malformed(list, `it goes on after ${mostPages} pages`);
}

/** Reads an id, which goes into URLs and into a command that the user may have to copy; undefined if it cannot. */
export function readId(id: unknown): string | undefined {
  const text = Number.isSafeInteger(id) ? String(id) : id;
  return typeof text === 'string' && /^\w[\w.:-]{0,127}$/.test(text) ? text : undefined;
}

// If any time is missing, the comparison with NaN is false.
function isNewestFirst(tokens: readonly ListedToken[]): boolean {
  const times = tokens.map(({ createdAt }) => Number(createdAt));
  return times.every((time, index) => time <= (times[index - 1] ?? time));
}

function readListedToken(entry: unknown): ListedToken[] {
  if (!isObject(entry)) return [];
  const { name, description, created_at: createdAt } = entry;
  const id = readId(entry.id);
  if (id === undefined) {
    // Without a name, it is not one of ours.
    if (typeof name !== 'string') return [];
    throw malformed(list, 'the "id" of an entry is not an identifier');
  }
  // Zero, and milliseconds in place of seconds, say nothing about an age.
  const isTime = typeof createdAt === 'number' && createdAt > 1e9 && createdAt < 1e11;
  const token = {
    id,
    name: typeof name === 'string' ? name : '',
    description: typeof description === 'string' ? description : '',
    createdAt: isTime ? new Date(createdAt * 1000) : undefined,
  };
  return [token];
}
