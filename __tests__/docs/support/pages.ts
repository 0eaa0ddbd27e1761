import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const root = join(import.meta.dirname, '../../..');

/** Reads a file of the project. */
export function read(path: string): string {
  return readFileSync(join(root, path), 'utf8');
}

export function readYaml(path: string) {
  return parse(read(path));
}

/** The cells of the first table below a heading, row by row. */
export function table(page: string, heading: string): string[][] {
  const [, section = ''] = read(page).split(`## ${heading}\n`);
  const [, , ...rows] = section.split('\n## ')[0]?.match(/^\|.*\|$/gm) ?? [];
  return rows.map((row) => row.slice(1, -1).split('|'));
}

/** The code spans in a text. */
export function names(text = ''): string[] {
  return Array.from(text.matchAll(/`([^`]+)`/g), ([, name = '']) => name);
}
