// The minimum that any login action must do, with Node's own modules: the baseline for our start-up time.
const { createHash, randomUUID } = require('node:crypto');
const { appendFileSync, writeFileSync } = require('node:fs');
const {
  INPUT_USERNAME: username,
  INPUT_PASSWORD: plain,
  'INPUT_API-URL': url,
  RUNNER_TEMP: temp,
} = process.env;
const { request } = require(url.startsWith('https:') ? 'node:https' : 'node:http');
const print = (line) => process.stdout.write(`${line}\n`);
const assign = (file, name, value) => {
  const end = randomUUID();
  appendFileSync(process.env[`GITHUB_${file}`], `${name}<<${end}\n${value}\n${end}\n`);
};
const password = createHash('md5').update(plain).digest('hex');
for (const secret of [plain, password]) print(`::add-mask::${secret}`);
const options = { method: 'POST', headers: { 'Content-Type': 'application/json' } };
const login = request(`${url}/api/v1/authenticate/login`, options, async (answer) => {
  const { data } = JSON.parse((await answer.setEncoding('utf8').toArray()).join(''));
  for (const secret of [data.access_token, data.refresh_token]) print(`::add-mask::${secret}`);
  const file = `${temp}/${randomUUID()}`;
  assign('STATE', 'file', file);
  writeFileSync(file, `Authorization: Bearer ${data.access_token}\nrefresh-token: ${data.refresh_token}\n`, {
    flag: 'wx',
    mode: 0o600,
  });
  for (const name of [
    'API_URL',
    'API_BASE_URL',
    'HEADERS_FILE',
    'ACCESS_TOKEN',
    'REFRESH_TOKEN',
    'ACCESS_TOKEN_EXPIRES_AT',
  ])
    assign('ENV', name, data[name.toLowerCase()] ?? file);
  for (const name of [
    'auth-method',
    'token',
    'access-token',
    'refresh-token',
    'api-token',
    'api-token-id',
    'token-expires-at',
    'refresh-token-expires-at',
    'username',
    'email',
    'api-url',
    'api-base-url',
    'headers-file',
  ])
    assign('OUTPUT', name, data[name.replace('-', '_')] ?? url);
  process.stdout.write(`Signed in as ${data.username}\n`, () => process.exit());
});
login.end(JSON.stringify({ username, password }));
