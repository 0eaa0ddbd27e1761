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

test('a file of the runner comes with its size in bytes', () => {
  writeFileSync(join(folder, 'env'), 'ä=1\n');
  expect(requireCommandFile('GITHUB_ENV')).toEqual({ path: join(folder, 'env'), size: 5 });
});

test.each([
  ['is not set', undefined, 'GITHUB_STATE is not set'],
  ['is empty', '', 'GITHUB_STATE is not set'],
  ['names a folder', tmpdir(), 'GITHUB_STATE is not a file'],
  ['names nothing', '/there/is/no/such/file', 'ENOENT: no such file or directory'],
])('a variable that %s is a failure that says so, with its cause', async (_what, path, reason) => {
  if (path !== undefined) process.env.GITHUB_STATE = path;
  const failure = await failureOf(() => requireCommandFile('GITHUB_STATE'));
  expect(failure.code).toBe('job-files');
  expect(failure.message).toContain(`cannot be written (${reason}`);
  expect(failure.cause).toMatchObject({ message: expect.stringContaining(reason) });
});

describe('writing that goes wrong', () => {
  const trouble = new Error('the disk is full');

  test('gives every file its former content back, and undoes the rest', async () => {
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

  test('is undone as far as that works, and the first trouble is what is told', async () => {
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

  test('may throw what is no error', async () => {
    const failure = await failureOf(() =>
      writeAllOrNone([], () => {
        throw 'a text';
      }),
    );
    expect(failure.message).toContain('cannot be written (a text)');
  });
});

test('writing that goes well is not undone', () => {
  writeAllOrNone(['GITHUB_ENV'], (onFailure) => {
    writeFileSync(join(folder, 'env'), 'before\nafter\n');
    onFailure(() => rmSync(join(folder, 'output')));
  });
  expect(readFileSync(join(folder, 'env'), 'utf8')).toBe('before\nafter\n');
  expect(readFileSync(join(folder, 'output'), 'utf8')).toBe('');
});
