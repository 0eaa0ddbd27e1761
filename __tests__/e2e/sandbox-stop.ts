// The post step of .github/actions/sandbox, which a job uses first, so that this runs after all other post steps.
import { deepEqual } from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const { SANDBOX_URL, PASSWORD = '', RUNNER_TEMP = '', STATE_pid } = process.env;

const set = Object.keys(process.env).filter((name) => name.startsWith('EXABITS_') && process.env[name]);
deepEqual(set, [], 'Variables are left');

const files = readdirSync(RUNNER_TEMP).filter((name) => name.startsWith('exabits-'));
const secret = files.filter((name) =>
  /^authorization:/im.test(readFileSync(join(RUNNER_TEMP, name), 'utf8')),
);
deepEqual(secret, [], 'Header files are left');

const password = createHash('md5').update(PASSWORD).digest('hex');
const login = await call('authenticate/login', {
  body: JSON.stringify({ username: 'demo-user', password }),
  headers: { 'content-type': 'application/json' },
  method: 'POST',
});
const headers = { authorization: `Bearer ${login.access_token}`, 'refresh-token': login.refresh_token };
const tokens: { name: string }[] = await call('api-tokens', { headers });
const left = tokens.filter(({ name }) => name.startsWith('gha-'));
deepEqual(left, [], 'API tokens are left');
console.log('Nothing is left.');
if (STATE_pid) process.kill(Number(STATE_pid));

async function call(path: string, options: RequestInit) {
  const response = await fetch(`${SANDBOX_URL}/api/v1/${path}`, options);
  const { data } = JSON.parse(await response.text());
  return data;
}
