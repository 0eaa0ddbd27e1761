import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { requireCommandFile, writeAllOrNone } from '../../src/job/command-files.ts';
import { failureOf } from './support/failure.ts';
import './support/realm.ts';

const { env } = process;
let folder = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exabits-command-files-'));
  process.env = { GITHUB_ENV: join(folder, 'env'), GITHUB_OUTPUT: join(folder, 'output') };
  writeFileSync(join(folder, 'env'), 'before\n');
  writeFileSync(join(folder, 'output'), '');
});

afterEach(() => {
  process.env = env;
  rmSync(folder, { recursive: true, force: true });
});

test('requireCommandFile returns the size of the file in bytes', () => {
  writeFileSync(join(folder, 'env'), 'ä=1\n');
  expect(requireCommandFile('GITHUB_ENV')).toEqual({ path: join(folder, 'env'), size: 5 });
});

test.each([
  ['is not set', undefined, 'GITHUB_STATE is not set'],
  ['is empty', '', 'GITHUB_STATE is not set'],
  ['names a folder', tmpdir(), 'GITHUB_STATE is not a file'],
  ['names a missing file', '/there/is/no/such/file', 'ENOENT: no such file or directory'],
])('a variable that %s causes a failure with the reason', async (_what, path, reason) => {
  if (path !== undefined) process.env.GITHUB_STATE = path;
  const failure = await failureOf(() => requireCommandFile('GITHUB_STATE'));
  expect(failure.code).toBe('job-files');
  expect(failure.message).toContain(`cannot be written (${reason}`);
  expect(failure.cause).toMatchObject({ message: expect.stringContaining(reason) });
});

describe('writeAllOrNone', () => {
  const trouble = new Error('the disk is full');

  test('restores every file and undoes the rest after an error', async () => {
    const undone: string[] = [];
    const failure = await failureOf(() =>
      writeAllOrNone(['GITHUB_ENV', 'GITHUB_OUTPUT'], (onFailure) => {
        writeFileSync(join(folder, 'env'), 'before\nafter\n');
        writeFileSync(join(folder, 'output'), 'after\n');
        onFailure(() => undone.push('elsewhere'));
        throw trouble;
      }),
    );
    expect(readFileSync(join(folder, 'env'), 'utf8')).toBe('before\n');
    expect(readFileSync(join(folder, 'output'), 'utf8')).toBe('');
    expect(undone).toEqual(['elsewhere']);
    expect(failure).toMatchObject({ code: 'job-files', cause: trouble });
  });

  test('undoes what it can and reports the first error', async () => {
    const undone: string[] = [];
    const failure = await failureOf(() =>
      writeAllOrNone(['GITHUB_ENV', 'GITHUB_OUTPUT'], (onFailure) => {
        rmSync(join(folder, 'env'));
        writeFileSync(join(folder, 'output'), 'after\n');
        onFailure(() => {
          throw new Error('another trouble');
        });
        onFailure(() => undone.push('elsewhere'));
        throw trouble;
      }),
    );
    expect(readFileSync(join(folder, 'output'), 'utf8')).toBe('');
    expect(undone).toEqual(['elsewhere']);
    expect(failure.message).toContain('(the disk is full)');
  });

  test('handles a thrown value that is not an Error', async () => {
    const failure = await failureOf(() =>
      writeAllOrNone([], () => {
        throw 'a text';
      }),
    );
    expect(failure.message).toContain('cannot be written (a text)');
  });
});

test('writeAllOrNone undoes nothing after a success', () => {
  writeAllOrNone(['GITHUB_ENV'], (onFailure) => {
    writeFileSync(join(folder, 'env'), 'before\nafter\n');
    onFailure(() => rmSync(join(folder, 'output')));
  });
  expect(readFileSync(join(folder, 'env'), 'utf8')).toBe('before\nafter\n');
  expect(readFileSync(join(folder, 'output'), 'utf8')).toBe('');
});
