import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
const document = readFileSync(join(root, 'docs/threat-model.md'), 'utf8');

// Below each promise is at least one line such as: - `__tests__/unit/secrets.test.ts` › `group` › `title`
const promises = [...document.matchAll(/^### (\d+)\. (.+)\n([\s\S]*?)(?=^##)/gm)].map(
  ([, number, heading = '', body = '']) => ({
    number: Number(number),
    heading,
    tests: [...body.matchAll(/^- `(__tests__\/[^`]+)`((?: › `[^`]+`)+)$/gm)].map(
      ([, path = '', titles = '']) => ({
        path,
        titles: [...titles.matchAll(/`([^`]+)`/g)].map(([, title = '']) => title),
      }),
    ),
  }),
);

test('The promises of the threat model are numbered from 1', () => {
  expect(promises.length).toBeGreaterThan(0);
  expect(promises.map(({ number }) => number)).toEqual(promises.map((_, index) => index + 1));
});

describe.each(promises)('Promise $number, "$heading",', ({ tests }) => {
  test('names tests that exist', () => {
    expect(tests).not.toEqual([]);
    const missing = tests.filter(({ path, titles }) => {
      const source = existsSync(join(root, path)) ? readFileSync(join(root, path), 'utf8') : '';
      const quoted = [...source.matchAll(/(['"`])((?:(?!\1)[^\\\n]|\\.)+)\1/g)].map(([, , text = '']) =>
        text.replace(/\\(['"`\\])/g, '$1'),
      );
      return !titles.every((title) => quoted.includes(title));
    });
    expect(missing).toEqual([]);
  });
});
