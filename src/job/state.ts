import * as core from '@actions/core';
import type { Fingerprint } from '../fingerprint.ts';
import { writeAllOrNone } from './command-files.ts';

/**
 * What `main` left in the job, for `post` to clear. Only names, paths and fingerprints: secrets do not belong in the
 * state.
 */
export interface Leftovers {
  /** Fingerprints of the values by name. A variable with another value when `post` runs is not ours any more. */
  readonly variables: Readonly<Record<string, Fingerprint>>;
  /**
   * Credential variables that are empty for later steps. If one has a value when `post` runs, something has set it
   * since.
   */
  readonly unset: readonly string[];
  readonly headersFile: string | undefined;
  /** False if the user wants everything to stay. */
  readonly cleanup: boolean;
}

/** An API token that was created for this job alone, or is about to be. */
export interface EphemeralToken {
  readonly name: string;
  /** Undefined until Exabits has answered. */
  readonly id: string | undefined;
  /** Whether there may be others of the same name, because the answer to a creation was lost. */
  readonly mayHaveNamesakes: boolean;
  /** The sources of all credentials of the account that created it. */
  readonly owners: readonly Fingerprint[];
  readonly apiUrl: string;
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  readonly staleTokenHours: number;
}

/** Saves what `main` is about to leave, so that `post` finds it even if `main` is killed meanwhile. */
export function saveLeftovers(leftovers: Leftovers): void {
  core.saveState('leftovers', leftovers);
}

/** Reads what `main` left; undefined if it did not get that far. */
export function readLeftovers(): Leftovers | undefined {
  return read('leftovers');
}

/**
 * Saves the token that is about to be created, so that `post` finds it even if `main` is killed meanwhile.
 *
 * @param token the token; undefined if none was created after all
 * @throws Failure `job-files` if the runner's file cannot be written
 */
export function saveEphemeralToken(token: EphemeralToken | undefined): void {
  writeAllOrNone(['GITHUB_STATE'], () => core.saveState('ephemeral-token', token));
}

/** Reads the token that `main` created, or was about to; undefined if there is none. */
export function readEphemeralToken(): EphemeralToken | undefined {
  return read('ephemeral-token');
}

function read<Saved>(name: string): Saved | undefined {
  const text = core.getState(name);
  return text === '' ? undefined : JSON.parse(text);
}
