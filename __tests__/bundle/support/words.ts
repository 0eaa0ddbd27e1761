import type { FailureCode } from '../../../src/failure.ts';

const patterns: Partial<Record<FailureCode, RegExp>> = {
  'host-not-found': /Host exabits\.invalid .*was not found \((ENOTFOUND|EAI_AGAIN)\)/,
  'connection-refused': /refused the connection\. Check the address/,
  'connection-lost': /The connection to .+ broke \(.+\)\. Check the network/,
  'tls-failed': /No secure connection to .+ \([A-Z_]+: .+\)\./,
  redirected: /was redirected \(HTTP 3\d\d\) to .+\. Redirects are not followed, because your credentials/,
  'timed-out': /No usable answer from .+ within 3 s|\S asks to wait \S+ s before the next try/,
  'rate-limited': /Too many requests to Exabits \(HTTP 429/,
  unavailable: /Exabits cannot answer now \(HTTP (408|5\d\d|999)/,
  rejected: /\S refused (GET|POST|DELETE) \S+ \(HTTP \d{3}/,
  'wrong-credentials': /Exabits did not accept the username and password \(HTTP \d{3}/,
  'access-refused': /Exabits refused (the API token|the tokens of the login) \(HTTP (401|403)/,
  'answer-too-large': /The answer to \S+ \S+ is larger than 1 MiB/,
  'answer-not-json': /The answer from .+ to \S+ \S+ is (empty|not JSON \(content type .+\))\./,
  'answer-malformed': /The answer to \S+ \S+ is not what the Exabits API promises: /,
};

/** The message by which a person recognises a failed request. */
export function wordsOf(code: FailureCode): RegExp {
  const pattern = patterns[code];
  if (!pattern) throw new Error(`No fault leads to ${code}`);
  return pattern;
}
