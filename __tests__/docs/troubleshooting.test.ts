import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import ts from 'typescript';
import { failureCodes } from '../../src/failure.ts';

/** A text of the sources that may appear in the log: its fixed parts, around the values filled in. */
interface Text {
  readonly where: string;
  readonly parts: readonly string[];
  /** The code of the failure with this message, if the same call names both. */
  readonly code: string | undefined;
  /** Whether a call prints it directly. */
  readonly printed: boolean;
}

/** What the call around a text tells about it. */
type Use = Pick<Text, 'code' | 'printed'>;

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/troubleshooting.md'), 'utf8');
const texts = globSync('src/**/*.ts', { cwd: root }).sort().flatMap(textsOf);

/** Texts that look like messages but are never printed. */
const neverPrinted = ['never called: canHandleAuthentication is false'];
const messages = texts.filter(({ parts, code, printed }) => {
  const forPeople = printed || code !== undefined || isProse(parts);
  return forPeople && !neverPrinted.includes(parts.join(''));
});

function textsOf(where: string): Text[] {
  const source = ts.createSourceFile(where, readFileSync(join(root, where), 'utf8'), ts.ScriptTarget.Latest);
  const found: Text[] = [];
  const visit = (node: ts.Node, use: Use): void => {
    const parts = partsOf(node);
    if (parts && parts.join('') !== use.code) found.push({ where, parts, ...use });
    ts.forEachChild(node, (child) => visit(child, useIn(node)));
  };
  visit(source, useIn(source));
  return found;
}

function useIn(node: ts.Node): Use {
  if (!ts.isCallExpression(node) && !ts.isNewExpression(node)) return { code: undefined, printed: false };
  const given = (node.arguments ?? []).map((argument) => partsOf(argument)?.join(''));
  const called = ts.isIdentifier(node.expression) ? node.expression.text : '';
  return {
    code: failureCodes.find((code) => given.includes(code)),
    printed: ['info', 'warning'].includes(called),
  };
}

function partsOf(node: ts.Node): string[] | undefined {
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (!ts.isTemplateExpression(node)) return undefined;
  return [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)];
}

/** Three words or more, two of them separated only by a space. Markup is not prose. */
function isProse(parts: readonly string[]): boolean {
  const text = parts.join('\0');
  return (text.match(/\p{L}{2,}/gu) ?? []).length >= 3 && /\p{L} \p{L}/u.test(text) && !text.includes('<');
}

/** Matches a line with all fixed parts of a text, and anything where the sources fill in a value. */
function patternOf({ parts }: Text): RegExp {
  return new RegExp(parts.map(escaped).join('[^\\n]*'));
}

function escaped(text: string): string {
  return text.trim().replace(/[$()*+.?[\\\]^{|}]/g, '\\$&');
}

/** The sections of the page by failure code. */
function sections(): Map<string, string> {
  const found = page.split(/^(?=##)/m).flatMap((text) => {
    const code = /^### .*\(`(.*)`\)$/m.exec(text)?.[1];
    return code ? [[code, text] as const] : [];
  });
  expect(found.length).toBe(new Set(found.map(([code]) => code)).size);
  return new Map(found);
}

describe('docs/troubleshooting.md', () => {
  test('has one section for each failure code, and no others', () => {
    expect([...sections().keys()].sort()).toEqual([...failureCodes].sort());
  });

  test.each(failureCodes)('quotes every message for %s in its section', (code) => {
    const section = sections().get(code) ?? '';
    const said = messages.filter((text) => text.code === code);
    expect(said.length).toBeGreaterThan(0);
    expect(said.filter((text) => !patternOf(text).test(section))).toEqual([]);
  });

  test('quotes every other text that the log can show', () => {
    expect(messages.length).toBeGreaterThan(60);
    expect(messages.filter((text) => !patternOf(text).test(page))).toEqual([]);
  });

  test('quotes only texts that are in the sources', () => {
    const quotes = [...page.matchAll(/^> (.*)$/gm)].map(([, quote = '']) => quote);
    const patterns = messages.map((text) => new RegExp(`^${patternOf(text).source}$`));
    expect(quotes.length).toBeGreaterThan(40);
    expect(quotes.filter((quote) => !patterns.some((pattern) => pattern.test(quote)))).toEqual([]);
  });

  test('leaves out only texts that exist and are never printed', () => {
    const all = texts.map(({ parts }) => parts.join(''));
    expect(neverPrinted.filter((text) => !all.includes(text))).toEqual([]);
  });
});
