import { tellingForms } from '../../testbed/runner/secret-forms.ts';
import { parseProbe, parseResult, parseSecrets, type Result } from './log-lines.ts';
import type { Scenario } from './scenarios.ts';

/** Patterns that reveal any token of the sandbox, or a login. */
const TOKEN_SHAPES: ReadonlyMap<string, RegExp> = new Map([
  ['a JWT', /eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]{8,}/],
  ['a JWT in base64', /ZXlK[\w+/-]{24,}/],
  ['a password hash in a request', /"password":\s*"[0-9a-f]{32}"/],
]);

/**
 * Reads the complete log of the end-to-end jobs: the result of every check, and whether it contains a secret.
 *
 * @param log as the runner printed it
 * @param scenarios the jobs that should be in it
 * @returns one result for every expected check; a check that the log does not mention has failed
 */
export function verifyLog(log: string, scenarios: readonly Scenario[]): Result[] {
  const lines = log.split(/\r?\n/).map(withoutColour);
  const found = lines.map(parseResult).filter((result) => result !== undefined);
  return [
    ...scenarios.flatMap((scenario) => scenarioResults(scenario, found, lines)),
    ...secrecyResults(lines),
  ];
}

function scenarioResults(
  { name, checks, afterwards, probes }: Scenario,
  found: Result[],
  lines: string[],
): Result[] {
  const ended = [...checks, ...afterwards].map(({ title }) => {
    const results = found.filter((result) => result.scenario === name && result.title === title);
    return (
      results.find(({ outcome }) => outcome === 'fail') ??
      results[0] ?? {
        scenario: name,
        title,
        outcome: 'fail' as const,
        reason: 'the job never came to this check',
      }
    );
  });
  const shown = lines.map(parseProbe).filter((probe) => probe?.scenario === name);
  const masked = probes.map((probe): Result => {
    const title = `a later step that prints the ${probe} prints ***`;
    const ways = shown.filter((line) => line?.name === probe).map((line) => line?.shown);
    if (ways.length > 0 && ways.every((way) => way === '***'))
      return { scenario: name, title, outcome: 'pass' };
    const reason = ways.length === 0 ? 'no step printed it' : 'it prints something else';
    return { scenario: name, title, outcome: 'fail', reason };
  });
  return [...ended, ...masked];
}

function secrecyResults(lines: string[]): Result[] {
  const scenario = 'complete-log';
  const secrets = new Set(lines.flatMap((line) => parseSecrets(line) ?? []).filter(Boolean));
  const rest = lines.map((line) => (parseSecrets(line) === undefined ? line : ''));
  const result = (title: string, leaks: string[]): Result =>
    leaks.length === 0
      ? { scenario, title, outcome: 'pass' }
      : { scenario, title, outcome: 'fail', reason: leaks.join('; ') };

  const known = [...secrets].flatMap((secret) => {
    for (const [form, text] of tellingForms(secret)) {
      const line = rest.findIndex((each) => each.includes(text));
      if (line >= 0) return [`a secret of ${secret.length} characters, ${form}: ${around(rest, line, text)}`];
    }
    return [];
  });
  const shapes = [...TOKEN_SHAPES].flatMap(([what, pattern]) => {
    const line = rest.findIndex((each) => pattern.test(each));
    return line < 0 ? [] : [`${what}: ${around(rest, line, pattern.exec(rest[line] ?? '')?.[0] ?? '')}`];
  });
  return [
    result(
      'none of the secrets, plain, as MD5, in base64, URI-escaped or in JSON',
      secrets.size === 0 ? ['no job said which secrets there were'] : known,
    ),
    result('nothing that looks like a token or a password hash', shapes),
  ];
}

/** Where a leak is, without repeating it. */
function around(lines: readonly string[], index: number, text: string): string {
  return `line ${index + 1} "${(lines[index] ?? '').replaceAll(text, '<the secret>').slice(0, 160)}"`;
}

function withoutColour(line: string): string {
  return line.replaceAll(/\u001b\[[0-9;]*m/g, '');
}
