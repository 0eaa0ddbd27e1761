import { builtinModules } from 'node:module';
import { expect, test } from '@jest/globals';
import { names, read, table } from './support/pages.ts';

const page = 'docs/dependencies.md';
const packageJson = JSON.parse(read('package.json'));
const dependencies = Object.keys(packageJson.dependencies).sort();
const bundle = read('dist/index.cjs');

/** The packages in the first column of the table below a heading. */
function listed(heading: string): string[] {
  return table(page, heading)
    .flatMap(([packages]) => names(packages))
    .sort();
}

/** What a pattern captures in the bundle. */
function inBundle(pattern: RegExp): string[] {
  return [...new Set(Array.from(bundle.matchAll(pattern), ([, match = '']) => match))].sort();
}

test(`${page} lists the packages in the bundle, which are the dependencies`, () => {
  expect(listed('In the bundle')).toEqual(dependencies);
  expect(inBundle(/\.\/node_modules\/((?:@[\w.-]+\/)?[\w.-]+)\//g)).toEqual(dependencies);
});

test(`${page} lists every package for development`, () => {
  const mutation = JSON.parse(read('mutation/package.json'));
  const packages = { ...packageJson.devDependencies, ...mutation.dependencies };
  expect(listed('For development only')).toEqual(Object.keys(packages).sort());
});

test.each(dependencies)(
  'The licence of %s only asks for its notice, which is in dist/licenses.txt',
  (name) => {
    expect(read('dist/licenses.txt')).toMatch(new RegExp(`^${name}\n(MIT|ISC|BSD-[23]-Clause)\n\\S`, 'm'));
  },
);

test('The bundle loads no code from elsewhere', () => {
  const required = inBundle(/\brequire\("([^"]+)"/g).map((name) => name.replace(/^node:/, ''));
  expect(required.filter((name) => !builtinModules.includes(name))).toEqual([]);
  expect(bundle).not.toMatch(/\beval\(|new Function\(|(?<!\/\* )import\(/);
});
