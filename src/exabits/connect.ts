import type { Masker } from '../job/mask.ts';
import { createExabits, type Exabits } from './api.ts';
import { type Conversation, createSend } from './send.ts';

/**
 * Opens a conversation with Exabits. Its deadline starts now; nothing is sent yet.
 *
 * @param conversation what it is held to
 * @param masker hides the secrets in what is sent and what comes back
 * @param onRetry told, in one line, about every try that failed and is followed by another
 * @returns the calls of the API
 */
export function connect(
  conversation: Conversation,
  masker: Masker,
  onRetry: (line: string) => void,
): Exabits {
  return createExabits(createSend(conversation, masker.redact, onRetry), masker);
}
