import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import {
  headersFilePath,
  readBearerToken,
  removeHeadersFile,
  writeHeadersFile,
} from '../../src/job/headers-file.ts';
import { ownerOnly, testOnPosix } from '../support/system.ts';
import { failureOf } from './support/failure.ts';

const { env } = process;
let folder = '';
let path = '';

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'exabits-headers-'));
  path = join(folder, 'headers');
  process.env = { RUNNER_TEMP: folder };
});

afterEach(() => {
  process.env = env;
  rmSync(folder, { recursive: true, force: true });
});

const headers = { Authorization: 'Bearer access', 'refresh-token': 'refresh' };

describe('the path of a header file', () => {
  test("is in the runner's temporary folder, and new each time", () => {
    const paths = Array.from({ length: 20 }, headersFilePath);
    for (const one of paths) {
      expect(dirname(one)).toBe(folder);
      expect(basename(one)).toMatch(/^exabits-headers-[0-9a-f-]{36}$/);
    }
    expect(new Set(paths).size).toBe(20);
  });

  test('needs RUNNER_TEMP', async () => {
    process.env = {};
    expect((await failureOf(headersFilePath)).code).toBe('job-files');
  });
});

describe('a header file', () => {
  test('is accessible only to its owner', () => {
    writeHeadersFile(path, headers);
    expect(statSync(path).mode & 0o777).toBe(ownerOnly);
    expect(readFileSync(path, 'utf8')).toBe('Authorization: Bearer access\nrefresh-token: refresh\n');
  });

  test.each([0, 0o277, 0o777])('is accessible only to its owner even with a umask of %i', (umask) => {
    const before = process.umask(umask);
    try {
      writeHeadersFile(path, headers);
    } finally {
      process.umask(before);
    }
    expect(statSync(path).mode & 0o777).toBe(ownerOnly);
  });

  test('never replaces an existing file', () => {
    writeFileSync(path, 'somebody else');
    expect(() => writeHeadersFile(path, headers)).toThrow('EEXIST');
    expect(readFileSync(path, 'utf8')).toBe('somebody else');
  });

  // Windows follows a dangling link: https://github.com/golang/go/issues/73702 has the same call.
  testOnPosix('never follows an existing link', () => {
    const target = join(folder, 'target');
    symlinkSync(target, path);
    expect(() => writeHeadersFile(path, headers)).toThrow('EEXIST');
    expect(() => statSync(target)).toThrow('ENOENT');
  });

  test('is removed if it cannot be finished', () => {
    const broken = Object.defineProperty({}, 'Authorization', {
      enumerable: true,
      get(): string {
        throw new Error('no space left on device');
      },
    });
    expect(() => writeHeadersFile(path, broken)).toThrow('no space left on device');
    expect(() => statSync(path)).toThrow('ENOENT');
  });

  test('may already be gone when it is removed', async () => {
    await expect(removeHeadersFile(path)).resolves.toBeUndefined();
  });
});

describe('the bearer token', () => {
  test('is read from the file', () => {
    writeHeadersFile(path, headers);
    expect(readBearerToken(path)).toBe('access');
    writeFileSync(path, 'Authorization: Bearer token\n');
    expect(readBearerToken(path)).toBe('token');
  });

  test.each([
    '',
    'refresh-token: x\n',
    'X: Authorization: Bearer x\n',
    'X: x\nAuthorization: Bearer x\n',
    'Authorization: Basic x\n',
    'Authorization: Bearer \n',
  ])('is empty if there is no such header: %j', (text) => {
    writeFileSync(path, text);
    expect(readBearerToken(path)).toBe('');
  });

  test('is empty for a folder or a file that is too large to be ours', () => {
    expect(readBearerToken(folder)).toBe('');
    writeFileSync(path, `Authorization: Bearer ${'x'.repeat(65 * 1024)}\n`);
    expect(readBearerToken(path)).toBe('');
  });

  test('is empty if there is no file', () => {
    expect(readBearerToken(path)).toBe('');
  });
});
