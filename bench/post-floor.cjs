// The least that any post step must do: empty the variables, remove the file, say so.
const { appendFileSync, rmSync } = require('node:fs');

const { GITHUB_ENV, STATE_leftovers } = process.env;
const { variables, headersFile } = JSON.parse(STATE_leftovers);
appendFileSync(
  GITHUB_ENV,
  Object.keys(variables)
    .map((name) => `${name}=\n`)
    .join(''),
);
rmSync(headersFile, { force: true });
process.stdout.write(`Cleared ${Object.keys(variables).join(', ')}\n`, () => process.exit());
