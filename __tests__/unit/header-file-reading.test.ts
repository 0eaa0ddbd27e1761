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

/** The lowest free file descriptor, which the system gives to the next file. */
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

describe('readSmallFile', () => {
  const text = (size: number): string => 'x'.repeat(size);

  test('reads up to 64 KiB', () => {
    writeFileSync(path, text(64 * 1024));
    expect(readSmallFile(path)).toBe(text(64 * 1024));
  });

  test('returns nothing for a larger file', () => {
    writeFileSync(path, text(64 * 1024 + 1));
    expect(readSmallFile(path)).toBe('');
  });

  test('returns nothing for a kernel-generated file, which may never end', () => {
    expect(readSmallFile('/proc/self/status')).toBe('');
  });

  test('returns nothing for a folder or a missing file', () => {
    expect(readSmallFile(folder)).toBe('');
    expect(readSmallFile(path)).toBe('');
  });
});
