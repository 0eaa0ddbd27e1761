// The main step of .github/actions/sandbox: starts the sandbox of a job.
import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { type Account, md5 } from '../../testbed/exabits/server.ts';
import { ACCOUNTS } from './accounts.ts';
import { postJson } from './sandbox-client.ts';
import { LASTING_TOKEN } from './scenarios.ts';

const {
  RUNNER_TEMP = '',
  ACT,
  GITHUB_OUTPUT = '',
  GITHUB_STATE = '',
  GITHUB_ENV = '',
  GITHUB_PATH = '',
} = process.env;

const sandbox = spawn(process.execPath, [join(import.meta.dirname, 'sandbox-process.ts'), RUNNER_TEMP], {
  detached: true,
  stdio: ['ignore', 'pipe', 'ignore'],
});
appendFileSync(GITHUB_STATE, `pid=${sandbox.pid}\n`);
const url = await firstLine();
appendFileSync(GITHUB_STATE, `url=${url}\n`);
appendFileSync(GITHUB_ENV, `SANDBOX_URL=${url}\n`);
// The runner's own Node starts the TypeScript of later steps; the one on PATH may be older.
appendFileSync(GITHUB_PATH, `${dirname(process.execPath)}\n`);

const { first, second } = ACCOUNTS;
const apiToken = await createLastingToken(first);
await createLastingToken(second);

// GitHub's runner prints the inputs of a step, so there they are masked like the secrets of a repository.
// act does not print them, so there only the action masks them, and a missing mask shows.
if (ACT !== 'true') {
  for (const secret of [first.password, second.password, apiToken]) {
    console.log(`::add-mask::${secret.replaceAll('%', '%25')}`);
  }
}
const secrets = { first, second, apiToken };
appendFileSync(GITHUB_OUTPUT, `url=${url}\nsecrets=${escapedJson(secrets)}\n`);
console.log(`The sandbox listens on ${url}.`);
sandbox.stdout.destroy();
sandbox.unref();

async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: sandbox.stdout })) return line;
  throw new Error('The sandbox did not start');
}

async function createLastingToken({ username, password }: Account): Promise<string> {
  const pair = await postJson(`${url}/api/v1/authenticate/login`, { username, password: md5(password) });
  const created: { token: string } = await postJson(
    `${url}/api/v1/api-tokens`,
    { name: LASTING_TOKEN },
    { authorization: `Bearer ${pair.access_token}`, 'refresh-token': pair.refresh_token },
  );
  return created.token;
}

/** JSON with every character of its texts escaped: act prints outputs, and only fromJSON() may reveal what is in them. */
function escapedJson(value: unknown): string {
  return JSON.stringify(value).replaceAll(/"(?:[^"\\]|\\.)*"/g, (literal) => {
    const text: string = JSON.parse(literal);
    return `"${Array.from({ length: text.length }, (_, index) => escapeUnit(text.charCodeAt(index))).join('')}"`;
  });
}

function escapeUnit(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, '0')}`;
}
