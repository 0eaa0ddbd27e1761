// The minimum that any post step must do: empty the variables that are still its own, remove the file, report it.
const { createHash } = require('node:crypto');
const { appendFileSync, rmSync } = require('node:fs');

const { GITHUB_ENV, STATE_leftovers } = process.env;
const { variables, headersFile } = JSON.parse(STATE_leftovers);
const isOwn = ([name, fingerprint]) =>
  createHash('sha256')
    .update(JSON.stringify([process.env[name]]))
    .digest('hex')
    .startsWith(fingerprint);
const own = Object.entries(variables)
  .filter(isOwn)
  .map(([name]) => name);
appendFileSync(GITHUB_ENV, own.map((name) => `${name}=\n`).join(''));
rmSync(headersFile, { force: true });
process.stdout.write(`Cleared ${own.join(', ')}\n`, () => process.exit());
