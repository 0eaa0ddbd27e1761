import { afterEach, expect, jest, test } from '@jest/globals';
import { skipWaits } from './support/clock.ts';
import { failureOf } from './support/failure.ts';

const clock = skipWaits();
const fs = await import('node:fs');
const rmSync = jest.fn<typeof fs.rmSync>();
jest.unstable_mockModule('node:fs', () => ({ ...fs, rmSync }));
const { removeHeadersFile } = await import('../../src/job/headers-file.ts');

const held = (code: string) => () => {
  throw Object.assign(new Error(`${code}: not permitted`), { code });
};

afterEach(() => {
  rmSync.mockReset();
  clock.waits.length = 0;
});

test.each(['EPERM', 'EBUSY', 'EACCES'])('a file in use is removed once it is released (%s)', async (code) => {
  rmSync.mockImplementationOnce(held(code)).mockImplementationOnce(held(code));
  await removeHeadersFile('/temp/headers');
  expect(rmSync.mock.calls).toEqual(Array(3).fill(['/temp/headers', { force: true }]));
  expect(clock.waits).toEqual([100, 200]);
});

test('a file that stays in use is reported after a second', async () => {
  rmSync.mockImplementation(held('EPERM'));
  const failure = await failureOf(() => removeHeadersFile('/temp/headers'));
  expect(failure.code).toBe('job-files');
  expect(failure.message).toMatch(
    /^\/temp\/headers is still there \(EPERM\)\. .* remove the file by hand\.$/,
  );
  expect(clock.waits).toEqual([100, 200, 300, 400]);
});

test('a permanent error is not retried', async () => {
  rmSync.mockImplementation(held('ERR_FS_EISDIR'));
  expect((await failureOf(() => removeHeadersFile('/temp/headers'))).message).toContain('(ERR_FS_EISDIR)');
  expect(clock.waits).toEqual([]);
});
