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

/** Packages of which the bundle holds a module. */
const bundled = unique(
  [...bundle.matchAll(/\.\/node_modules\/((?:@[\w.-]+\/)?[\w.-]+)\//g)].map(([, name]) => String(name)),
);

describe('What is in the bundle', () => {
  test('is what docs/dependencies.md says', () => {
    expect(bundled).toEqual(namesIn('In the bundle'));
  });

  test.each(bundled)('has its licence in dist/licenses.txt: %s', (name) => {
    const { license } = JSON.parse(read(`node_modules/${name}/package.json`));
    // People who pass the bundle on have to keep these notices, and no others, with it.
    expect(['MIT', 'ISC', 'BSD-2-Clause', 'BSD-3-Clause']).toContain(license);
    expect(licences).toContain(`${name}\n${license}\n`);
    const file = ['LICENSE', 'LICENSE.md', 'LICENSE.txt'].find((each) =>
      existsSync(join(root, `node_modules/${name}`, each)),
    );
    expect(fold(licences)).toContain(fold(read(`node_modules/${name}/${file}`)));
  });

  test('comes from the dependencies, and from nothing that is for development only', () => {
    const development = Object.keys(packageJson.devDependencies);
    expect(bundled.filter((name) => development.includes(name))).toEqual([]);
    expect(Object.keys(packageJson.dependencies).filter((name) => !bundled.includes(name))).toEqual([]);
  });

  test('reads no code from anywhere else when it runs', () => {
    const required = unique(
      [...bundle.matchAll(/\b(?:require|whenUsed)\("([^"]+)"/g)].map(([, name]) => String(name)),
    );
    const foreign = required.filter((name) => !name.startsWith('node:') && !nodeModules.has(name));
    expect(foreign).toEqual([]);
    expect(bundle).not.toMatch(/\beval\(|new Function\(|import\(/);
  });
});

test('Every package for development has its line in docs/dependencies.md', () => {
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
