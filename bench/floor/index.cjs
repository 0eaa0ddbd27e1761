// The least that a login action and its post step must do, with Node's own modules alone.
const { createHash, randomUUID } = require('node:crypto');
const { appendFileSync, rmSync, writeFileSync } = require('node:fs');
const { env } = process;

const print = (line) => process.stdout.write(`${line}\n`);
const mask = (...secrets) => secrets.forEach((secret) => void print(`::add-mask::${secret}`));
const hash = (...parts) => createHash('sha256').update(JSON.stringify(parts)).digest('hex');
const assign = (file, name, value) => {
  const end = randomUUID();
  appendFileSync(env[`GITHUB_${file}`], `${name}<<${end}\n${value}\n${end}\n`);
};
// Node keeps the connection for the next call.
const call = (url, method, path, headers, body) =>
  new Promise((resolve) => {
    const { request } = require(url.startsWith('https:') ? 'node:https' : 'node:http');
    const options = { method, headers: { 'Content-Type': 'application/json', ...headers } };
    const sent = request(`${url}/api/v1/${path}`, options, async (answer) => {
      const { status, message, data } = JSON.parse((await answer.setEncoding('utf8').toArray()).join(''));
      if (!status) throw new Error(message);
      resolve(data);
    });
    sent.end(body && JSON.stringify(body));
  });

async function main({ INPUT_USERNAME: username, INPUT_PASSWORD: plain, 'INPUT_API-URL': url }) {
  const password = createHash('md5').update(plain).digest('hex');
  mask(plain, password);
  const login = await call(url, 'POST', 'authenticate/login', {}, { username, password });
  const { access_token, refresh_token } = login;
  mask(access_token, refresh_token);
  let headers = { Authorization: `Bearer ${access_token}`, 'refresh-token': refresh_token };
  let variables = { ACCESS_TOKEN: access_token, REFRESH_TOKEN: refresh_token, ACCESS_TOKEN_EXPIRES_AT: 1 };
  if (env['INPUT_EPHEMERAL-API-TOKEN'] === 'true') {
    const name = `gha-1-1-${randomUUID()}`;
    assign('STATE', 'name', name);
    const { id, token } = await call(url, 'POST', 'api-tokens', headers, { name });
    mask(token);
    assign('STATE', 'id', id);
    assign('STATE', 'token', token);
    headers = { Authorization: `Bearer ${token}` };
    variables = { API_TOKEN: token };
  }
  const file = `${env.RUNNER_TEMP}/${randomUUID()}`;
  const address = { API_URL: url, API_BASE_URL: `${url}/api/v1`, HEADERS_FILE: file };
  variables = {
    ...address,
    AUTH_SOURCE: `${hash(variables)}.${hash(variables, url, username)}`,
    ...variables,
  };
  const exported = Object.entries(variables).map(([name, value]) => [`EXABITS_${name}`, String(value)]);
  const own = exported.map(([name, value]) => [name, hash(value)]);
  assign('STATE', 'left', JSON.stringify({ url, file, own }));
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\n`);
  writeFileSync(file, lines.join(''), { flag: 'wx', mode: 0o600 });
  for (const [name, value] of exported) assign('ENV', name, value);
  const outputs =
    'auth-method token access-token refresh-token api-token api-token-id token-expires-at refresh-token-expires-at username email api-url api-base-url headers-file';
  for (const name of outputs.split(' ')) assign('OUTPUT', name, login[name.replace('-', '_')] ?? url);
  return `Signed in as ${login.username}`;
}

async function post({ STATE_left, STATE_id: id, STATE_token: token }) {
  const { url, file, own } = JSON.parse(STATE_left);
  const cleared = own.filter(([name, value]) => hash(env[name]) === value).map(([name]) => name);
  appendFileSync(env.GITHUB_ENV, cleared.map((name) => `${name}=\n`).join(''));
  rmSync(file);
  if (token) await call(url, 'DELETE', `api-tokens/${id}`, { Authorization: `Bearer ${token}` });
  return `Cleared ${cleared.join(', ')}`;
}

(env.STATE_left ? post : main)(env).then((line) => print(line) && process.exit());
