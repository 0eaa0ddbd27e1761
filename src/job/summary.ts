import * as core from '@actions/core';
import { accountOf, expiryOf, type SignIn } from '../credentials.ts';
import type { Endpoint } from '../endpoint.ts';

/**
 * Adds a short table to the summary of the job. It holds no secret, and text from outside stays text.
 *
 * @param signIn what was obtained
 * @param endpoint where it is from
 * @throws Error when the runner's file cannot be written
 */
export async function writeSummary(signIn: SignIn, endpoint: Endpoint): Promise<void> {
  const rows: [label: string, text: string | undefined][] = [
    ['Method', signIn.method],
    ['User', accountOf(signIn)?.username],
    ['Host', new URL(endpoint.apiUrl).host],
    ['Expires', expiryText(signIn)],
    ['Ephemeral token', signIn.method === 'ephemeral-api-token' ? signIn.name : undefined],
  ];
  const known = rows.flatMap(([label, text]) =>
    text ? [[{ data: label, header: true }, escapeHtml(text)]] : [],
  );
  await core.summary.addHeading('Exabits sign-in', 3).addTable(known).write();
}

function expiryText(signIn: SignIn): string {
  if (signIn.method === 'ephemeral-api-token') return 'with the job: the post step deletes the token';
  return expiryOf(signIn.credential)?.toISOString() ?? 'never, until the token is deleted';
}

// The runner shows the summary as Markdown, and leaves what stands inside HTML to HTML.
function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`|\\[\]*_]/g, (character) => `&#${character.charCodeAt(0)};`);
}
