import { readdirSync } from 'node:fs';
import { tokensIn } from '../../testbed/exabits/request-history.ts';
import {
  type Account,
  type Fault,
  md5,
  type RecordedRequest,
  type Sandbox,
  startSandbox,
} from '../../testbed/exabits/server.ts';
import { parseWorkflowCommand, type WorkflowCommand } from '../../testbed/runner/workflow-command.ts';
import { InProcessJob, type Step } from '../support/job.ts';
import { ADDRESS, type Answer, type Quote, type World } from './worlds.ts';

/** A request, and how it was answered. */
export interface Exchange {
  readonly request: RecordedRequest;
  readonly answer: Answer;
}

/** What a phase of the action did, as the runner, Exabits and the reader of the log see it. */
export interface Phase extends Step {
  /** The lines of the log as in a debug run: masked, and with commands carried out. */
  readonly visible: string;
  /** The workflow commands, and whether each is where the action puts its own: at the start of the line. */
  readonly commands: readonly (WorkflowCommand & { inPlace: boolean })[];
  /** Names of the files in `$RUNNER_TEMP` when the phase is over. */
  readonly temporaryFiles: readonly string[];
  readonly exchanges: readonly Exchange[];
  /** Secrets that a request carried before they were masked. */
  readonly sentUnmasked: readonly string[];
  readonly tookMs: number;
}

/** The outcome of a world. */
export interface Outcome {
  readonly main: Phase;
  readonly post: Phase;
  /** Tokens that Exabits has given out. */
  readonly served: ReadonlySet<string>;
  /** The names of the tokens at Exabits that the job made and that still work. */
  readonly left: readonly string[];
  /** Whether all other tokens at Exabits still work. */
  readonly othersAreThere: boolean;
}

const others = ['laptop', 'gha-1-1-0123abcd', 'gha-9876543210-2-0123abcd'];

/** Runs `main` and then `post` in a world. */
export async function runWorld(world: World): Promise<Outcome> {
  const { username = '', 'api-token': apiToken = '' } = world.inputs;
  const account: Account = { username: username.trim(), email: '', password: passwordOf(world) };
  const sandbox = await startSandbox({ accounts: [account] });
  for (const name of others) sandbox.seedApiToken(account, { name });
  for (const token of [apiToken, world.env.EXABITS_API_TOKEN ?? '']) {
    sandbox.seedApiToken(account, { name: 'stored', token: token.trim() });
  }
  const seeded = sandbox.apiTokens();
  const atSandbox = (texts: World['env']): Record<string, string> =>
    Object.fromEntries(
      Object.entries(texts).map(([name, text]) => [name, text.replace(ADDRESS, sandbox.url)]),
    );
  // So that nothing ever leaves this machine.
  const job = new InProcessJob({ ...atSandbox(world.env), https_proxy: sandbox.url });
  const masks = new Set<string>();
  const next = answersTo(world, sandbox);
  const watch = (act: () => Promise<Step>) => runPhase(job, sandbox, masks, next, act);
  const { random } = Math;
  // Waits between tries are no longer than the server asks for.
  Math.random = () => 0;
  try {
    const main = await watch(() => job.main(atSandbox(world.inputs)));
    const post = await watch(() => job.post(main));
    const alive = sandbox.apiTokens();
    return {
      ...{ main, post },
      served: new Set([...sandbox.issued, ...changedTokens(world)]),
      left: alive.filter((token) => !seeded.includes(token)).map(({ name }) => name),
      othersAreThere: seeded.every((token) => alive.includes(token)),
    };
  } finally {
    Math.random = random;
    job.dispose();
    await sandbox.close();
  }
}

/** The password as the action should read it: without a byte order mark, and without line breaks at its end. */
export function passwordOf({ password }: Pick<World, 'password'>): string {
  return password.replace(/^\ufeff|[\r\n]+$/g, '');
}

async function runPhase(
  job: InProcessJob,
  sandbox: Sandbox,
  masks: Set<string>,
  next: (request: RecordedRequest) => Answer,
  act: () => Promise<Step>,
): Promise<Phase> {
  const commands: Phase['commands'][number][] = [];
  job.onLine = (text) => {
    // The runner splits what it reads at each of these.
    for (const line of text.split(/\r\n|\r|\n/)) {
      const command = parseWorkflowCommand(line);
      if (command) commands.push({ ...command, inPlace: line.startsWith('::') });
      if (command?.name === 'add-mask') masks.add(command.text);
    }
  };
  const exchanges: Exchange[] = [];
  const sentUnmasked: string[] = [];
  const stop = sandbox.onRequest(({ moment }) => {
    const request = sandbox.requests.at(-1);
    if (moment !== 'received' || !request) return;
    sentUnmasked.push(...secretsIn(request).filter((secret) => !masks.has(secret)));
    exchanges.push({ request, answer: next(request) });
  });
  const startedAt = performance.now();
  const step = await act();
  stop();
  const visible = `${step.visible}${step.debugLog}`;
  const temporaryFiles = readdirSync(job.temp);
  const tookMs = performance.now() - startedAt;
  return { ...step, visible, commands, temporaryFiles, exchanges, sentUnmasked, tookMs };
}

/** Arms the sandbox for each request with the next answer of the world. */
function answersTo({ answers }: World, sandbox: Sandbox): (request: RecordedRequest) => Answer {
  let count = 0;
  return (request) => {
    const answer = answers[Math.min(count, answers.length - 1)] ?? 'right';
    count += 1;
    if (answer !== 'right') sandbox.faults.add(faultFor(answer, request));
    return answer;
  };
}

function faultFor(answer: Exclude<Answer, 'right'>, request: RecordedRequest): Fault {
  if ('effect' in answer) return answer;
  if ('changed' in answer) return { effect: 'change', change: (json) => changed(json, answer) };
  const { status, quote, around, isJson } = answer;
  const message = around.join(quoteOf(secretsIn(request)[0] ?? '', quote));
  const header = message.replace(/[^\x20-\x7e]/g, '');
  const body = { status: false, message, data: { error_reason: { message } } };
  return {
    ...{ effect: 'status', status, headers: { 'content-type': header, location: header } },
    body: isJson ? JSON.stringify(body) : message,
  };
}

/** Changes the field wherever an answer has it. An `entry` is one more of a list. */
function changed(
  json: Record<string, unknown>,
  { changed: field, value }: { changed: string; value: unknown },
) {
  const change = (fields: object): object => (field in fields ? { ...fields, [field]: value } : fields);
  const { data } = json;
  if (Array.isArray(data))
    return change({ ...json, data: [...data.map(change), ...(field === 'entry' ? [value] : [])] });
  return change({ ...json, data: data === null ? null : change(Object(data)) });
}

function jsonIn(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The secrets that authenticate a request. */
function secretsIn(request: RecordedRequest): string[] {
  const { password } = Object(jsonIn(request.body));
  return typeof password === 'string' ? [password] : tokensIn(request);
}

function quoteOf(secret: string, quote: Quote): string {
  const hex = (character: string): string => `%${character.charCodeAt(0).toString(16).toUpperCase()}`;
  const base64 = (before: string): string => Buffer.from(before + secret).toString('base64');
  switch (quote) {
    case 'plain':
      return secret;
    case 'upper case':
      // A hash in upper case is still the hash; a token in upper case is another token.
      return /^[0-9a-f]{32}$/.test(secret) ? secret.toUpperCase() : secret;
    case 'json':
      return JSON.stringify({ secret });
    case 'uri':
      // The runner knows the strict form (RFC 3986).
      return encodeURIComponent(secret).replace(/[!'()*]/g, hex);
    case 'base64':
      return base64('');
    case 'base64 +1':
      return base64(':');
    case 'base64 +2':
      return base64('::');
  }
}

/**
 * The secrets of a world, in the spellings in which they work: those that the user gave, those that Exabits gave, and
 * those already set in the job, if the action used them.
 */
export function secretsOf(world: World, { main, post, served }: Outcome): Set<string> {
  const names = ['EXABITS_API_TOKEN', 'EXABITS_ACCESS_TOKEN', 'EXABITS_REFRESH_TOKEN'];
  const sent = [main, post].flatMap(({ exchanges }) => exchanges.flatMap(({ request }) => tokensIn(request)));
  const used = new Set([...Object.values(main.outputs), ...sent]);
  const existing = names.map((name) => (world.env[name] ?? '').trim()).filter((token) => used.has(token));
  return withoutBlank([...secretsOfInputs(world), ...existing, ...served]);
}

/** The tokens in the changed answers of a world. */
function changedTokens({ answers }: World): string[] {
  return answers.flatMap((answer) => {
    const { changed, value } = Object(answer);
    return /token/.test(changed) && typeof value === 'string' ? [value] : [];
  });
}

/** Those of the secrets that are in the inputs of the step. */
export function secretsOfInputs({ inputs }: World): Set<string> {
  const password = passwordOf({ password: inputs.password ?? '' });
  const apiToken = (inputs['api-token'] ?? '').trim();
  const hash = inputs['password-format'] === 'md5' ? password.trim() : md5(password);
  const wholes = [password, apiToken, hash.toLowerCase(), hash.toUpperCase()];
  return withoutBlank([...wholes, ...password.split(/[\r\n]+/), ...apiToken.split(/[\r\n]+/)]);
}

function withoutBlank(secrets: readonly string[]): Set<string> {
  return new Set(secrets.filter((secret) => secret.trim() !== ''));
}
