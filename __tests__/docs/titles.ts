import { readFileSync } from 'node:fs';

/** A title of a test or of a group of them, as it stands in the source: of a table, with its placeholders. */
export interface Title {
  readonly text: string;
  /** How far it is indented, which tells what it belongs to. */
  readonly indent: number;
}

/** Reads the titles of a test file, in their order. */
export function titlesOf(path: string): Title[] {
  const source = readFileSync(path, 'utf8');
  // Behind `test(`, or behind the closing bracket of a table.
  const start =
    /^( *)(?:(?:describe|test)\w*(?:\.each[\s\S]*?)?|[^\n]*?\]\)?)\((?:\s*)(['"`])((?:(?!\2).|\\.)+)\2,/gm;
  return [...source.matchAll(start)].map(([, indent = '', , text = '']) => ({
    text: text.replace(/\\(['"`\\])/g, '$1'),
    indent: indent.length,
  }));
}
