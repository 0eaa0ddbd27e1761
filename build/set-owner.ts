// npm run set-owner -- NAME: replaces the placeholder for this repository's owner with the name of a GitHub account.
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';

// In two halves, so that this file does not contain the placeholder.
const placeholder = ['your', 'org'].join('-');
const ownerName = /^[a-z\d](?:-?[a-z\d]){0,38}$/i;

const [owner = ''] = process.argv.slice(2);
if (!ownerName.test(owner)) {
  console.error('Usage: npm run set-owner -- NAME, where NAME is a user or an organisation on GitHub.');
  process.exit(2);
}
const tracked = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8' }).split('\0').filter(Boolean);
const places = tracked.filter((file) => readFileSync(file, 'utf8').includes(placeholder));
for (const file of places) {
  writeFileSync(file, readFileSync(file, 'utf8').replaceAll(placeholder, owner));
}
// Lines may need to be wrapped differently now.
execFileSync(process.execPath, ['node_modules/@biomejs/biome/bin/biome', 'format', '--write', '.']);
console.log(`${owner} is the owner now, in ${places.length} files.`);
