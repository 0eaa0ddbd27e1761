import { globSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const packageJson = JSON.parse(read('package.json'));
const fold = (text: string): string => text.replace(/\s+/g, ' ').trim();
const matches = (text: string, pattern: RegExp): string[] =>
  [...new Set([...text.matchAll(pattern)].map(([, match = '']) => match))].sort();

const bundle = read('dist/index.cjs');
const bundled = matches(bundle, /\.\/node_modules\/((?:@[\w.-]+\/)?[\w.-]+)\//g);

/** The packages in the first column of the table below a heading. */
function listed(heading: string): string[] {
  const section = read('docs/dependencies.md').split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const cells = section.split('\n').flatMap((line) => (line.startsWith('| `') ? [line.split('|')[1]] : []));
  return matches(cells.join(), /`([^`]+)`/g);
}

test('docs/dependencies.md lists the packages in the bundle, which are the dependencies', () => {
  expect(listed('In the bundle')).toEqual(bundled);
  expect(bundled).toEqual(Object.keys(packageJson.dependencies).sort());
});

test('docs/dependencies.md lists every package for development', () => {
  const packages = {
    ...packageJson.devDependencies,
    ...JSON.parse(read('mutation/package.json')).dependencies,
  };
  expect(listed('For development only')).toEqual(Object.keys(packages).sort());
});

test.each(bundled)('The licence of %s only asks for its notice, which is in dist/licenses.txt', (name) => {
  const { license } = JSON.parse(read(`node_modules/${name}/package.json`));
  expect(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause']).toContain(license);
  const [file = ''] = globSync(`node_modules/${name}/LICENSE*`, { cwd: root });
  expect(fold(read('dist/licenses.txt'))).toContain(fold(`${name} ${license} ${read(file)}`));
});

test('The bundle loads no code from elsewhere', () => {
  const required = matches(bundle, /\brequire\("([^"]+)"/g).map((name) => name.replace(/^node:/, ''));
  expect(required.filter((name) => !builtinModules.includes(name))).toEqual([]);
  expect(bundle).not.toMatch(/\beval\(|new Function\(|(?<!\/\* )import\(/);
});
