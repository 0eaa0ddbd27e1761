import { toFailure } from './failure.ts';
import { removeHeadersFile } from './job/headers-file.ts';
import { info, warning } from './job/log.ts';
import { emptyVariables } from './job/publish.ts';
import { readLeftovers } from './job/state.ts';

/**
 * The post step: clears what this invocation left in the job. It never fails the job: what cannot be done is a warning.
 */
export async function post(): Promise<void> {
  const leftovers = readLeftovers();
  if (!leftovers) return info('Nothing to clear: the step handed nothing on.');

  const { variables, headersFile, cleanup } = leftovers;
  const what = [...variables, ...(headersFile ? ['the header file'] : [])].join(', ');
  if (!cleanup) return info(`Left in place, because cleanup is false: ${what}.`);

  const cleared = [
    variables.length > 0 && attempt('empty the variables', () => emptyVariables(variables)) && variables,
    headersFile &&
      attempt('remove the header file', () => removeHeadersFile(headersFile)) &&
      'the header file',
  ]
    .filter(Boolean)
    .flat();
  if (cleared.length > 0) info(`Cleared ${cleared.join(', ')}.`);
}

function attempt(what: string, clear: () => void): boolean {
  try {
    clear();
    return true;
  } catch (thrown) {
    warning(`Could not ${what}: ${toFailure(thrown).message}`);
    return false;
  }
}
