import { appendFileSync, statSync } from 'node:fs';
import type { SignIn } from '../credentials.ts';
import type { Endpoint } from '../endpoint.ts';
import { oneLine } from '../text.ts';

/** Adds a short table without secrets to the job summary. Throws if it cannot. */
export function writeSummary(signIn: SignIn, endpoint: Endpoint): void {
  const rows: [label: string, text: string | undefined][] = [
    ['Method', signIn.method],
    ['User', signIn.account?.username],
    ['Host', endpoint.name],
    ['Expires', expiryText(signIn)],
    ['Ephemeral token', signIn.method === 'ephemeral-api-token' ? signIn.name : undefined],
  ];
  const cells = rows.flatMap(([label, text]) =>
    text ? `<tr><th>${label}</th><td>${escapeHtml(oneLine(text))}</td></tr>\n` : [],
  );
  const path = process.env.GITHUB_STEP_SUMMARY;
  // Writing to a pipe would wait for a reader.
  if (!path || !statSync(path).isFile()) throw new Error('GITHUB_STEP_SUMMARY is not a file');
  appendFileSync(path, `<h3>Exabits sign-in</h3>\n<table>\n${cells.join('')}</table>\n`);
}

function expiryText(signIn: SignIn): string {
  if (signIn.method === 'ephemeral-api-token') return 'when the job ends: the post step deletes the token';
  return signIn.credential.expiresAt?.toISOString() ?? 'never, until the token is deleted';
}

// The summary is Markdown with HTML, so the special characters of both become character references.
function escapeHtml(text: string): string {
  return text.replace(/[&<>"'`|\\[\]*_~:@#$]/g, (character) => `&#${character.charCodeAt(0)};`);
}
