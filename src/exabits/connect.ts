import type { Endpoint } from '../endpoint.ts';
import type { Masker } from '../job/mask.ts';
import { createExabits, type Exabits } from './api.ts';
import { startDeadline } from './backoff.ts';
import { createSend } from './http.ts';

export interface ConnectionSettings extends Masker {
  readonly endpoint: Endpoint;
  /** For all requests together, in milliseconds from now. */
  readonly timeoutMs: number;
  /** Tries of one request. */
  readonly maxAttempts: number;
  /** Told, in one line, about every try that failed and is followed by another. */
  readonly onRetry: (line: string) => void;
}

/**
 * Opens a conversation with Exabits. Its deadline starts now; nothing is sent yet.
 *
 * @param settings what the conversation is held to
 * @returns the calls of the API
 */
export function connectToExabits(settings: ConnectionSettings): Exabits {
  const send = createSend({ ...settings, deadline: startDeadline(settings.timeoutMs) });
  return createExabits(send, settings.mask);
}
