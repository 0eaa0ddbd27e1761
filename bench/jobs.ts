import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeCertificate } from '../testbed/exabits/certificate.ts';
import { EXAMPLE_ACCOUNT, startSandbox } from '../testbed/exabits/server.ts';
import { startRelay } from './relay.ts';

const root = join(import.meta.dirname, '..');

/** A job to measure. */
export interface MeasuredJob {
  readonly name: string;
  readonly actionDir: string;
  readonly inputs?: Readonly<Record<string, string>>;
  /** The name of its post step, if that is measured, too. */
  readonly post?: string;
  /** The job that it is compared with. */
  readonly to?: string;
  /** Called before each run. */
  readonly before?: () => void;
  /** It fails, because it gets no credentials. */
  readonly fails?: true;
}

/**
 * Lists what is measured, and starts the servers for it: the sandbox over https, behind a relay, and one over http.
 *
 * @param folder for temporary files
 * @param peers the folder of the other actions
 */
export async function prepare(folder: string, peers: string | undefined) {
  const swept = { ...EXAMPLE_ACCOUNT, username: 'swept' };
  const authority = await makeCertificate([]);
  const tls = await makeCertificate(['127.0.0.1'], authority);
  const sandbox = await startSandbox({ tls, accounts: [EXAMPLE_ACCOUNT, swept] });
  const { store, faults } = sandbox;
  const insecure = await startSandbox();
  const relay = await startRelay(sandbox.port);
  const NODE_EXTRA_CA_CERTS = join(folder, 'authority.pem');
  writeFileSync(NODE_EXTRA_CA_CERTS, authority.cert);
  writeFileSync(join(folder, 'nothing.cjs'), '');
  writeFileSync(join(folder, 'action.yml'), 'runs: { using: node24, main: nothing.cjs }');

  const { username, password } = EXAMPLE_ACCOUNT;
  const { token } = store.createApiToken(EXAMPLE_ACCOUNT, { name: 'stored' });
  const login = { username, password, 'api-url': relay.url };
  const overHttp = { ...login, 'api-url': insecure.url };
  const ephemeral = { ...login, 'ephemeral-api-token': 'true' };
  const apiToken = { 'api-url': relay.url, 'api-token': token };
  for (let index = 0; index < 250; index += 1) store.createApiToken(swept, { name: `laptop-${index}` });
  const leaveTokens = () => {
    for (const digit of '12345')
      store.createApiToken(swept, { name: `gha-1-1-0000000${digit}`, createdAt: 1_600_000_000 });
  };

  const nothing = 'node, doing nothing';
  const floor = { actionDir: join(root, 'bench/floor'), to: nothing };
  const jobs: MeasuredJob[] = [
    { name: nothing, actionDir: folder },
    { ...floor, name: 'floor of login', inputs: login, post: 'floor of post' },
    { ...floor, name: 'floor of login, http', inputs: overHttp },
    { ...floor, name: 'floor of ephemeral token', inputs: ephemeral, post: 'floor of its post' },
  ];
  const add = (
    name: string,
    to: string,
    inputs: MeasuredJob['inputs'] = {},
    more: Partial<MeasuredJob> = {},
  ) => jobs.push({ name, to, inputs, actionDir: root, ...more });
  add('login', 'floor of login', login, { post: 'post' });
  add('API token', 'floor of login', apiToken);
  add('API token, not checked', 'floor of login, http', { ...apiToken, verify: 'false' });
  add('ephemeral token', 'floor of ephemeral token', ephemeral, { post: 'its post' });
  const inputs = { ...login, username: swept.username };
  add('sweep', '', inputs, { actionDir: join(root, 'sweep'), before: leaveTokens });
  add('no credentials', nothing, {}, { fails: true });
  if (peers !== undefined) {
    for (const peer of ['app', 'aws', 'azure', 'docker', 'google', 'vault']) {
      const actionDir = join(peers, peer);
      add(`${peer}, no credentials`, 'no credentials', {}, { actionDir, fails: true });
    }
    // What GitHub answers to create-github-app-token.
    const answers = {
      '/repos/': { id: 1, app_slug: 'bench' },
      '/app/installations/': { token: 'not-real', expires_at: '2099-01-01T00:00:00Z', permissions: {} },
      '/installation/token': {},
    };
    for (const [path, json] of Object.entries(answers)) {
      const answer = { body: JSON.stringify(json) };
      faults.add({ answer, match: { path }, times: Number.POSITIVE_INFINITY });
    }
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const key = String(privateKey.export({ type: 'pkcs1', format: 'pem' }));
    const inputs = { 'client-id': 'bench', 'private-key': key, 'github-api-url': relay.url };
    const app = { actionDir: join(peers, 'app'), post: 'post of create-github-app-token' };
    add('create-github-app-token', 'ephemeral token', inputs, app);
  }
  const close = () => Promise.all([relay.close(), sandbox.close(), insecure.close()]);
  return { jobs, relay, requests: sandbox.requests, env: { NODE_EXTRA_CA_CERTS }, close };
}
