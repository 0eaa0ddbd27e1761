import { readdirSync } from 'node:fs';
import {
  type Account,
  type Fault,
  md5,
  type RecordedRequest,
  startSandbox,
  tokensIn,
} from '../../testbed/exabits/server.ts';
import { maskedForms } from '../../testbed/runner/secret-forms.ts';
import { InProcessJob, type Step } from '../support/job.ts';
import { ADDRESS, type Answer, type World } from './worlds.ts';

/** What a world comes to. */
export type Outcome = Awaited<ReturnType<typeof runWorld>>;
/** A request, and how it was answered. */
export type Exchange = Outcome['exchanges'][number];

const others = ['laptop', 'gha-1-1-0123abcd', 'gha-9876543210-2-0123abcd'];

/** Runs `main` and then `post` in a world. */
export async function runWorld(world: World) {
  const { username = '', 'api-token': apiToken = '' } = world.inputs;
  const account: Account = { username: username.trim(), email: '', password: passwordOf(world) };
  const sandbox = await startSandbox({ accounts: [account] });
  const { store } = sandbox;
  for (const name of others) store.createApiToken(account, { name });
  for (const token of [apiToken, world.env.EXABITS_API_TOKEN ?? ''].filter((text) => text.trim() !== ''))
    store.createApiToken(account, { name: 'stored', token: token.trim() });
  const seeded = store.apiTokens();
  const atSandbox = (texts: World['env']): Record<string, string> =>
    Object.fromEntries(
      Object.entries(texts).map(([name, text]) => [name, text.replace(ADDRESS, sandbox.url)]),
    );
  // So that nothing ever leaves this machine.
  const job = new InProcessJob({ ...atSandbox(world.env), https_proxy: sandbox.url });
  const exchanges: { request: RecordedRequest; answer: Answer }[] = [];
  const sentUnmasked: string[] = [];
  sandbox.onRequest((request, moment) => {
    if (moment !== 'received') return;
    sentUnmasked.push(...secretsIn(request).filter((secret) => job.mask(secret) !== '***'));
    const answer = world.answers[exchanges.length] ?? world.answers.at(-1) ?? 'right';
    exchanges.push({ request, answer });
    if (answer !== 'right') sandbox.faults.add(faultFor(answer, request));
  });
  const watch = async (act: () => Promise<Step>) => {
    const step = await act();
    // As in a debug run.
    const visible = `${step.visible}${step.debugLog}`;
    return { ...step, visible, temporaryFiles: readdirSync(job.runnerTemp) };
  };
  const { random } = Math;
  // Waits between tries are no longer than the server asks for.
  Math.random = () => 0;
  try {
    const main = await watch(() => job.main(atSandbox(world.inputs)));
    const post = await watch(() => job.post(main));
    const alive = store.apiTokens();
    const left = alive.filter((token) => !seeded.includes(token)).map(({ name }) => name);
    const othersAreThere = seeded.every((token) => alive.includes(token));
    return { main, post, exchanges, sentUnmasked, issued: store.issued, left, othersAreThere };
  } finally {
    Math.random = random;
    job.dispose();
    await sandbox.close();
  }
}

/** The password as the action should read it: without a byte order mark, and without line breaks at its end. */
function passwordOf({ password }: Pick<World, 'password'>): string {
  return password.replace(/^\ufeff|[\r\n]+$/g, '');
}

function faultFor(answer: Exclude<Answer, 'right'>, request: RecordedRequest): Fault {
  if ('changed' in answer) return { change: (json) => changed(json, answer) };
  if (!('quote' in answer)) return answer;
  const { status, quote, around, isJson } = answer;
  const [secret = ''] = secretsIn(request);
  // A hash in upper case is still the hash; a token in upper case is another token.
  const upper = /^[0-9a-f]{32}$/.test(secret) ? [secret.toUpperCase()] : [];
  const forms = [...maskedForms(secret), JSON.stringify({ secret }), ...upper];
  const message = around.join(forms[quote % forms.length]);
  const header = message.replace(/[^\x20-\x7e]/g, '');
  const json = { status: false, message, data: { error_reason: { message } } };
  const body = isJson ? JSON.stringify(json) : message;
  return { answer: { status, headers: { 'content-type': header, location: header }, body } };
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

/** The secrets that authenticate a request. */
function secretsIn(request: RecordedRequest): string[] {
  const [, hash] = /"password":"(\w+)"/.exec(request.body) ?? [];
  return hash === undefined ? tokensIn(request) : [hash];
}

/** The secrets of a world: those that the user gave, that Exabits sent, and that the action has used or exported. */
export function secretsOf(world: World, { main, exchanges, issued }: Outcome): Set<string> {
  const { token = '', 'refresh-token': refreshToken = '' } = main.outputs;
  const sent = exchanges.flatMap(({ request }) => tokensIn(request));
  // Also tokens that cannot be used.
  const changed = world.answers.map(Object).filter(({ changed }) => /token/.test(changed));
  const texts = changed.map(({ value }) => value).filter((value) => typeof value === 'string');
  return withoutBlank([...secretsOfInputs(world), ...issued, ...texts, ...sent, token, refreshToken]);
}

/** Those of the secrets that are in the inputs of the step. */
export function secretsOfInputs({ inputs }: Pick<World, 'inputs'>): Set<string> {
  const password = passwordOf({ password: inputs.password ?? '' });
  const apiToken = (inputs['api-token'] ?? '').trim();
  const hash = inputs['password-format'] === 'md5' ? password.trim() : md5(password);
  const wholes = [password, apiToken, hash.toLowerCase(), hash.toUpperCase()];
  return withoutBlank([...wholes, ...password.split(/[\r\n]+/), ...apiToken.split(/[\r\n]+/)]);
}

function withoutBlank(secrets: readonly string[]): Set<string> {
  return new Set(secrets.filter((secret) => secret.trim() !== ''));
}
