import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeAuthority, makeCertificate } from '../testbed/exabits/certificate.ts';
import { EXAMPLE_ACCOUNT, startSandbox } from '../testbed/exabits/server.ts';
import { readAction, type Variables } from './launch.ts';
import { startRelay } from './relay.ts';

export const root = join(import.meta.dirname, '..');

/** A program to measure. */
export interface Program {
  /** Arguments to Node. */
  readonly args: readonly string[];
  readonly env?: Variables;
  /** The program whose post step this is. */
  readonly after?: string;
  /** The program that it is compared with. */
  readonly to?: string;
  /** Called before each run. */
  readonly before?: (() => void) | undefined;
  /** It fails, because it gets no credentials. */
  readonly fails?: true;
}

const swept = { ...EXAMPLE_ACCOUNT, username: 'swept' };

/** Starts the servers: the sandbox over https, behind a relay, and one over http. */
export async function startServers(folder: string) {
  const authority = await makeAuthority();
  const tls = await makeCertificate({ commonName: 'bench', hosts: ['127.0.0.1'], issuer: authority });
  const sandbox = await startSandbox({ tls, accounts: [EXAMPLE_ACCOUNT, swept] });
  const insecure = await startSandbox();
  const relay = await startRelay(sandbox.port);
  const authorityFile = join(folder, 'authority.pem');
  writeFileSync(authorityFile, authority.cert);
  // What GitHub answers to create-github-app-token.
  const answers = {
    '/repos/': { id: 1, app_slug: 'bench' },
    '/app/installations/': { token: 'not-a-real-token', expires_at: '2099-01-01T00:00:00Z', permissions: {} },
    '/installation/token': {},
  };
  for (const [path, answer] of Object.entries(answers)) {
    const body = JSON.stringify(answer);
    sandbox.faults.add({ effect: 'body', body, match: { path }, times: Number.POSITIVE_INFINITY });
  }
  const close = () => Promise.all([relay.close(), sandbox.close(), insecure.close()]);
  return { url: relay.url, insecureUrl: insecure.url, sandbox, relay, authorityFile, close };
}

export type Servers = Awaited<ReturnType<typeof startServers>>;

/**
 * Lists what is measured.
 *
 * @param checkouts folders of other versions of this action
 * @param peers the folder of the other actions
 * @returns the programs by name
 */
export function programs(servers: Servers, checkouts: readonly string[], peers: string | undefined) {
  const { url, insecureUrl, sandbox, authorityFile } = servers;
  const { username, password } = EXAMPLE_ACCOUNT;
  const login = { username, password, 'api-url': url };
  const ephemeral = { ...login, 'ephemeral-api-token': 'true' };
  const { token } = sandbox.seedApiToken(EXAMPLE_ACCOUNT, { name: 'stored' });
  for (let index = 0; index < 250; index += 1) sandbox.seedApiToken(swept, { name: `laptop-${index}` });
  const leaveTokens = () => {
    for (let index = 1; index <= 5; index += 1) {
      sandbox.seedApiToken(swept, { name: `gha-1-1-0000000${index}`, createdAt: 1_600_000_000 });
    }
  };

  const all = new Map<string, Program>();
  const add = (name: string, file: string, env: Variables, to: string, before?: () => void) =>
    all.set(name, { args: [file], env: { NODE_EXTRA_CA_CERTS: authorityFile, ...env }, to, before });
  const addPost = (name: string, file: string, after: string, to: string) =>
    all.set(name, { args: [file], after, to });

  const node = 'node -e 0';
  const floor = join(root, 'bench/floor.cjs');
  const { inputs } = readAction(root);
  all.set(node, { args: ['-e', '0'] });
  add('floor of login', floor, inputs(login), node);
  add('floor of login, http', floor, inputs({ ...login, 'api-url': insecureUrl }), node);
  addPost('floor of post', floor, 'floor of login', node);
  add('floor of ephemeral token', floor, inputs(ephemeral), node);
  addPost('floor of its post', floor, 'floor of ephemeral token', node);
  for (const checkout of [root, ...checkouts]) {
    const which = checkout === root ? '' : ` (${checkout})`;
    const { main, post, inputs } = readAction(checkout);
    const sweep = readAction(join(checkout, 'sweep'));
    const apiToken = (verify: string) => inputs({ 'api-url': url, 'api-token': token, verify });
    const sweepInputs = sweep.inputs({ ...login, username: swept.username });
    add(`login${which}`, main, inputs(login), 'floor of login');
    addPost(`post${which}`, post, `login${which}`, 'floor of post');
    add(`API token${which}`, main, apiToken('true'), 'floor of login');
    add(`API token, not checked${which}`, main, apiToken('false'), 'floor of login, http');
    add(`ephemeral token${which}`, main, inputs(ephemeral), 'floor of ephemeral token');
    addPost(`its post${which}`, post, `ephemeral token${which}`, 'floor of its post');
    add(`sweep${which}`, sweep.main, sweepInputs, '', leaveTokens);
    all.set(`no credentials${which}`, { args: [main], env: inputs(), to: node, fails: true });
  }
  for (const peer of peers ? ['app', 'aws', 'azure', 'docker', 'google', 'vault'] : []) {
    const { main, post, inputs } = readAction(join(`${peers}`, peer));
    all.set(`${peer}, no credentials`, { args: [main], env: inputs(), to: 'no credentials', fails: true });
    if (peer !== 'app') continue;
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = String(privateKey.export({ type: 'pkcs1', format: 'pem' }));
    const given = { 'client-id': 'bench', 'private-key': key, 'github-api-url': url };
    add('create-github-app-token', main, inputs(given), 'ephemeral token');
    addPost('post of create-github-app-token', post, 'create-github-app-token', 'its post');
  }
  return all;
}
