import { secretForms } from '../../testbed/runner/secret-forms.ts';
import { type Exchange, type Outcome, type Phase, secretsOf, secretsOfInputs } from './run.ts';
import { ADDRESS, type World } from './worlds.ts';

const ownCommands = ['add-mask', 'error', 'warning', 'debug'];
/** Shorter texts may be in any log by chance. */
const shortestForm = 8;
const longestLine = 2_500;
const mostLines = 200;
/** Every deadline is one second. A busy machine needs more, but less than the shortest limit of a single try, 10 s. */
const latestMs = 9_000;

/** The promises of docs/threat-model.md that the outcome of a world can break; each says how it was broken. */
const invariants: Readonly<Record<string, (world: World, outcome: Outcome) => string | undefined>> = {
  'every secret is masked before it is sent': (_world, { main, post }) =>
    [...main.sentUnmasked, ...post.sentUnmasked][0],

  'no secret is visible in any form': (world, outcome) => {
    const { main, post } = outcome;
    const log = main.visible + post.visible;
    // The state has the job's token, which is in the outputs, too.
    const state = Object.values(main.state).filter((value) => value !== main.outputs.token);
    const shown = [log, main.summary, post.summary, ...state].join('\n');
    const answers = world.answers.filter((answer) => !/token/.test(Object(answer).changed));
    const said = JSON.stringify([answers, { ...world.inputs, password: '', 'api-token': '' }]);
    const secrets = [...secretsOf(world, outcome)];
    // A mask of a few letters garbles the other secrets, so that the runner no longer recognises their encoded forms.
    const isGarbled = secrets.some(({ length }) => length < 4);
    for (const secret of secrets) {
      const forms = isGarbled ? [secret] : secretForms(secret.toWellFormed());
      // The server or another input may contain the same by chance.
      const form = forms.find(
        (text) => text.length >= shortestForm && shown.includes(text) && !isIn(said, text),
      );
      if (form !== undefined) return `${JSON.stringify(secret)} as ${JSON.stringify(form)}`;
    }
    // What the user gave is masked before the first line, so not even a secret of one letter shows anywhere in the log.
    // Masks consist of stars.
    return [...secretsOfInputs(world)].find((secret) => !secret.includes('*') && log.includes(secret));
  },

  'text from outside runs no workflow command': (world, outcome) => {
    const secrets = [
      ...secretsOf(world, outcome),
      ...Object.values(world.env),
      ...Object.values(world.inputs),
    ];
    const odd = [...outcome.main.commands, ...outcome.post.commands].find(
      ({ name, text, inPlace }) =>
        !inPlace ||
        !ownCommands.includes(name) ||
        (name === 'add-mask' && !secrets.some((secret) => secret.includes(text.trim()))),
    );
    return odd && `${odd.name}: ${odd.text}`;
  },

  'text from outside is printable, and does not flood the log': (_world, { main, post }) => {
    const lines = [main, post].flatMap(({ visible }) => visible.split('\n'));
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
    const { token = '', 'headers-file': headersFile } = main.outputs;
    if (!/^[\x21-\x7e]+$/.test(token)) return `token ${JSON.stringify(token)}`;
    const variable = main.env.EXABITS_API_TOKEN || main.env.EXABITS_ACCESS_TOKEN;
    if (Object.keys(main.env).length > 0 && variable !== token) return JSON.stringify(main.env);
    return headersFile === undefined ? 'no output headers-file' : undefined;
  },

  'every request has a known path and known headers': (_world, { main, post }) => {
    const allowed =
      /^(accept|authorization|connection|content-length|content-type|host|refresh-token|user-agent)$/;
    for (const { method, path, headers } of requestsOf(main, post)) {
      if (!/^\/api\/v1\/(authenticate\/login|billing\/balance|api-tokens(\/[\w%.:-]+)?)$/.test(path))
        return path;
      const odd = Object.keys(headers).find((name) => !allowed.test(name));
      if (odd) return `${method} ${path}: ${odd}`;
    }
    return undefined;
  },

  'a variable alone does not choose where the credentials of a step go': (
    { inputs, env },
    { main, post },
  ) => {
    const isOwn = Boolean(inputs.password || inputs['api-token']);
    const names = inputs['api-url'] || env.EXABITS_API_URL !== ADDRESS;
    const own = secretsOfInputs({ inputs } as World);
    if (!isOwn || names) return undefined;
    return requestsOf(main, post)
      .map(({ headers, body }) => headers.authorization ?? body)
      .find((text) =>
        [...own].some((secret) => text.endsWith(` ${secret}`) || text.includes(`:"${secret}"`)),
      );
  },

  'a refused password is not sent again': (_world, { main, post }) => {
    const logins = [...main.exchanges, ...post.exchanges].filter(({ request }) =>
      request.path.endsWith('/login'),
    );
    const first = logins.findIndex(isRefused);
    return first >= 0 && first < logins.length - 1 ? `login ${first + 1} of ${logins.length}` : undefined;
  },

  'the post step never fails the job': (_world, { post }) => {
    const error = post.commands.find(({ name }) => name === 'error');
    return error?.text ?? (post.exitCode === 0 ? undefined : `exit code ${post.exitCode}`);
  },

  'nothing outlives the job': ({ inputs, env }, { main, post }) => {
    if (inputs.cleanup?.trim().toLowerCase() === 'false') return undefined;
    // Credentials that were there before are not the step's, and need their addresses.
    const addresses = ['EXABITS_API_URL', 'EXABITS_API_BASE_URL'];
    const isExisting = main.outputs['auth-method'] === 'existing';
    const kept = [
      ...(isExisting ? Object.keys(env).filter((name) => name !== 'EXABITS_HEADERS_FILE') : []),
      ...(isExisting || env.EXABITS_API_TOKEN_ENCRYPTED ? addresses : []),
    ];
    const found = Object.entries({ ...main.env, ...post.env }).filter(
      ([name, value]) => value !== '' && !kept.includes(name),
    );
    return found.length > 0 ? JSON.stringify(found) : post.temporaryFiles[0];
  },

  'a token that may be left is named': ({ answers }, { post, left }) => {
    // Parts of the name may be masked, if a secret is that short.
    const unnamed = left.find((name) => !post.visible.includes(name) && !post.visible.includes('***'));
    const isHonest = answers.every((answer) => answer === 'right' || Object(answer).effect === 'reset');
    const forgotten = left.find((name) => post.visible.includes(`Deleted the API token ${name}.`));
    return unnamed ?? (isHonest ? forgotten : undefined);
  },

  'the tokens of others are left alone': (_world, { othersAreThere }) =>
    othersAreThere ? undefined : 'deleted',

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
 * @throws an Error for the first broken promise
 */
export function holdInvariants(world: World, outcome: Outcome): void {
  for (const [name, broken] of Object.entries(invariants)) {
    const how = broken(world, outcome);
    if (how === undefined) continue;
    const report = [outcome.main, outcome.post].map(
      ({ exitCode, visible, exchanges }) =>
        `exit code ${exitCode}\n${visible}\n${exchanges.map(({ request, answer }) => `${request.method} ${request.path} ${request.status} ${JSON.stringify(answer)}`).join('\n')}\n`,
    );
    throw new Error(`${name}: ${how}\n${report.join('')}`);
  }
}

function requestsOf(...phases: readonly Phase[]) {
  return phases.flatMap(({ exchanges }) => exchanges.map(({ request }) => request));
}

/** Whether Exabits has refused a login for good. */
function isRefused({ request, answer }: Exchange): boolean {
  const raw = /^HTTP\/1\.1 (\d+)/.exec(Object(answer).bytes?.toString('latin1') ?? '')?.[1];
  const status = Number(raw ?? Object(answer).status ?? request.status ?? 0);
  return status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** Whether JSON contains a text, in its strings or in JSON within them. */
function isIn(json: string, text: string): boolean {
  const escaped = JSON.stringify(text).slice(1, -1);
  return [escaped, JSON.stringify(escaped).slice(1, -1)].some((spelling) => json.includes(spelling));
}
