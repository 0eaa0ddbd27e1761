import { secretForms } from '../../testbed/runner/secret-forms.ts';
import { parseWorkflowCommand } from '../../testbed/runner/workflow-command.ts';
import { type Exchange, type Outcome, secretsOf, secretsOfInputs } from './run.ts';
import { ADDRESS, type World } from './worlds.ts';

const ownCommands = ['add-mask', 'error', 'warning', 'debug'];
/** Shorter texts may be in any log by chance. */
const shortestForm = 8;
const longestLine = 2_500;
const mostLines = 200;
/** The promises of docs/threat-model.md that the outcome of a world can break; each says how it was broken. */
export const invariants: Readonly<Record<string, (world: World, outcome: Outcome) => string | undefined>> = {
  'every secret is masked before it is sent': (_world, { sentUnmasked }) => sentUnmasked[0],

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
    const given = [...Object.values(world.env), ...Object.values(world.inputs)];
    const secrets = [...secretsOf(world, outcome), ...given];
    // The runner splits what it reads at each of these.
    const lines = [outcome.main, outcome.post].flatMap(({ raw }) => raw.split(/\r\n|\r|\n/));
    return lines.find((line) => {
      const command = parseWorkflowCommand(line);
      if (command === undefined) return false;
      const { name, text } = command;
      if (!line.startsWith('::') || !ownCommands.includes(name)) return true;
      return name === 'add-mask' && !secrets.some((secret) => secret.includes(text.trim()));
    });
  },

  'text from outside is printable, and does not flood the log': (_world, { main, post }) => {
    const lines = [main, post].flatMap(({ visible }) => visible.split('\n'));
    if (lines.length > mostLines) return `${lines.length} lines`;
    const unprintable = /[\p{Cc}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/u;
    return lines.find((line) => unprintable.test(line) || line.length > longestLine);
  },

  'text from outside stays text in the summary and in the outputs': ({ inputs }, { main }) => {
    const text = main.summary.replace(/<\/?(h3|table|tr|th|td)>|&#\d+;/g, '');
    if (/[<>&`|[\]]/.test(text)) return main.summary;
    const split = [...Object.entries(main.outputs), ...Object.entries(main.env)].find(
      ([name, value]) => value !== inputs[name]?.trim() && /[\p{Cc}\u2028\u2029]/u.test(value),
    );
    return split && JSON.stringify(split);
  },

  'a failure exports nothing, and says in one line what the action foresaw': (_world, { main }) => {
    const { exitCode, outputs, env, summary, temporaryFiles } = main;
    const errors = errorsOf(main);
    if (exitCode === 0) return errors[0];
    const exported = [...Object.keys(outputs), ...Object.keys(env), ...temporaryFiles, summary].join('');
    const isForeseen = exitCode === 1 && errors.length === 1 && !errors[0]?.startsWith('Unexpected error');
    return exported || (isForeseen ? undefined : `exit code ${exitCode}: ${errors.join()}`);
  },

  'a success exports a credential': (_world, { main }) => {
    if (main.exitCode !== 0) return undefined;
    const { token = '', 'headers-file': headersFile } = main.outputs;
    if (!/^[\x21-\x7e]+$/.test(token)) return `token ${JSON.stringify(token)}`;
    const variable = main.env.EXABITS_API_TOKEN || main.env.EXABITS_ACCESS_TOKEN;
    if (Object.keys(main.env).length > 0 && variable !== token) return JSON.stringify(main.env);
    return headersFile === undefined ? 'no output headers-file' : undefined;
  },

  'every request has a known path and known headers': (_world, { exchanges }) => {
    const paths = /^\/api\/v1\/(authenticate\/login|billing\/balance|api-tokens(\/[\w%.:-]+)?)$/;
    const names =
      /^(accept|authorization|connection|content-length|content-type|host|refresh-token|user-agent)$/;
    const isOdd = ({ path, headers }: Exchange['request']): boolean =>
      !paths.test(path) || Object.keys(headers).some((name) => !names.test(name));
    const odd = exchanges.find(({ request }) => isOdd(request));
    return odd && JSON.stringify(odd.request);
  },

  'a variable alone does not choose where the credentials of a step go': (world, { exchanges }) => {
    const { inputs, env } = world;
    const isOwn = Boolean(inputs.password || inputs['api-token']);
    if (!isOwn || inputs['api-url'] || env.EXABITS_API_URL !== ADDRESS) return undefined;
    const own = [...secretsOfInputs(world)];
    return exchanges
      .map(({ request: { headers, body } }) => headers.authorization ?? body)
      .find((text) => own.some((secret) => text.endsWith(` ${secret}`) || text.includes(`:"${secret}"`)));
  },

  'a refused password is not sent again': (_world, { exchanges }) => {
    const logins = exchanges.filter(({ request }) => request.path.endsWith('/login'));
    const first = logins.findIndex(isRefused);
    return first >= 0 && first < logins.length - 1 ? `login ${first + 1} of ${logins.length}` : undefined;
  },

  'the post step never fails the job': (_world, { post }) =>
    errorsOf(post)[0] ?? (post.exitCode === 0 ? undefined : `exit code ${post.exitCode}`),

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
    const isHonest = answers.every((answer) => answer === 'right' || 'reset' in answer);
    const forgotten = left.find((name) => post.visible.includes(`Deleted the API token ${name}.`));
    return unnamed ?? (isHonest ? forgotten : undefined);
  },

  'the tokens of others are left alone': (_world, { othersAreThere }) =>
    othersAreThere ? undefined : 'deleted',
};

function errorsOf({ annotations }: Outcome['main']): string[] {
  return annotations.flatMap(({ level, message }) => (level === 'error' ? [message] : []));
}

/** Whether Exabits has refused a login for good. */
function isRefused({ request, answer }: Exchange): boolean {
  const { status = 0 } = request;
  const isSent = answer === 'right' || !('reset' in answer || 'hang' in answer || 'raw' in answer);
  return isSent && status >= 400 && status < 500 && status !== 408 && status !== 429;
}

/** Whether JSON contains a text, in its strings or in JSON within them. */
function isIn(json: string, text: string): boolean {
  const escaped = JSON.stringify(text).slice(1, -1);
  return [escaped, JSON.stringify(escaped).slice(1, -1)].some((spelling) => json.includes(spelling));
}
