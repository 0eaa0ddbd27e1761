import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** What the runner needs to know about an action. */
export interface ActionManifest {
  /** The inputs' defaults; an input without one has the empty string. */
  inputs: Readonly<Record<string, string>>;
  /** The entry files, as absolute paths. */
  main: string;
  post: string | undefined;
}

/**
 * Reads the action.yml of a JavaScript action.
 *
 * @param event the event that started the workflow: defaults may be properties of it
 * @throws if there is none, or it has something that the little runner does not do
 */
export function readActionManifest(actionDir: string, event: object = {}): ActionManifest {
  const { inputs = {}, runs } = parse(readFileSync(join(actionDir, 'action.yml'), 'utf8'));
  const { using, main, post, ...others } = runs;
  if (using !== 'node24' || Object.keys(others).length > 0) {
    throw new Error(`The little runner does not do this: ${JSON.stringify(runs)}`);
  }
  const defaults = Object.entries(inputs).map(([name, input]) => [
    name,
    evaluate(String(Object(input).default ?? ''), event),
  ]);
  return {
    inputs: Object.fromEntries(defaults),
    main: join(actionDir, main),
    post: post && join(actionDir, post),
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
  for (const name of Object.keys(given)) {
    if (!(name in defaults)) throw new Error(`action.yml has no input "${name}"`);
  }
  return { ...defaults, ...given };
}

function evaluate(text: string, event: object): string {
  const [, path] = /^\$\{\{ github\.event\.([\w.]+) \}\}$/.exec(text) ?? [];
  if (path !== undefined)
    return String(path.split('.').reduce((value, name) => value?.[name], Object(event)) ?? '');
  if (text.includes('${{')) throw new Error(`The little runner does not know ${text}`);
  return text;
}
