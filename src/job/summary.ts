import { appendFileSync, statSync } from 'node:fs';
import { accountOf, expiryOf, type SignIn } from '../credentials.ts';
import type { Endpoint } from '../endpoint.ts';
import { Failure } from '../failure.ts';

/**
 * Adds a short table to the summary of the job. It holds no secret, and text from outside stays text.
 *
 * @param signIn what was obtained
 * @param endpoint where it is from
 * @throws Failure `job-files` where there is no such file; Error where it cannot be written
 */
export function writeSummary(signIn: SignIn, endpoint: Endpoint): void {
  const rows: [label: string, text: string | undefined][] = [
    ['Method', signIn.method],
    ['User', accountOf(signIn)?.username],
    ['Host', new URL(endpoint.apiUrl).host],
    ['Expires', expiryText(signIn)],
    ['Ephemeral token', signIn.method === 'ephemeral-api-token' ? signIn.name : undefined],
  ];
  const cells = rows.flatMap(([label, text]) =>
    text ? `<tr><th>${label}</th><td>${escapeHtml(text)}</td></tr>\n` : [],
  );
  const path = process.env.GITHUB_STEP_SUMMARY;
  // Writing to a pipe waits for a reader.
  if (!path || !statSync(path).isFile()) throw new Failure('job-files', 'GITHUB_STEP_SUMMARY is not a file.');
  appendFileSync(path, `<h3>Exabits sign-in</h3>\n<table>\n${cells.join('')}</table>\n`);
}

function expiryText(signIn: SignIn): string {
  if (signIn.method === 'ephemeral-api-token') return 'with the job: the post step deletes the token';
  return expiryOf(signIn.credential)?.toISOString() ?? 'never, until the token is deleted';
}

// The runner shows the summary as Markdown with HTML in it, so the marks of both are written as character references.
function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`|\\[\]*_~:@#$]/g, (character) => `&#${character.charCodeAt(0)};`);
}
