import * as fs from 'node:fs';
import { beforeEach, expect, jest, test } from '@jest/globals';
import { afterwards, ephemeralInputs, ServedExabits } from './support/account.ts';
import { apiToken } from './support/exabits.ts';
import { InProcessJob } from './support/job.ts';

// A test cannot fill the disk, so writes to certain files fail as if it were full.
let isFull: (file: fs.PathOrFileDescriptor) => boolean = () => false;
let cannotBeRestored: (file: fs.PathOrFileDescriptor) => boolean = () => false;

const writing = {
  appendFileSync: (...args: Parameters<typeof fs.appendFileSync>) => {
    refuse(args[0]);
    fs.appendFileSync(...args);
  },
  writeFileSync: (...args: Parameters<typeof fs.writeFileSync>) => {
    refuse(args[0]);
    fs.writeFileSync(...args);
  },
  truncateSync: (...args: Parameters<typeof fs.truncateSync>) => {
    if (args[0] && cannotBeRestored(args[0])) throw new Error('EIO: i/o error, truncate');
    fs.truncateSync(...args);
  },
};

function refuse(file: fs.PathOrFileDescriptor): void {
  if (isFull(file)) {
    throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' });
  }
}

// This also mocks `node:fs`.
jest.unstable_mockModule('fs', () => ({ ...fs, default: fs, ...writing }));

beforeEach(() => {
  isFull = () => false;
  cannotBeRestored = () => false;
});

test.each([
  ['the state', (file) => String(file).includes('GITHUB_STATE')],
  ['the header file', (file) => typeof file === 'number'],
  ['the variables', (file) => String(file).includes('GITHUB_ENV')],
  ['the outputs', (file) => String(file).includes('GITHUB_OUTPUT')],
] satisfies [string, typeof isFull][])(
  'a disk that fills up at %s leaves nothing half done',
  async (_what, full) => {
    const job = new InProcessJob();
    isFull = full;
    const step = await job.main({ 'api-token': apiToken });
    expect(step.exitCode).toBe(1);
    expect(step.log).toMatch(/^Error: The runner's files .*ENOSPC: no space left.*free space/);
    expect(step.env).toEqual({});
    expect(step.outputs).toEqual({});
    expect(step.state).toEqual({});
    expect(job.temporaryFiles()).toEqual([]);
  },
);

test('a file that cannot be restored does not affect the others or hide the cause', async () => {
  const job = new InProcessJob();
  isFull = (file) => String(file).includes('GITHUB_OUTPUT');
  cannotBeRestored = (file) => String(file).includes('GITHUB_STATE');
  const step = await job.main({ 'api-token': apiToken });
  expect(step.exitCode).toBe(1);
  expect(step.log).toMatch(/^Error: The runner's files .*ENOSPC: no space left/);
  expect(Object.keys(step.state)).toEqual(['leftovers']);
  expect(step.env).toEqual({});
  expect(step.outputs).toEqual({});
  expect(job.temporaryFiles()).toEqual([]);
});

test('a disk that fills up after a token is created lets the post step delete the token', async () => {
  const exabits = new ServedExabits();
  const fillDisk = (): void => {
    isFull = () => true;
  };
  exabits.when('POST /api-tokens', afterwards(fillDisk));
  const job = new InProcessJob();
  const main = await job.main(ephemeralInputs);
  expect(main.exitCode).toBe(1);
  expect(main.log).toContain('ENOSPC');
  expect(main.outputs).toEqual({});
  const [name] = exabits.left();

  isFull = () => false;
  expect((await job.post(main)).log).toBe(`Deleted the API token ${name}.`);
  expect(exabits.left()).toEqual([]);
});

test('a disk with free space is no problem', async () => {
  const job = new InProcessJob();
  const step = await job.main({ 'api-token': apiToken });
  expect(step.exitCode).toBe(0);
  expect(job.temporaryFiles()).toHaveLength(1);
});
