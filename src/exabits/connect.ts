import type { Masker } from '../job/mask.ts';
import { createExabits, type Exabits } from './api.ts';
import { type Conversation, createSend } from './send.ts';

/**
 * Opens a conversation with Exabits. Its deadline starts now; nothing is sent yet.
 *
 * @param conversation limits shared by all requests
 * @param masker masks tokens, and redacts text from the server
 * @param onRetry gets one line about each failed try that is followed by another
 * @returns the calls of the API
 */
export function connect(
  conversation: Conversation,
  masker: Masker,
  onRetry: (line: string) => void,
): Exabits {
  return createExabits(createSend(conversation, masker.redact, onRetry), masker);
}
