import { secretForms } from '../../testbed/runner/secret-forms.ts';
import { type Evidence, type PhaseEvidence, secretsOf, secretsOfInputs } from './evidence.ts';
import type { World } from './worlds.ts';

/** A promise of docs/threat-model.md that was broken. */
export class Violation extends Error {}

const ownCommands = new Set(['add-mask', 'error', 'warning', 'debug']);

/** Shorter texts may be in any log by chance. */
const shortestForm = 8;
const longestLine = 2_000;
const mostLines = 200;
/** Every deadline is one second. A busy machine needs more, but less than the shortest limit of a single try, 10 s. */
const latestMs = 9_000;

/** The promises that the outcome of a world can break. */
const invariants: Readonly<Record<string, (world: World, evidence: Evidence) => string | undefined>> = {
  'every secret is masked before it is sent': (_world, { main, post }) =>
    first([...main.sentUnmasked, ...post.sentUnmasked]),

  'no secret is visible in any form': (world, evidence) => {
    const { main, post } = evidence;
    const log = [main, post].flatMap(({ visible }) => visible).join('\n');
    const shown = [main, post].reduce(
      (text, { summary, state }) => `${text}\n${summary}\n${Object.values(state).join('\n')}`,
      log,
    );
    const said = JSON.stringify(world.answers);
    const plainInputs = JSON.stringify(
      Object.entries(world.inputs).filter(([name]) => name !== 'password' && name !== 'api-token'),
    );
    for (const secret of secretsOf(world, evidence)) {
      const part = shownPart(shown, secret);
      // The server or another input may contain half of a secret by chance.
      if (part !== undefined && !isIn(said, part) && !isIn(plainInputs, part))
        return `${JSON.stringify(secret)} as ${JSON.stringify(part)}`;
    }
    // What the user gave is masked before the first line, so not even a secret of one letter shows anywhere in the log.
    for (const secret of secretsOfInputs(world)) {
      // Masks consist of stars.
      if (secret.includes('*')) continue;
      if (log.includes(secret)) return JSON.stringify(secret);
    }
    return undefined;
  },

  'text from outside runs no workflow command': (world, evidence) => {
    const { main, post } = evidence;
    const secrets = [...secretsOf(world, evidence), ...Object.values(world.env)];
    for (const { commands } of [main, post]) {
      for (const { name, text, inPlace } of commands) {
        if (!inPlace || !ownCommands.has(name)) return `${name}: ${text}`;
        if (name === 'add-mask' && !secrets.some((secret) => secret.includes(text.trim())))
          return `mask ${text}`;
      }
    }
    return undefined;
  },

  'text from outside is printable, and does not flood the log': (_world, { main, post }) => {
    const lines = [main, post].flatMap(({ visible }) => visible);
    if (lines.length > mostLines) return `${lines.length} lines`;
    const unprintable = lines.find((line) => /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u.test(line));
    return unprintable ?? lines.find((line) => line.length > longestLine);
  },

  'text from outside stays text in the summary and in the outputs': ({ inputs }, { main }) => {
    const text = main.summary.replace(/<\/?(h3|table|tr|th|td)>|&#\d+;/g, '');
    if (/[<>&`|[\]]/.test(text)) return main.summary;
    const split = [...Object.entries(main.outputs), ...Object.entries(main.env)].find(
      ([name, value]) => value !== inputs[name]?.trim() && /[\p{Cc}\u2028\u2029]/u.test(value),
    );
    return split && JSON.stringify(split);
  },

  'a failure exports nothing, and says why in one line': (_world, { main }) => {
    const errors = main.commands.filter(({ name }) => name === 'error').length;
    if (main.exitCode === 0) return errors === 0 ? undefined : `${errors} errors, and exit code 0`;
    const exported = { ...main.outputs, ...main.env, ...Object.fromEntries(main.temporaryFiles.entries()) };
    if (Object.keys(exported).length > 0) return JSON.stringify(exported);
    if (main.summary !== '') return main.summary;
    return main.exitCode === 1 && errors === 1 ? undefined : `exit code ${main.exitCode}, ${errors} errors`;
  },

  'a success exports a credential': (_world, { main }) => {
    if (main.exitCode !== 0) return undefined;
    const { token = '', 'headers-file': headersFile, 'auth-method': method } = main.outputs;
    if (!/^[\x21-\x7e]+$/.test(token)) return `token ${JSON.stringify(token)}`;
    const variable = main.env.EXABITS_API_TOKEN || main.env.EXABITS_ACCESS_TOKEN;
    if (method !== 'existing' && Object.keys(main.env).length > 0 && variable !== token)
      return JSON.stringify(main.env);
    return headersFile === undefined ? 'no output headers-file' : undefined;
  },

  'every request has a known path and known headers': (_world, { main, post }) => {
    const allowed =
      /^(accept|authorization|connection|content-length|content-type|host|refresh-token|user-agent)$/;
    for (const { method, path, headers } of [...main.requests, ...post.requests]) {
      if (!/^\/api\/v1\/(authenticate\/login|billing\/balance|api-tokens([/?][\w%.:&=-]+)?)$/.test(path))
        return path;
      const odd = headers.find(([name]) => !allowed.test(name));
      if (odd) return `${method} ${path}: ${odd.join(': ')}`;
      if (new Set(headers.map(([name]) => name)).size !== headers.length)
        return `${method} ${path}: a header twice`;
    }
    return undefined;
  },

  'a refused password is not sent again': (_world, { main, post }) => {
    for (const { requests } of [main, post]) {
      const logins = requests.filter(({ path }) => path.endsWith('/authenticate/login'));
      const answered = logins.filter(({ answeredForGood }) => answeredForGood).length;
      if (answered > 1) return `${answered} logins were answered for good`;
    }
    return undefined;
  },

  'the post step never fails the job': (_world, { post }) => {
    const error = post.commands.find(({ name }) => name === 'error');
    return error?.text ?? (post.exitCode === 0 ? undefined : `exit code ${post.exitCode}`);
  },

  'nothing outlives the job': ({ inputs, env }, { main, post }) => {
    if (inputs.cleanup?.trim().toLowerCase() === 'false') return undefined;
    // Credentials without a source belong to the job, and stay.
    const kept = main.env.EXABITS_AUTH_SOURCE ? [] : Object.keys(env);
    const left = Object.entries({ ...main.env, ...post.env }).filter(
      ([name, value]) => value !== '' && !kept.includes(name),
    );
    if (left.length > 0) return JSON.stringify(left);
    return first(post.temporaryFiles);
  },

  'a token that may be left is named': (_world, { main, post }) => {
    const saved = main.state['ephemeral-token'];
    if (saved === undefined) return undefined;
    // Emptied when Exabits refuses to create the token, which fails the step.
    if (saved === '') return main.exitCode === 0 ? 'forgotten' : undefined;
    const { name } = JSON.parse(saved);
    const words = post.visible.join('\n');
    const told = [
      `Deleted the API token ${name}.`,
      `No API token ${name} is left`,
      `The API token ${name} may still be valid`,
    ];
    // Parts of the name may be masked, if a secret is that short.
    return told.some((one) => words.includes(one)) || words.includes('***') ? undefined : words;
  },

  'every phase ends in time': (_world, { main, post }) => {
    const late = [main, post].find(({ tookMs }) => tookMs > latestMs);
    return late && `${Math.round(late.tookMs)} ms`;
  },
};

/** The names of the promises. */
export const invariantNames: readonly string[] = Object.keys(invariants);

/**
 * Checks the outcome of a world against every promise.
 *
 * @throws Violation for the first broken promise
 */
export function holdInvariants(world: World, evidence: Evidence): void {
  for (const [name, broken] of Object.entries(invariants)) {
    const how = broken(world, evidence);
    if (how !== undefined)
      throw new Violation(`${name}: ${how}\n${report(evidence.main)}${report(evidence.post)}`);
  }
}

/** The part of a secret that a text shows: a form too long to be a coincidence, or half of a long one. */
function shownPart(text: string, secret: string): string | undefined {
  if (secret.length < shortestForm) return undefined;
  const forms = new Set(secretForms(secret.toWellFormed()).values());
  for (const form of forms) {
    if (form.length < shortestForm) continue;
    // A truncated text may begin or end in the middle of a secret.
    const half = form.length < 40 || new Set(form).size < 8 ? form.length : Math.ceil(form.length / 2);
    const part = [form.slice(0, half), form.slice(-half)].find((each) => text.includes(each));
    if (part !== undefined) return part;
  }
  return undefined;
}

/** Whether JSON contains a text, in its strings or in JSON within them. */
function isIn(json: string, text: string): boolean {
  const escaped = JSON.stringify(text).slice(1, -1);
  return [escaped, JSON.stringify(escaped).slice(1, -1)].some((spelling) => json.includes(spelling));
}

function first(texts: readonly string[]): string | undefined {
  return texts[0] === undefined ? undefined : JSON.stringify(texts[0]);
}

function report({ exitCode, visible }: PhaseEvidence): string {
  return `  exit code ${exitCode}\n${visible.map((line) => `  | ${line}\n`).join('')}`;
}
