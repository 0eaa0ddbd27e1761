import { md5 } from '../../../testbed/exabits/md5.ts';
import { tokensIn } from '../../../testbed/exabits/request-history.ts';
import { AWKWARD_ACCOUNT, EXAMPLE_ACCOUNT, type Sandbox } from '../../../testbed/exabits/server.ts';
import type { StepResult } from '../../../testbed/runner/job.ts';
import { secretsIn } from '../../../testbed/runner/secret-forms.ts';

/**
 * Every secret of a job: passwords and their hashes, and all tokens that were issued, sent or exported.
 *
 * @param given further secrets of the test
 */
export function secretsOf(
  sandbox: Sandbox,
  steps: readonly StepResult[],
  given: Iterable<string> = [],
): Set<string> {
  const passwords = [EXAMPLE_ACCOUNT.password, AWKWARD_ACCOUNT.password, ...given];
  const sent = sandbox.requests.flatMap((request) => [
    ...tokensIn(request),
    /"password":"([^"]+)"/.exec(request.body)?.[1],
  ]);
  const exported = steps.flatMap(({ outputs }) =>
    ['access-token', 'refresh-token', 'api-token'].map((name) => outputs[name]),
  );
  const all = [...passwords, ...passwords.map(md5), ...sent, ...sandbox.issued, ...exported];
  return new Set(all.filter((secret): secret is string => Boolean(secret)));
}

/** The texts that show a secret: a step's log, what the action prints before the runner masks it, summary and state. */
export function leaksOf(steps: readonly StepResult[], secrets: Iterable<string>, log = ''): string[] {
  const shown = steps.flatMap(({ raw, visible, annotations, summary, state }) => [
    visible,
    raw.replace(/^::add-mask::.*$/gm, ''),
    ...annotations.map(({ message }) => message),
    summary,
    ...Object.values(state),
  ]);
  return [log, ...shown].filter((text) => secretsIn(text, secrets).length > 0);
}
