import type { Endpoint } from '../endpoint.ts';
import type { Masker } from '../job/mask.ts';
import { createExabits, type Exabits } from './api.ts';
import { startDeadline } from './backoff.ts';
import { type Connection, createSend } from './http.ts';

/** What one conversation with Exabits is held to. */
export interface ConnectionSettings {
  readonly endpoint: Endpoint;
  /** For all requests together, in milliseconds from now. */
  readonly timeoutMs: number;
  /** Tries of one request. */
  readonly maxAttempts: number;
}

/**
 * Opens a conversation with Exabits. Its deadline starts now; nothing is sent yet.
 *
 * @param settings what the conversation is held to
 * @param masker hides the secrets in what is sent and what comes back
 * @param onRetry told, in one line, about every try that failed and is followed by another
 * @returns the calls of the API
 */
export function connect(
  { endpoint, timeoutMs, maxAttempts }: ConnectionSettings,
  masker: Masker,
  onRetry: (line: string) => void,
): Exabits {
  const connection: Connection = {
    endpoint,
    maxAttempts,
    redact: masker.redact,
    onRetry,
    deadline: startDeadline(timeoutMs),
  };
  return createExabits(createSend(connection), masker);
}
