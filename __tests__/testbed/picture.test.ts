import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { testWithBash } from '../support/system.ts';

const root = join(import.meta.dirname, '../..');

testWithBash('the picture in README.md shows what the demo prints', () => {
  const folder = mkdtempSync(join(tmpdir(), 'picture-'));
  const drawn = join(folder, 'log.svg');
  execFileSync(process.execPath, [join(root, 'testbed/picture.ts'), drawn]);
  expect(readFileSync(join(root, 'docs/job-log.svg'), 'utf8')).toBe(readFileSync(drawn, 'utf8'));
  rmSync(folder, { recursive: true });
});
