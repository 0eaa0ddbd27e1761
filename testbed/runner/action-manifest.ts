import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

/** What the runner needs to know about an action. */
export interface ActionManifest {
  /** The inputs' defaults; an input without one has the empty string. */
  inputs: ReadonlyMap<string, string>;
  /** The entry files, as absolute paths. */
  main: string;
  post: string | undefined;
}

/**
 * Reads the action.yml of a JavaScript action.
 *
 * @param event the event that started the workflow: defaults may be properties of it
 * @throws if the file is missing, is not that of a node24 action, or uses something that the little runner does not
 *   support
 */
export function readActionManifest(actionDir: string, event: object = {}): ActionManifest {
  const document: unknown = parse(readFileSync(join(actionDir, 'action.yml'), 'utf8'));
  const action = mapping(document, 'action.yml');
  const runs = mapping(action.runs, 'runs');
  if (runs.using !== 'node24') throw new Error(`runs.using is ${runs.using}; the little runner knows node24`);
  for (const key of ['pre', 'pre-if', 'post-if']) {
    if (key in runs) throw new Error(`runs.${key} is something that the little runner does not do`);
  }
  const inputs = new Map<string, string>();
  for (const [name, input] of Object.entries(mapping(action.inputs ?? {}, 'inputs'))) {
    const value = mapping(input ?? {}, `inputs.${name}`).default ?? '';
    inputs.set(name, evaluate(String(value), event, `The default of ${name}`));
  }
  return {
    inputs,
    main: entry(actionDir, runs.main, 'runs.main'),
    post: runs.post === undefined ? undefined : entry(actionDir, runs.post, 'runs.post'),
  };
}

/**
 * Combines the inputs of a step with the defaults of the action.
 *
 * @param defaults the inputs that the action has
 * @returns all inputs; unknown ones are included, and also listed as unexpected
 */
export function resolveInputs(
  defaults: ReadonlyMap<string, string>,
  given: Readonly<Record<string, string>>,
): { inputs: ReadonlyMap<string, string>; unexpected: readonly string[] } {
  const inputs = new Map(defaults);
  const unexpected: string[] = [];
  for (const [name, value] of Object.entries(given)) {
    const known = [...inputs.keys()].find((key) => key.toLowerCase() === name.toLowerCase());
    if (known === undefined) unexpected.push(name);
    inputs.set(known ?? name, value);
  }
  return { inputs, unexpected };
}

function evaluate(text: string, event: object, where: string): string {
  const [, path] = /^\$\{\{ github\.event\.([\w.]+) \}\}$/.exec(text) ?? [];
  if (path !== undefined) return String(path.split('.').reduce(property, event) ?? '');
  if (text.includes('${{')) throw new Error(`${where} is an expression that the little runner does not know`);
  return text;
}

function property(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined;
}

function mapping(value: unknown, where: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new Error(`${where} is not a mapping`);
  }
  return Object.fromEntries(Object.entries(value));
}

function entry(actionDir: string, file: unknown, where: string): string {
  if (typeof file !== 'string') throw new Error(`${where} is not a file name`);
  return join(actionDir, file);
}
