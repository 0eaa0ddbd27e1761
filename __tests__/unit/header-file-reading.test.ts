import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { readSmallFile, writeHeadersFile } from '../../src/job/headers-file.ts';

let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exabits-header-file-'));
  path = join(folder, 'headers');
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** The number that the system gives to the next file: the lowest that is free. */
function nextDescriptor(): number {
  const file = openSync(folder, 'r');
  closeSync(file);
  return file;
}

test('writing a header file leaves no file open', () => {
  const before = nextDescriptor();
  writeHeadersFile(path, { Authorization: 'Bearer access' });
  expect(nextDescriptor()).toBe(before);
});

describe('a small file is read', () => {
  const text = (size: number): string => 'x'.repeat(size);

  test('up to 64 KiB', () => {
    writeFileSync(path, text(64 * 1024));
    expect(readSmallFile(path)).toBe(text(64 * 1024));
  });

  test('and nothing of a larger one', () => {
    writeFileSync(path, text(64 * 1024 + 1));
    expect(readSmallFile(path)).toBe('');
  });

  test('and nothing of one that the kernel makes up, and that may never end', () => {
    expect(readSmallFile('/proc/self/status')).toBe('');
  });

  test('and nothing of a folder, or where there is none', () => {
    expect(readSmallFile(folder)).toBe('');
    expect(readSmallFile(path)).toBe('');
  });
});
