import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { invariantNames } from '../fuzz/invariants.ts';
import { titlesOf } from './titles.ts';

const root = join(import.meta.dirname, '../..');
const document = readFileSync(join(root, 'docs/threat-model.md'), 'utf8');

/** A promise, and the tests that the document names for it. */
interface Promised {
  readonly number: number;
  readonly heading: string;
  readonly tests: readonly { readonly path: string; readonly titles: readonly string[] }[];
  readonly fuzzed: readonly string[];
}

const promises = [...document.matchAll(/^### (\d+)\. (.+)\n([\s\S]*?)(?=^##)/gm)].map(
  ([, number, heading = '', body = '']): Promised => {
    const items = body.split('\n').filter((line) => line.startsWith('- '));
    const quoted = items.map((item) => [...item.matchAll(/`([^`]+)`/g)].map(([, text]) => String(text)));
    return {
      number: Number(number),
      heading,
      tests: quoted.flatMap(([path = '', ...titles]) =>
        path.startsWith('__tests__/') ? [{ path, titles }] : [],
      ),
      fuzzed: quoted.flatMap(([name = '']) => (name.startsWith('__tests__/') ? [] : [name])),
    };
  },
);

test('The promises are numbered from 1', () => {
  expect(promises.length).toBeGreaterThanOrEqual(10);
  expect(promises.map(({ number }) => number)).toEqual(promises.map((_, index) => index + 1));
});

describe.each(promises)('Promise $number: $heading', ({ tests, fuzzed }) => {
  test('names tests', () => {
    expect(tests).not.toEqual([]);
  });

  test.each(tests)('$path has the test $titles', ({ path, titles }) => {
    expect(existsSync(join(root, path))).toBe(true);
    expect(titles).not.toEqual([]);
    expect(missingTitle(path, titles)).toBeUndefined();
  });

  test('names only promises that the fuzzer checks', () => {
    expect(fuzzed.filter((name) => !invariantNames.includes(name))).toEqual([]);
  });
});

test('Every promise that the fuzzer checks is in the document', () => {
  const named = promises.flatMap(({ fuzzed }) => fuzzed);
  expect(invariantNames.filter((name) => !named.includes(name))).toEqual([]);
});

/** The first of these nested titles that is not in the file. */
function missingTitle(path: string, titles: readonly string[]): string | undefined {
  let rest = titlesOf(join(root, path));
  let indent = -1;
  for (const text of titles) {
    const index = rest.findIndex((title) => title.text === text && title.indent > indent);
    const title = rest[index];
    if (!title) return text;
    const behind = rest.slice(index + 1);
    const end = behind.findIndex((other) => other.indent <= title.indent);
    rest = end < 0 ? behind : behind.slice(0, end);
    indent = title.indent;
  }
  return undefined;
}
