// npm run sandbox -- [PORT]: the double of Exabits as a server, until Ctrl-C.
import { AWKWARD_ACCOUNT, EXAMPLE_ACCOUNT, md5, startSandbox } from './server.ts';

const sandbox = await startSandbox({
  port: Number(process.argv[2] ?? 0),
  asDefaultHost: true,
});
const { url, defaultHost } = sandbox;
const { username, password } = EXAMPLE_ACCOUNT;
const login = JSON.stringify({ username, password: md5(password) });
const { token } = sandbox.store.createApiToken(EXAMPLE_ACCOUNT, { name: 'example' });
process.stdout.write(`Exabits sandbox: ${url}

Accounts (username and password as JSON):
${[EXAMPLE_ACCOUNT, AWKWARD_ACCOUNT].map((account) => `  ${JSON.stringify([account.username, account.password])}`).join('\n')}

An API token of the first:
  ${token}

Log in:
  curl --fail-with-body ${url}/api/v1/authenticate/login -H 'Content-Type: application/json' -d '${login}'

Call with the tokens of its answer, or with an API token alone:
  curl --fail-with-body ${url}/api/v1/billing/balance -H 'Authorization: Bearer ACCESS_TOKEN' -H 'refresh-token: REFRESH_TOKEN'

It also answers for https://gpu-api.exascalelabs.ai, so that workflows and egpu run against it unchanged, though they
reach no other https host. For act (see "Try a workflow in act" in CONTRIBUTING.md):
  --env-file ${defaultHost?.environmentFile}
In a shell:
  set -a; source ${defaultHost?.environmentFile}; set +a

Ctrl-C ends it.
`);
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => void sandbox.close());
