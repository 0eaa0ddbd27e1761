import * as core from '@actions/core';
import type { ApiToken } from '../credentials.ts';
import type { Fingerprint } from '../secrets.ts';
import { writeAllOrNone } from './command-files.ts';

/** What `main` exported, for `post` to clear. */
export interface Exported {
  /** Fingerprints of the values by name. A variable that has another value later is not ours any more. */
  readonly variables: Readonly<Record<string, Fingerprint>>;
  readonly headersFile: string | undefined;
  /** False if the user wants everything to stay. */
  readonly cleanup: boolean;
}

/** The creation of the job's own API token: what `post` needs to delete it. */
export interface Creation {
  readonly apiUrl: string;
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  /** Recognises the inputs that the token was made from. */
  readonly maker: Fingerprint;
  /** When it began, in seconds since the machine was started. The wall clock may be set meanwhile. */
  readonly startedAt: number;
  /** The names of the tokens that may exist, because no answer says otherwise. */
  readonly unanswered: readonly string[];
  /** The token of the job, once Exabits has answered. */
  readonly made: { readonly id: string; readonly name: string } | undefined;
}

const exportedKey = 'exported';
const creationKey = 'creation';
/** A state value of its own: act recognises a secret as plain text only, not inside JSON. */
const tokenKey = 'ephemeral-token';

/** Saves what `main` is about to export. */
export function saveExported(exported: Exported): void {
  core.saveState(exportedKey, exported);
}

/** Reads what `main` exported; undefined if it did not get that far. */
export function readExported(): Exported | undefined {
  return read(exportedKey);
}

/** Saves how far a creation has come, and the token once it is known: `post` uses it to delete itself. */
export function saveCreation(creation: Creation, credential?: ApiToken): void {
  writeAllOrNone(['GITHUB_STATE'], () => {
    if (credential) core.saveState(tokenKey, credential.token);
    core.saveState(creationKey, creation);
  });
}

/** Reads how far the creation of a token came; undefined if none was begun. */
export function readCreation(): Creation | undefined {
  return read(creationKey);
}

/** Reads the token of the job, not masked in this process yet; empty if it is not known. */
export function readEphemeralToken(): string {
  return core.getState(tokenKey);
}

function read<Saved>(name: string): Saved | undefined {
  const text = core.getState(name);
  return text === '' ? undefined : JSON.parse(text);
}
