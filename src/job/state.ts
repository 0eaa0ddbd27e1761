import * as core from '@actions/core';
import type { Fingerprint } from '../fingerprint.ts';
import { writeAllOrNone } from './command-files.ts';

/**
 * What `main` left in the job, for `post` to clear. Names, paths and fingerprints only: state is no place for secrets.
 */
export interface Leftovers {
  /** By name, with the fingerprint of the value: what holds another one by then is somebody else's. */
  readonly variables: Readonly<Record<string, Fingerprint>>;
  /** Variables for credentials that are empty for the later steps: what one holds by then has been set since. */
  readonly unset: readonly string[];
  readonly headersFile: string | undefined;
  /** False when the user wants everything to stay. */
  readonly cleanup: boolean;
}

/** An API token that exists at Exabits for this job alone, or is about to. */
export interface EphemeralToken {
  readonly name: string;
  /** Undefined until Exabits has answered. */
  readonly id: string | undefined;
  /** Whether there may be others of its name, because the answer to a creation was lost. */
  readonly mayHaveNamesakes: boolean;
  /** The sources of all credentials that act as the account which made it. */
  readonly owners: readonly Fingerprint[];
  readonly apiUrl: string;
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  readonly staleTokenHours: number;
}

/** Saves what is about to be left, so that `post` finds it even if `main` is killed meanwhile. */
export function saveLeftovers(leftovers: Leftovers): void {
  core.saveState('leftovers', leftovers);
}

/** Reads what `main` left; undefined when it never came to leave anything. */
export function readLeftovers(): Leftovers | undefined {
  return read('leftovers');
}

/**
 * Saves the token that is about to be created, so that `post` can find it whatever happens to `main`.
 *
 * @throws Failure `job-files` when the runner's file cannot be written
 */
export function saveEphemeralToken(token: EphemeralToken): void {
  writeAllOrNone(['GITHUB_STATE'], () => core.saveState('ephemeral-token', token));
}

/** Reads the token that `main` set out to create; undefined when it never did. */
export function readEphemeralToken(): EphemeralToken | undefined {
  return read('ephemeral-token');
}

function read<Saved>(name: string): Saved | undefined {
  const text = core.getState(name);
  return text === '' ? undefined : JSON.parse(text);
}
