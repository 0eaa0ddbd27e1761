import { execFileSync, spawn } from 'node:child_process';
import { cpSync, globSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { AWKWARD_ACCOUNT, EXAMPLE_ACCOUNT, type Sandbox, tokensIn } from '../../testbed/exabits/server.ts';
import { secretsIn } from '../../testbed/runner/secret-forms.ts';

const root = join(import.meta.dirname, '../..');
const reports = join(root, 'reports/e2e');
const longestRunMs = 3 * 60_000;

/** What takes the place of third-party actions, below `stand-ins`; all others do nothing. */
const STAND_INS: Readonly<Record<string, string>> = {
  'actions/setup-go': 'setup-go',
  'aws-actions/aws-secretsmanager-get-secrets': 'vault',
  'google-github-actions/get-secretmanager-secrets': 'vault',
  'hashicorp/vault-action': 'vault',
};

/**
 * A repository as a user has it, with the examples saved where they say, and with this action beside them. It has
 * stand-ins for third-party actions, and for the programs that need Exabits' real machines.
 */
export class Repository {
  readonly folder = mkdtempSync(join(tmpdir(), 'exabits-auth-e2e-'));
  /** The folder of programs. */
  readonly bin = join(this.folder, '__tests__/e2e/stand-ins/bin');

  /** @param egpu the official client; without it, a stand-in sends what it would send */
  constructor(egpu: string | undefined) {
    const copy = (from: string, to = from) =>
      cpSync(join(root, from), join(this.folder, to), { recursive: true });
    for (const part of ['action.yml', 'dist', 'sweep', '.github/actions', '__tests__/e2e']) copy(part);
    for (const name of globSync('*.yml', { cwd: join(root, 'examples') })) {
      copy(`examples/${name}`, `.github/workflows/${name}`);
    }
    copy('examples/composite-action/workflow.yml', '.github/workflows/list-machines.yml');
    copy('examples/composite-action/action.yml', '.github/actions/machines/action.yml');
    copy('examples/machine.sh', '.github/machine.sh');
    copy('.github/workflows/e2e.yml', '__tests__/e2e/e2e.yml');
    mkdirSync(join(this.folder, 'training'));
    writeFileSync(join(this.folder, 'training/run.sh'), 'mkdir results\n');
    for (const name of globSync('*.yml', { cwd: join(root, '__tests__/e2e/stand-ins') })) {
      copy(`__tests__/e2e/stand-ins/${name}`, `stand-ins/${name.replace('.yml', '')}/action.yml`);
    }
    if (egpu !== undefined) cpSync(egpu, join(this.bin, 'client'));

    const git = (...args: string[]) => execFileSync('git', ['-C', this.folder, ...args], { stdio: 'ignore' });
    git('init', '--initial-branch=main');
    git('remote', 'add', 'origin', 'https://github.com/octo-org/octo-repo');
    const author = ['-c', 'user.name=e2e', '-c', 'user.email=e2e@octo.example'];
    git(...author, 'commit', '--allow-empty', '--message=e2e');
  }

  /** The published actions that its workflows use, each with the folder that takes its place. */
  get replacements(): string[] {
    const texts = globSync('.github/workflows/*.yml', { cwd: this.folder }).map((path) =>
      readFileSync(join(this.folder, path), 'utf8'),
    );
    const uses = texts.join('\n').matchAll(/uses: ([\w-]+\/[\w-]+)(?:\/\w+)?(@\w+)/g);
    return [...uses].map(([, action = '', ref]) => {
      const ours = action === 'your-org/exabits-auth';
      return `${action}${ref}=${ours ? this.folder : join(this.folder, 'stand-ins', STAND_INS[action] ?? 'nothing')}`;
    });
  }

  dispose(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** What act runs, and with what. */
export interface ActRun {
  /** The name of its log in `reports/e2e`. */
  readonly name: string;
  readonly act: string;
  readonly repository: Repository;
  /** It plays the default host. */
  readonly sandbox: Sandbox;
  /** A workflow file, or a folder of them. */
  readonly workflows: string;
  /** Default: workflow_dispatch. */
  readonly event?: { readonly name: string; readonly payload: object };
  readonly secrets?: Readonly<Record<string, string>>;
  readonly vars?: Readonly<Record<string, string>>;
  readonly env?: Readonly<Record<string, string>>;
  /** The run is cancelled, as with Ctrl-C, when this resolves. */
  readonly cancel?: Promise<unknown>;
}

/** Runs workflows in act on this machine, without containers. */
export async function runAct(run: ActRun): Promise<ActLog> {
  const { act, repository, sandbox, name, cancel } = run;
  const home = mkdtempSync(join(tmpdir(), 'exabits-auth-act-'));
  try {
    const child = spawn(act, argumentsOf(run, join(home, 'event.json')), {
      cwd: repository.folder,
      env: {
        // The first Node on PATH runs the JavaScript actions.
        PATH: [repository.bin, dirname(process.execPath), process.env.PATH].join(delimiter),
        HOME: home,
        XDG_CACHE_HOME: join(home, 'cache'),
        LANG: 'C.UTF-8',
        ACT_DISABLE_VERSION_CHECK: '1',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: longestRunMs,
    });
    void cancel?.then(() => child.kill('SIGINT'));
    let text = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => {
        text += chunk;
      });
    }
    await new Promise((resolve, reject) => child.once('error', reject).once('close', resolve));
    mkdirSync(reports, { recursive: true });
    writeFileSync(join(reports, `${name}.log`), text);
    return new ActLog(text, sandbox);
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 3 });
  }
}

function argumentsOf(run: ActRun, payloadFile: string): string[] {
  const { repository, sandbox, workflows, event, secrets = {}, vars = {}, env = {} } = run;
  if (event !== undefined) writeFileSync(payloadFile, JSON.stringify(event.payload));
  const each = (option: string, values: Readonly<Record<string, string>>) =>
    Object.entries(values).flatMap(([name, value]) => [option, `${name}=${value}`]);
  return [
    event === undefined ? ['workflow_dispatch'] : [event.name, '--eventpath', payloadFile],
    ['--workflows', workflows],
    ['--platform', 'ubuntu-latest=-self-hosted', '--platform', 'self-hosted=-self-hosted'],
    ['--container-daemon-socket', '-', '--no-cache-server', '--rm', '--concurrent-jobs', '8'],
    repository.replacements.flatMap((replacement) => ['--local-repository', replacement]),
    // Otherwise act would take the token of a signed-in gh.
    each('--secret', { GITHUB_TOKEN: '', ...secrets }),
    each('--var', vars),
    each('--env', { ...sandbox.defaultHost?.environment, ...env }),
  ].flat();
}

/** What act printed, line by line. */
export class ActLog {
  /** Without colours. */
  readonly lines: readonly string[];
  readonly #sandbox: Sandbox;

  constructor(text: string, sandbox: Sandbox) {
    this.lines = text.replaceAll(/\u001b\[[0-9;]*m/g, '').split(/\r?\n/);
    this.#sandbox = sandbox;
  }

  /** How each job ended, such as `API token/for-one-step succeeded`. */
  get results(): string[] {
    const ends = this.lines.map((line) => /^\[(.*?) *\] \S+ {2}Job (succeeded|failed)$/.exec(line));
    return ends.flatMap((match) => (match ? [`${match[1]} ${match[2]}`] : []));
  }

  /** The lines of one job, without its name. */
  of(job: string): string[] {
    return this.lines.flatMap((line) => {
      const [, name, text] = /^\[(.*?) *\] (.*)$/.exec(line) ?? [];
      return name === job && text !== undefined ? [text] : [];
    });
  }

  /** What is missing if no line of a job, or of the whole log, holds a text. */
  lacks(text: string, job?: string): string[] {
    const lines = job === undefined ? this.lines : this.of(job);
    return lines.some((line) => line.includes(text)) ? [] : [`${job ?? 'the log'} does not show: ${text}`];
  }

  /** The variables of Exabits that jobs have set, in this order. */
  get exported(): { job: string; name: string; value: string }[] {
    return this.lines.flatMap((line) => {
      const [, job = '', name, value = ''] =
        /^\[(.*?) *\] .*::set-env:: (EXABITS_\w+)=(.*)$/.exec(line) ?? [];
      return name === undefined ? [] : [{ job, name, value }];
    });
  }

  /** The lines that hold a secret in any form: a password, or a token that the sandbox has issued. */
  get leaks(): string[] {
    const { store, requests } = this.#sandbox;
    const passwords = [EXAMPLE_ACCOUNT.password, AWKWARD_ACCOUNT.password, 'not-a-real-machine-password'];
    const secrets = new Set([...passwords, ...store.issued, ...requests.flatMap(tokensIn)]);
    if (secretsIn(this.lines.join('\n'), secrets).length === 0) return [];
    return this.lines.flatMap((line, index) =>
      secretsIn(line, secrets).length > 0 ? [`line ${index + 1}: ${line.replaceAll(/\S{12,}/g, '...')}`] : [],
    );
  }
}
