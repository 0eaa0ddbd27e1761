import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fingerprint } from '../src/fingerprint.ts';
import { makeAuthority, makeCertificate } from '../testbed/exabits/certificate.ts';
import { EXAMPLE_ACCOUNT, startSandbox } from '../testbed/exabits/server.ts';

export const root = join(import.meta.dirname, '..');
export const bundlePath = join(root, 'dist/index.cjs');

/** A program to measure: its arguments to Node, and its variables. */
export interface Subject {
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** A subject, and the name of the one that it is compared with. */
export interface MeasuredSubject extends Subject {
  readonly floor: string;
}

/** The addresses of the sandboxes. */
export interface Sandboxes {
  readonly http: string;
  readonly https: string;
  /** The file with the certificate of the authority that signed the https sandbox's. */
  readonly authority: string;
}

/** The result of one run of a subject. */
export interface Run {
  /** From the start of the process to its end, in milliseconds. */
  readonly ms: number;
  readonly exitCode: number | null;
  readonly output: string;
  /** Only if requested, because measuring it takes time. */
  readonly usage?: Usage;
}

export interface Usage {
  /** How many of Node's own modules were loaded. */
  readonly modules: number;
  readonly peakMemoryMiB: number;
  /** Of all threads, in milliseconds. */
  readonly cpuMs: number;
}

const commandFiles = ['GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_STEP_SUMMARY'];

/**
 * The programs that are compared.
 *
 * @param sandboxes the servers that they call
 * @returns the programs by name
 */
export function subjects({ http, https, authority }: Sandboxes) {
  const login = {
    INPUT_USERNAME: EXAMPLE_ACCOUNT.username,
    INPUT_PASSWORD: EXAMPLE_ACCOUNT.password,
    'INPUT_API-URL': http,
  };
  const secureLogin = { ...login, 'INPUT_API-URL': https, NODE_EXTRA_CA_CERTS: authority };
  const headersFile = join(tmpdir(), 'exabits-headers-of-no-job');
  const variables = {
    EXABITS_API_URL: http,
    EXABITS_API_BASE_URL: `${http}/api/v1`,
    EXABITS_HEADERS_FILE: headersFile,
    EXABITS_API_TOKEN: 'not-a-real-token',
  };
  const fingerprints = Object.entries(variables).map(([name, value]) => [name, fingerprint(value)]);
  const leftovers = { variables: Object.fromEntries(fingerprints), unset: [], headersFile, cleanup: true };
  const post = { ...variables, STATE_leftovers: JSON.stringify(leftovers) };
  const floorOfLogin = join(root, 'bench/floor.cjs');
  return {
    node: { args: ['-e', '0'], env: {}, floor: 'floor' },
    floor: { args: [floorOfLogin], env: login, floor: 'floor' },
    login: { args: [bundlePath], env: login, floor: 'floor' },
    'floor over https': { args: [floorOfLogin], env: secureLogin, floor: 'floor over https' },
    'login over https': { args: [bundlePath], env: secureLogin, floor: 'floor over https' },
    'API token': {
      args: [bundlePath],
      env: { 'INPUT_API-TOKEN': 'not-a-real-token', 'INPUT_API-URL': http },
      floor: 'floor',
    },
    'ephemeral token': {
      args: [bundlePath],
      env: { ...login, 'INPUT_EPHEMERAL-API-TOKEN': 'true' },
      floor: 'floor',
    },
    'ephemeral token over https': {
      args: [bundlePath],
      env: { ...secureLogin, 'INPUT_EPHEMERAL-API-TOKEN': 'true' },
      floor: 'floor over https',
    },
    'post floor': { args: [join(root, 'bench/post-floor.cjs')], env: post, floor: 'post floor' },
    post: { args: [join(root, 'dist/post.cjs')], env: post, floor: 'post floor' },
  } satisfies Record<string, MeasuredSubject>;
}

/** Starts the sandboxes that the subjects call. */
export async function startSandboxes(): Promise<Sandboxes & { close(): Promise<void> }> {
  const authority = await makeAuthority();
  const tls = await makeCertificate({ commonName: 'exabits', hosts: ['127.0.0.1'], issuer: authority });
  const [http, https] = await Promise.all([startSandbox(), startSandbox({ tls })]);
  const folder = mkdtempSync(join(tmpdir(), 'exabits-bench-'));
  const file = join(folder, 'authority.pem');
  writeFileSync(file, authority.cert);
  return {
    http: http.url,
    https: https.url,
    authority: file,
    async close() {
      await Promise.all([http.close(), https.close()]);
      rmSync(folder, { recursive: true });
    },
  };
}

/** Runs a subject in its own process and folder. */
export function run(subject: Subject): Promise<Run> {
  return launch(subject.args, subject.env, () => undefined);
}

/** Runs a subject and measures what it uses, which makes it a little slower. */
export function runWithUsage(subject: Subject): Promise<Run> {
  return launch(['-r', join(root, 'bench/usage.cjs'), ...subject.args], subject.env, (folder) =>
    JSON.parse(readFileSync(join(folder, 'usage'), 'utf8')),
  );
}

function launch(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  readUsage: (folder: string) => Usage | undefined,
): Promise<Run> {
  const folder = mkdtempSync(join(tmpdir(), 'exabits-bench-'));
  const files = Object.fromEntries(commandFiles.map((name) => [name, join(folder, name)]));
  for (const path of Object.values(files)) writeFileSync(path, '');

  return new Promise((resolve, reject) => {
    const started = performance.now();
    const child = spawn(process.execPath, args, {
      env: { RUNNER_TEMP: folder, BENCH_USAGE: join(folder, 'usage'), ...files, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
    child.on('error', reject);
    child.on('close', (exitCode) => {
      const ms = performance.now() - started;
      const usage = readUsage(folder);
      rmSync(folder, { recursive: true });
      resolve({ ms, exitCode, output, ...(usage ? { usage } : {}) });
    });
  });
}

/** The middle one of several numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}
