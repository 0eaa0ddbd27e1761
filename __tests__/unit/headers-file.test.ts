import * as fs from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { ownerOnly, testOnPosix } from '../support/system.ts';
import { skipWaits } from './support/clock.ts';
import { failureOf } from './support/failure.ts';

const clock = skipWaits();
const rmSync = jest.fn(fs.rmSync);
const fchmodSync = jest.fn(fs.fchmodSync);
jest.unstable_mockModule('node:fs', () => ({ ...fs, rmSync, fchmodSync }));
const { headersFilePath, removeHeadersFile, writeHeadersFile } = await import(
  '../../src/job/headers-file.ts'
);

const { env } = process;
const headers = { Authorization: 'Bearer access', 'refresh-token': 'refresh' };
const fails = (code: string) => () => {
  throw Object.assign(new Error(`${code}: not permitted`), { code });
};
let folder = '';
let path = '';

beforeEach(() => {
  folder = fs.mkdtempSync(join(tmpdir(), 'exabits-headers-'));
  path = join(folder, 'headers');
  process.env = { RUNNER_TEMP: folder };
  clock.waits.length = 0;
});

afterEach(() => {
  process.env = env;
  rmSync.mockReset().mockImplementation(fs.rmSync);
  fs.rmSync(folder, { recursive: true });
});

/** The lowest free file descriptor, which the system gives to the next file. */
function nextDescriptor(): number {
  const file = fs.openSync(folder, 'r');
  fs.closeSync(file);
  return file;
}

test("the path of a header file is in the runner's temporary folder, and new each time", () => {
  const one = headersFilePath();
  expect(dirname(one)).toBe(folder);
  expect(basename(one)).toMatch(/^exabits-headers-[0-9a-f-]{36}$/);
  expect(headersFilePath()).not.toBe(one);
});

describe('a header file', () => {
  test.each([0, 0o277, 0o777])('is accessible only to its owner, whatever the umask (%i)', (umask) => {
    const descriptor = nextDescriptor();
    const before = process.umask(umask);
    writeHeadersFile(path, headers);
    process.umask(before);
    expect(fs.statSync(path).mode & 0o777).toBe(ownerOnly);
    expect(fs.readFileSync(path, 'utf8')).toBe('Authorization: Bearer access\nrefresh-token: refresh\n');
    expect(nextDescriptor()).toBe(descriptor);
  });

  test('is written where modes cannot be changed, as on some network drives', () => {
    fchmodSync.mockImplementationOnce(fails('EPERM'));
    writeHeadersFile(path, headers);
    expect(fs.statSync(path).mode & 0o777).toBe(ownerOnly);
  });

  test('gets its folder if the runner has not made one', () => {
    const deeper = join(folder, 'a', 'b', 'headers');
    writeHeadersFile(deeper, headers);
    expect(fs.existsSync(deeper)).toBe(true);
  });

  test('never replaces an existing file', () => {
    fs.writeFileSync(path, 'somebody else');
    expect(() => writeHeadersFile(path, headers)).toThrow('EEXIST');
    expect(fs.readFileSync(path, 'utf8')).toBe('somebody else');
  });

  // Windows follows a dangling link: https://github.com/golang/go/issues/73702 has the same call.
  testOnPosix('never follows an existing link', () => {
    fs.symlinkSync(join(folder, 'target'), path);
    expect(() => writeHeadersFile(path, headers)).toThrow('EEXIST');
    expect(fs.existsSync(join(folder, 'target'))).toBe(false);
  });

  test.each([false, true])('is removed if it cannot be finished (gone already: %j)', (isGone) => {
    const descriptor = nextDescriptor();
    const get = (): void => {
      if (isGone) fs.rmSync(path);
      fails('ENOSPC')();
    };
    const broken = Object.defineProperty({}, 'Authorization', { enumerable: true, get });
    expect(() => writeHeadersFile(path, broken)).toThrow('ENOSPC');
    expect([fs.existsSync(path), nextDescriptor()]).toEqual([false, descriptor]);
  });
});

describe('the removal of a header file', () => {
  test('does not mind if it is already gone', async () => {
    await expect(removeHeadersFile(path)).resolves.toBe(false);
  });

  test.each(['EPERM', 'EBUSY', 'EACCES'])('waits until nobody holds it open (%s)', async (code) => {
    rmSync.mockImplementationOnce(fails(code)).mockImplementationOnce(fails(code));
    fs.writeFileSync(path, '');
    await removeHeadersFile(path);
    expect([fs.existsSync(path), clock.waits]).toEqual([false, [100, 200]]);
  });

  test.each([
    ['gives up after a second', 'EPERM', [100, 200, 300, 400]],
    ['does not wait in vain', 'ERR_FS_EISDIR', []],
  ])('%s, and says what to do', async (_what, code, waits) => {
    rmSync.mockImplementation(fails(code));
    const { message, cause } = await failureOf(() => removeHeadersFile(path));
    expect(cause).toHaveProperty('code', code);
    expect(message).toBe(
      `${path} is still there (${code}). Its tokens are valid until they expire or are deleted. Remove the file by hand.`,
    );
    expect(clock.waits).toEqual(waits);
  });
});
