import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { version } from '../../src/version.ts';

interface Link {
  /** Relative to the project's folder. */
  readonly path: string;
  readonly anchor: string | undefined;
}

const root = join(import.meta.dirname, '../..');
const pages = globSync(['*.md', 'docs/*.md', '.github/*.md'], { cwd: root }).sort();
const packageJson: { scripts: Record<string, string> } = JSON.parse(readFile('package.json'));

function readFile(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

function withoutCode(text: string): string {
  return text.replace(/^```.*?^```$/gms, '').replace(/`[^`\n]*`/g, 'code');
}

/** The links of a page within the project. */
function linksOf(page: string): Link[] {
  return [...withoutCode(readFile(page)).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target = '']) => {
    if (/^\w+:/.test(target)) return [];
    const [path = '', anchor] = target.split('#');
    return { path: path === '' ? page : relative('', join(dirname(page), path)), anchor };
  });
}

/** GitHub's anchors for the headings of a page: lower-case letters, digits and hyphens. */
function anchorsOf(page: string): string[] {
  return [...readFile(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

function isDeadEnd({ path, anchor }: Link): boolean {
  if (!existsSync(join(root, path))) return true;
  return anchor !== undefined && !anchorsOf(path).includes(anchor);
}

describe.each(pages)('%s', (page) => {
  test('links only to files and headings that exist', () => {
    expect(linksOf(page).filter(isDeadEnd)).toEqual([]);
  });

  test('names only npm scripts that exist', () => {
    const named = [...readFile(page).matchAll(/npm run ([\w:-]+)/g)].map(([, script = '']) => script);
    expect(named.filter((script) => !Object.hasOwn(packageJson.scripts, script))).toEqual([]);
  });
});

describe('CONTRIBUTING.md', () => {
  test('names every npm script', () => {
    const text = readFile('CONTRIBUTING.md');
    const missing = Object.keys(packageJson.scripts).filter(
      (script) => !new RegExp(`\`npm (run )?${script}\``).test(text),
    );
    expect(missing).toEqual([]);
  });
});

describe('CHANGELOG.md', () => {
  test('starts with unreleased changes, followed by this version and its date', () => {
    const headings = [...readFile('CHANGELOG.md').matchAll(/^## (.*)$/gm)].map(([, heading = '']) => heading);
    expect(headings[0]).toBe('[Unreleased]');
    expect(headings[1]).toMatch(/^\[\d+\.\d+\.\d+\] - \d{4}-\d{2}-\d{2}$/);
    expect(headings[1]).toContain(`[${version}]`);
  });

  test('names every input added after 1.0.0', () => {
    const ofFirstRelease = [
      'username',
      'password',
      'password-format',
      'api-token',
      'api-url',
      'export-environment',
      'write-headers-file',
      'cleanup',
      'timeout-seconds',
      'max-attempts',
      'ephemeral-api-token',
      'stale-token-hours',
      'verify',
      'use-existing-credentials',
      'job-summary',
    ];
    const later = Object.keys(parse(readFile('action.yml')).inputs).filter(
      (name) => !ofFirstRelease.includes(name),
    );
    const text = readFile('CHANGELOG.md');
    expect(later.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  });

  test('links every version', () => {
    const text = readFile('CHANGELOG.md');
    for (const [, name] of text.matchAll(/^## \[(.*?)\]/gm)) expect(text).toContain(`\n[${name}]: https://`);
  });
});
