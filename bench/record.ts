import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Keeps all figures of a run in a file that git ignores. */
export function keep(name: string, report: object): void {
  const path = join(root, 'reports', `${name}.json`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, `${JSON.stringify(report, null, 2)}\n`);
  console.log(`All figures: ${path}`);
}

/**
 * Writes figures into the one page that states them, between `<!-- npm run NAME -->` and `<!-- end -->`.
 *
 * @throws Error when the page has no place for them
 */
export function record(page: string, name: string, text: string): void {
  const path = join(root, page);
  const before = readFileSync(path, 'utf8');
  const place = new RegExp(`(?<=<!-- npm run ${name} -->\\n)[\\s\\S]*?(?=<!-- end -->)`);
  if (!place.test(before)) throw new Error(`${page} has no place for what ${name} finds`);
  writeFileSync(
    path,
    before.replace(place, () => text),
  );
}
