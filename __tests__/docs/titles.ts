import { readFileSync } from 'node:fs';

/** The title of a test or of a group, as written in the source: with placeholders if it has a table. */
export interface Title {
  readonly text: string;
  /** Its indentation, which shows the group that it belongs to. */
  readonly indent: number;
}

/** Reads the titles of a test file, in order. */
export function titlesOf(path: string): Title[] {
  const source = readFileSync(path, 'utf8');
  // After `test(`, or after the closing bracket of a table.
  const start =
    /^( *)(?:(?:describe|test)\w*(?:\.each[\s\S]*?)?|[^\n]*?\]\)?)\((?:\s*)(['"`])((?:(?!\2).|\\.)+)\2,/gm;
  return [...source.matchAll(start)].map(([, indent = '', , text = '']) => ({
    text: text.replace(/\\(['"`\\])/g, '$1'),
    indent: indent.length,
  }));
}
