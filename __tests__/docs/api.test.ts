import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { defaultApiUrl } from '../../src/endpoint.ts';

const root = join(import.meta.dirname, '../..');
const page = readFile('docs/api.md').replace(/\s+/g, ' ');

function readFile(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

/** The value of a constant in the sources. */
function constant(path: string, name: string): string {
  const [, number = ''] = new RegExp(`^const ${name} = ([\\d_]+);`, 'm').exec(readFile(path)) ?? [];
  return Number(number.replaceAll('_', '')).toLocaleString('en');
}

describe('docs/api.md', () => {
  test('lists the calls that the sources make, and no others', () => {
    const [, table = ''] = /## What the action calls, and when (.*?) With `api-token`/.exec(page) ?? [];
    const listed = [...table.matchAll(/\| `(GET|POST|PUT|DELETE) ([\w/-]+?)(?:\/ID)?` \|/g)].map(
      ([, method, path]) => `${method} /${path}`,
    );
    const made = [...readFile('src/exabits/api.ts').matchAll(/'((?:GET|POST|PUT|DELETE) \/[\w/-]+)/g)].map(
      ([, call = '']) => call,
    );
    const sent = [...readFile('src/exabits/api.ts').matchAll(/method: '(\w+)',\s+path: '(\/[\w/-]+)'/g)].map(
      ([, method, path]) => `${method} ${path}`,
    );
    expect(sent.length).toBeGreaterThan(0);
    expect(new Set(listed)).toEqual(new Set([...made, ...sent, 'DELETE /api-tokens']));
  });

  test('names the default host', () => {
    expect(page).toContain(`The default host is \`${new URL(defaultApiUrl).host}\``);
  });

  test.each([
    ['src/credentials.ts', 'longestToken', (most: string) => `A token has up to ${most} characters`],
    ['src/exabits/api.ts', 'mostPages', (most: string) => `More than ${most} pages are an error`],
    ['src/exabits/api.ts', 'pageSize', (most: string) => `pages of ${most}, until`],
    ['src/exabits/backoff.ts', 'firstCeilingMs', (ms: string) => `up to ${parseFloat(ms)} second,`],
    [
      'src/exabits/backoff.ts',
      'firstCeilingInCrowdMs',
      (ms: string) => `up to ${parseFloat(ms)} after a 429`,
    ],
    ['src/exabits/backoff.ts', 'highestCeilingMs', (ms: string) => `never more than ${parseFloat(ms)},`],
  ])('states the limit that %s defines as %s', (path, name, sentence) => {
    expect(page).toContain(sentence(constant(path, name)));
  });
});
