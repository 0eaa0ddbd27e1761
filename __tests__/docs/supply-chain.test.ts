import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import mutationPackageJson from '../../mutation/package.json' with { type: 'json' };
import packageJson from '../../package.json' with { type: 'json' };

const root = join(import.meta.dirname, '../..');
const read = (path: string): string => readFileSync(join(root, path), 'utf8');

const bundle = read('dist/index.cjs');
const licences = read('dist/licenses.txt');
const document = read('docs/dependencies.md');

/** Packages with a module in the bundle. */
const bundled = unique(
  [...bundle.matchAll(/\.\/node_modules\/((?:@[\w.-]+\/)?[\w.-]+)\//g)].map(([, name]) => String(name)),
);

describe('The bundle', () => {
  test('contains the packages that docs/dependencies.md lists', () => {
    expect(bundled).toEqual(namesIn('In the bundle'));
  });

  test.each(bundled)('has the licence of %s in dist/licenses.txt', (name) => {
    const { license } = JSON.parse(read(`node_modules/${name}/package.json`));
    // These licences only require that the notices stay with the bundle.
    expect(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause']).toContain(license);
    expect(licences).toContain(`${name}\n${license}\n`);
    const file = ['LICENSE', 'LICENSE.md', 'LICENSE.txt'].find((each) =>
      existsSync(join(root, `node_modules/${name}`, each)),
    );
    expect(fold(licences)).toContain(fold(read(`node_modules/${name}/${file}`)));
  });

  test('contains every dependency, and no development dependency', () => {
    const development = Object.keys(packageJson.devDependencies);
    expect(bundled.filter((name) => development.includes(name))).toEqual([]);
    expect(Object.keys(packageJson.dependencies).filter((name) => !bundled.includes(name))).toEqual([]);
  });

  test('loads no code from elsewhere at run time', () => {
    const required = unique(
      [...bundle.matchAll(/\b(?:require|whenUsed)\("([^"]+)"/g)].map(([, name]) => String(name)),
    );
    const foreign = required.filter((name) => !name.startsWith('node:') && !nodeModules.has(name));
    expect(foreign).toEqual([]);
    expect(bundle).not.toMatch(/\beval\(|new Function\(|import\(/);
  });
});

test('docs/dependencies.md lists every development dependency', () => {
  const packages = { ...packageJson.devDependencies, ...mutationPackageJson.dependencies };
  expect(namesIn('For development only')).toEqual(Object.keys(packages).sort());
});

test('The commands in docs/dependencies.md are scripts of package.json', () => {
  const commands = unique([...document.matchAll(/npm run ([\w:-]+)/g)].map(([, name]) => String(name)));
  expect(commands.filter((name) => !(name in packageJson.scripts))).toEqual([]);
});

const nodeModules = new Set([
  'assert',
  'crypto',
  'events',
  'fs',
  'http',
  'https',
  'net',
  'os',
  'path',
  'tls',
  'url',
  'util',
]);

/** The packages in the first column of the first table below a heading. */
function namesIn(heading: string): string[] {
  const section = document.split(`## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const cells = section
    .split('\n')
    .flatMap((line) => (line.startsWith('| `') ? [line.split('|')[1] ?? ''] : []));
  return unique(cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => String(name))));
}

function unique(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}

function fold(text: string): string {
  return text.replace(/\s+/g, ' ').trim();
}
