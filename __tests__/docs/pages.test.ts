import { existsSync, globSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { expect, test } from '@jest/globals';
import { parseDocument, visit } from 'yaml';
import { names, read, readYaml, root } from './support/pages.ts';

const packageJson = JSON.parse(read('package.json'));
const action = readYaml('action.yml');
const pages = globSync(['*.md', 'docs/*.md', '.github/*.md'], { cwd: root }).sort();
const examples = globSync('examples/**/*.{yml,sh}', { cwd: root }).sort();

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
  return Array.from(read(page).matchAll(/^#+ (.*)$/gm), ([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replace(/\s/g, '-'),
  );
}

test.each(pages)('%s links only to files and headings that exist', (page) => {
  const prose = read(page)
    .replace(/^```.*?^```$/gms, '')
    .replace(/`[^`\n]*`/g, 'code');
  const targets = Array.from(prose.matchAll(/\]\(([^)\s]+)\)/g), ([, target = '']) => target);
  expect(targets.filter((target) => isDead(page, target))).toEqual([]);
});

const variable = /\b(EXABITS_[A-Z]\w*)/g;

test.each([
  ['npm scripts', /npm run ([\w:-]+)/g, Object.keys(packageJson.scripts)],
  ['outputs', /\bsteps\.exabits\.outputs\.([\w-]+)/g, Object.keys(action.outputs)],
  [
    'variables and secrets',
    variable,
    [...(read('dist/index.cjs').match(variable) ?? []), 'EXABITS_USERNAME', 'EXABITS_PASSWORD'],
  ],
])('The pages and examples name only %s that exist', (_, pattern, known) => {
  // The changelog names what is gone.
  const paths = [...pages, ...examples].filter((path) => path !== 'CHANGELOG.md');
  const named = paths.flatMap((path) =>
    Array.from(read(path).matchAll(pattern), ([, name = '']) => ({ path, name })),
  );
  expect(named).not.toEqual([]);
  expect(named.filter(({ name }) => !known.includes(name))).toEqual([]);
});

const blocks = pages.flatMap((page) =>
  Array.from(read(page).matchAll(/^```ya?ml\n(.*?)^```$/gms), ([, yaml = ''], index) => ({
    where: `${page}, block ${index + 1}`,
    document: parseDocument(yaml),
  })),
);

test.each(blocks)(
  'The YAML of $where can be read, and gives the action inputs that it has',
  ({ document }) => {
    expect([...document.errors, ...document.warnings]).toEqual([]);
    visit(document, {
      Map(_, node) {
        const step = node.toJS(document);
        const [, folder, version] = /^your-org\/exabits-auth(\/sweep)?@(.*)$/.exec(step.uses) ?? [];
        if (version === undefined) return;
        expect(version).toMatch(/^(v1|[0-9a-f]{40})$/);
        const { inputs } = folder ? readYaml('sweep/action.yml') : action;
        expect(Object.keys(inputs)).toEqual(expect.arrayContaining(Object.keys(step.with ?? {})));
      },
    });
  },
);

test('CHANGELOG.md begins with this version, and links it', () => {
  const { version } = packageJson;
  const text = read('CHANGELOG.md');
  expect(/^## \[(\d.*?)\]/m.exec(text)?.[1]).toBe(version);
  expect(text).toContain(`\n[${version}]: https://`);
});

const promises = Array.from(
  read('docs/threat-model.md').matchAll(/^### ([^\n]*)\n(.*?)(?=^##)/gms),
  ([, heading, text = '']) => ({ heading, text }),
);

// Below each promise is at least one line such as: - `__tests__/unit/secrets.test.ts` › `group` › `title`
test.each(promises)('The promise "$heading" names tests that exist', ({ text }) => {
  const tests = text.match(/^- `__tests__\/.*`$/gm) ?? [];
  expect(tests).not.toEqual([]);
  for (const [path = '', ...titles] of tests.map(names)) {
    const source = read(path).replace(/\\(['"`])/g, '$1');
    const missing = titles.filter((title) =>
      [`'${title}'`, `"${title}"`, `\`${title}\``].every((quoted) => !source.includes(quoted)),
    );
    expect(missing).toEqual([]);
  }
});
