import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const packageJson = JSON.parse(read('package.json'));
const pages = globSync(['*.md', 'docs/*.md', '.github/*.md'], { cwd: root }).sort();

/** Whether a link leads to a file of the project that does not exist, or to a heading that it does not have. */
function isDead(page: string, target: string): boolean {
  if (/^\w+:/.test(target)) return false;
  const [path = '', anchor] = target.split('#');
  const file = path === '' ? page : relative('', join(dirname(page), path));
  if (!existsSync(join(root, file))) return true;
  return anchor !== undefined && !anchorsOf(file).includes(anchor);
}

/** GitHub's anchors for the headings of a page: lower-case letters, digits and hyphens. */
function anchorsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

describe.each(pages)('%s', (page) => {
  test('links only to files and headings that exist', () => {
    const text = read(page)
      .replace(/^```.*?^```$/gms, '')
      .replace(/`[^`\n]*`/g, 'code');
    const targets = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target);
    expect(targets.filter((target) => isDead(page, target))).toEqual([]);
  });

  test('names only npm scripts that exist', () => {
    const named = [...read(page).matchAll(/npm run ([\w:-]+)/g)].map(([, script = '']) => script);
    expect(named.filter((script) => !Object.hasOwn(packageJson.scripts, script))).toEqual([]);
  });
});

test('CONTRIBUTING.md names every npm script', () => {
  const text = read('CONTRIBUTING.md');
  const isNamed = (script: string): boolean => new RegExp(`\`npm (run )?${script}\``).test(text);
  expect(Object.keys(packageJson.scripts).filter((script) => !isNamed(script))).toEqual([]);
});

test('CHANGELOG.md begins with this version, and links every version', () => {
  const text = read('CHANGELOG.md');
  const versions = [...text.matchAll(/^## \[(.*?)\]/gm)].map(([, version = '']) => version);
  expect(versions.find((version) => version !== 'Unreleased')).toBe(packageJson.version);
  for (const version of versions) expect(text).toContain(`\n[${version}]: https://`);
});
