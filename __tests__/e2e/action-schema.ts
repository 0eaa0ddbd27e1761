import { globSync, readFileSync } from 'node:fs';
import { registerHooks } from 'node:module';
import { join } from 'node:path';
import type { Result } from './log-lines.ts';

/**
 * Checks every action.yml of the project against GitHub's own schema.
 *
 * @param root the project's folder
 */
export async function checkActionFiles(root: string): Promise<Result[]> {
  // @actions/workflow-parser is written for bundlers: it imports its schemas without saying that they are JSON.
  const hooks = registerHooks({
    resolve(specifier, context, next) {
      const resolved = next(specifier, context);
      return resolved.url.endsWith('.json') ? { ...resolved, importAttributes: { type: 'json' } } : resolved;
    },
  });
  const { parseAction } = await import('@actions/workflow-parser/actions/action-parser');
  const { NoOperationTraceWriter } = await import('@actions/workflow-parser');
  hooks.deregister();

  return globSync(['action.yml', '{sweep,.github/actions,examples}/**/action.yml'], { cwd: root })
    .sort()
    .map((name): Result => {
      const content = readFileSync(join(root, name), 'utf8');
      const { context } = parseAction({ name, content }, new NoOperationTraceWriter());
      const errors = context.errors.getErrors().map(({ message }) => message);
      const checked = { scenario: 'schema', title: `${name} is what GitHub's schema allows` };
      return errors.length === 0
        ? { ...checked, outcome: 'pass' }
        : { ...checked, outcome: 'fail', reason: errors.join('; ') };
    });
}
