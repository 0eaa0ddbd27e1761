import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** What the runner needs to know about a JavaScript action: its entry files, as absolute paths, and its inputs. */
export interface ActionManifest {
  main: string;
  post: string | undefined;
  /** The inputs' defaults; an input without one has the empty string. */
  inputs: Readonly<Record<string, string>>;
}

/**
 * Reads the action.yml of a JavaScript action.
 *
 * @param event the event that started the workflow: defaults may be properties of it. Other expressions are empty here
 * @throws if there is none
 */
export function readActionManifest(actionDir: string, event: object = {}): ActionManifest {
  const { inputs = {}, runs } = parse(readFileSync(join(actionDir, 'action.yml'), 'utf8'));
  const evaluate = (expression: string): string => {
    const [, path = ' '] = /^github\.event\.([\w.]+)$/.exec(expression) ?? [];
    return String(path.split('.').reduce((value, name) => value?.[name], Object(event)) ?? '');
  };
  const defaults = Object.entries(inputs).map(([name, input]) => [
    name,
    String(Object(input).default ?? '').replace(/\$\{\{ (.*?) \}\}/g, (_, expression) =>
      evaluate(expression),
    ),
  ]);
  return {
    main: join(actionDir, runs.main),
    post: runs.post && join(actionDir, runs.post),
    inputs: Object.fromEntries(defaults),
  };
}

/**
 * The inputs of a step, together with the defaults for the others.
 *
 * @throws for an input that the action does not have
 */
export function resolveInputs(
  defaults: ActionManifest['inputs'],
  given: Readonly<Record<string, string>>,
): Record<string, string> {
  const unknown = Object.keys(given).filter((name) => !(name in defaults));
  if (unknown.length > 0) throw new Error(`action.yml has no input ${unknown.join(', ')}`);
  return { ...defaults, ...given };
}
