import { parseArgs } from 'node:util';
import { md5 } from './md5.ts';
import { AWKWARD_ACCOUNT, EXAMPLE_ACCOUNT, type SandboxOptions, startSandbox } from './server.ts';

const USAGE = `Usage: npm run sandbox -- [options]

  --port N                   listen on this port of 127.0.0.1 (default: any free one)
  --access-token-seconds N   lifetime of access tokens (default: 1800)
  --refresh-token-seconds N  lifetime of refresh tokens (default: 7200)
  --api-token-seconds N      give API tokens an expiry (default: none)
  --logins-per-second N      answer 429 beyond this many logins in a second (default: no limit)
  --machine-start-seconds N  how long a new machine takes to start (default: 1)
  --max-page-size N          the most items of one page of a list (default: 100)
  --help                     show this text
`;

/** The sandbox options from the command line; undefined if it asks for help. */
function parseCommandLine(): SandboxOptions | undefined {
  const { values } = parseArgs({
    options: {
      port: { type: 'string' },
      'access-token-seconds': { type: 'string' },
      'refresh-token-seconds': { type: 'string' },
      'api-token-seconds': { type: 'string' },
      'logins-per-second': { type: 'string' },
      'machine-start-seconds': { type: 'string' },
      'max-page-size': { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return undefined;
  const options: SandboxOptions = {};
  const set = (
    key: Exclude<
      keyof SandboxOptions,
      'accounts' | 'asDefaultHost' | 'tls' | 'machineStatus' | 'balanceField'
    >,
    name: Exclude<keyof typeof values, 'help'>,
  ) => {
    const text = values[name];
    if (text === undefined) return;
    if (!/^\d{1,9}$/.test(text)) throw new Error(`--${name} needs a whole number, not '${text}'`);
    options[key] = Number(text);
  };
  set('port', 'port');
  set('accessTokenSeconds', 'access-token-seconds');
  set('refreshTokenSeconds', 'refresh-token-seconds');
  set('apiTokenSeconds', 'api-token-seconds');
  set('loginsPerSecond', 'logins-per-second');
  set('machineStartSeconds', 'machine-start-seconds');
  set('maxPageSize', 'max-page-size');
  return options;
}

async function serve(options: SandboxOptions): Promise<void> {
  const sandbox = await startSandbox({ ...options, asDefaultHost: true });
  const login = JSON.stringify({
    username: EXAMPLE_ACCOUNT.username,
    password: md5(EXAMPLE_ACCOUNT.password),
  });
  const accounts = [EXAMPLE_ACCOUNT, AWKWARD_ACCOUNT].map(
    ({ username, password }) =>
      `  username ${JSON.stringify(username)}  password ${JSON.stringify(password)}\n`,
  );
  process.stdout.write(`Exabits sandbox: ${sandbox.url}

Accounts (as JSON strings):
${accounts.join('')}
Log in:
  curl --fail-with-body ${sandbox.url}/api/v1/authenticate/login -H 'Content-Type: application/json' -d '${login}'

Call with the tokens of its answer:
  curl --fail-with-body ${sandbox.url}/api/v1/billing/balance -H 'Authorization: Bearer ACCESS_TOKEN' -H 'refresh-token: REFRESH_TOKEN'

It also answers for https://gpu-api.exascalelabs.ai, so that workflows and egpu run against it unchanged:
  act --env-file ${sandbox.defaultHost?.environmentFile}
In a shell (then this shell reaches no other https host):
  set -a; source ${sandbox.defaultHost?.environmentFile}; set +a

Ctrl-C ends it.
`);
  const end = (): void => {
    void sandbox.close();
  };
  process.once('SIGINT', end);
  process.once('SIGTERM', end);
}

try {
  const options = parseCommandLine();
  if (options === undefined) process.stdout.write(USAGE);
  else await serve(options);
} catch (error) {
  const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
  process.stderr.write(
    taken
      ? 'Another program listens on this port already, perhaps a sandbox. End it, or choose another --port.\n'
      : `${error instanceof Error ? error.message : error}\n\n${USAGE}`,
  );
  process.exitCode = 2;
}
