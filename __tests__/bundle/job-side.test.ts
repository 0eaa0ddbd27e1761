import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { StepResult } from '../../testbed/runner/job.ts';
import { ownerOnly, testOnLinux, testOnPosix } from '../support/system.ts';
import { type Disk, makeDisk } from './support/disk.ts';
import {
  atEnd,
  expectSuccess,
  makeFolder,
  type ProcessOptions,
  type Scenario,
  startScenario,
  warningsOf,
} from './support/scenario.ts';

// An ephemeral token could leave something behind at Exabits and on the runner.
const ephemeral = { 'ephemeral-api-token': 'true' };
const notWritten = /^The runner's files for this step cannot be written \(.+\)\. Check /;

/** Signs in where nothing can be exported, and asserts that nothing is left. */
async function expectRefused(scenario: Scenario, options: ProcessOptions = {}): Promise<string> {
  const message = scenario.expectFailure(await scenario.logIn(ephemeral, options));
  expect(message).toMatch(notWritten);
  expect(scenario.expectCleanedUp(await scenario.post())).toEqual([]);
  return message;
}

/** Replaces one of the runner's files by a link to a file elsewhere, so that the runner still reads it. */
function moveTo(folder: string, variable: string, { [variable]: path = '' }: Record<string, string>): string {
  const target = join(folder, variable);
  writeFileSync(target, '');
  rmSync(path);
  symlinkSync(target, path);
  return target;
}

function diskOf(blocks: number): Disk {
  const disk = makeDisk(blocks);
  atEnd(() => disk.remove());
  return disk;
}

// Each file takes one block: room for none, for the state, for the header file, for the variables.
testOnLinux.each([0, 1, 2, 3])('A full disk with room for %i files exports nothing', async (blocks) => {
  const disk = diskOf(Math.max(1, blocks));
  const runnerTemp = join(disk.folder, 'temp');
  mkdirSync(runnerTemp);
  const scenario = await startScenario({ job: { runnerTemp } });
  if (blocks === 0 && disk.mounted) writeFileSync(join(disk.folder, 'the only block'), 'taken');
  const message = await expectRefused(scenario, {
    onPrepare(env) {
      for (const variable of ['GITHUB_STATE', 'GITHUB_ENV', 'GITHUB_OUTPUT'])
        moveTo(disk.folder, variable, env);
    },
    // Where nothing may be mounted, the size of every file of the process is limited.
    onSpawn({ pid }) {
      if (!disk.mounted) execFileSync('prlimit', ['--pid', String(pid), `--fsize=${450 * blocks}`]);
    },
  });
  expect(message).toMatch(/ENOSPC|EFBIG/);
});

testOnPosix.each(['GITHUB_STATE', 'GITHUB_ENV', 'GITHUB_OUTPUT'])(
  'A read-only file system at %s exports nothing',
  async (variable) => {
    const disk = diskOf(4);
    await expectRefused(await startScenario(), {
      onPrepare(env) {
        chmodSync(moveTo(disk.folder, variable, env), 0o400);
        disk.freeze();
      },
    });
  },
);

testOnPosix('A read-only file system at RUNNER_TEMP exports nothing', async () => {
  const disk = diskOf(4);
  const scenario = await startScenario({ job: { runnerTemp: disk.folder } });
  disk.freeze();
  await expectRefused(scenario);
});

describe('At the path of the header file,', () => {
  const uuid = '00000000-1111-4222-8333-444444444444';

  testOnPosix.each<[string, (path: string, victim: string) => void]>([
    ['a symbolic link to a file', (path, victim) => symlinkSync(victim, path)],
    // Windows follows it: https://github.com/golang/go/issues/73702 has the same call.
    ['a dangling symbolic link', (path) => symlinkSync('../not-there', path)],
    ['an existing file', (path) => writeFileSync(path, 'mine', { mode: 0o666 })],
    ['a named pipe', (path) => void execFileSync('mkfifo', [path])],
    ['a directory', (path) => mkdirSync(path)],
  ])('%s is neither followed, nor written, nor removed', async (_what, put) => {
    const runnerTemp = join(makeFolder(), 'temp');
    mkdirSync(runnerTemp);
    const path = join(runnerTemp, `exabits-headers-${uuid}`);
    const victim = join(runnerTemp, 'victim');
    writeFileSync(victim, 'keep me', { mode: 0o644 });
    put(path, victim);
    const look = () =>
      [path, victim]
        .map((each) => lstatSync(each))
        .map(({ ino, mode, size, mtimeMs }) => ({ ino, mode, size, mtimeMs }));
    const before = look();
    const scenario = await startScenario({ job: { runnerTemp } });
    const step = await scenario.logIn(ephemeral, { change: { uuid } });
    expect(step).toMatchObject({ exitCode: 1, outputs: {}, env: {} });
    expect(step.annotations.map(({ message }) => message)).toEqual([expect.stringMatching(notWritten)]);
    await scenario.post();
    expect(scenario.tokensLeft).toEqual([]);
    expect(look()).toEqual(before);
    expect(readdirSync(join(runnerTemp, '..'))).toEqual(['temp']);
  });

  testOnPosix.each<[string, (path: string, victim: string) => void]>([
    ['a named pipe', (path) => void execFileSync('mkfifo', [path])],
    ['a link to a device without end', (path) => symlinkSync('/dev/zero', path)],
    ['a link to a file', (path, victim) => symlinkSync(victim, path)],
  ])('%s in place of the file is removed by the post step, neither followed nor read', async (_what, put) => {
    const scenario = await startScenario();
    const { outputs } = await scenario.logIn(ephemeral);
    const path = outputs['headers-file'] ?? '';
    const victim = join(makeFolder(), 'victim');
    writeFileSync(victim, 'keep me');
    rmSync(path);
    put(path, victim);
    await scenario.expectNothingLeft({ timeoutSeconds: 20 });
    expect(readFileSync(victim, 'utf8')).toBe('keep me');
  });

  test("the file is its owner's alone before its first byte is written, whatever the umask", async () => {
    const scenario = await startScenario();
    const watchOpen = join(makeFolder(), 'opened');
    const { outputs } = await scenario.logIn({}, { change: { watchOpen } });
    const path = outputs['headers-file'];
    const lines = readFileSync(watchOpen, 'utf8').trim().split('\n');
    const opened = lines.map((line) => JSON.parse(line)).filter((note) => note.path === path);
    // `wx` is O_CREAT | O_EXCL: an existing path, a link included, is an error.
    expect(opened).toEqual([{ path, flags: 'wx', mode: ownerOnly.toString(8), size: 0 }]);
  });
});

describe('The post step does the rest of its work despite', () => {
  const noVariables = (env: Record<string, string>): void => {
    env.GITHUB_ENV = join(env.RUNNER_TEMP ?? '', 'there-is-no-such-file');
  };
  const folderInPlace = (_env: object, { outputs: { 'headers-file': path = '' } }: StepResult): void => {
    rmSync(path);
    mkdirSync(path);
    writeFileSync(join(path, 'in the way'), '');
  };
  const broken =
    (name: string, text = '{"made":') =>
    (env: Record<string, string>): void => {
      env[`STATE_${name}`] = text;
    };
  const unreachable = (env: Record<string, string>): void => {
    const creation = JSON.parse(env.STATE_creation ?? '');
    broken('creation', JSON.stringify({ ...creation, apiUrl: 'http://127.0.0.1:1', maxAttempts: 1 }))(env);
  };
  const variables = /^Could not empty the variables: /;
  const file = /^Could not remove the header file: /;
  const alive =
    /^The API token \S+ may still work: 127\.0\.0\.1:1 refused the connection\. Delete it by hand: egpu token delete \w+ --force$/;

  const exported = /^Could not read what the step exported: /;
  const made = /^Could not read which API token the step made: /;

  test.each<[string, ((env: Record<string, string>, step: StepResult) => void)[], RegExp[], string[]]>([
    ['variables that cannot be emptied', [noVariables], [variables], ['variables']],
    ['a header file that cannot be removed', [folderInPlace], [file], ['file']],
    ['a token that cannot be deleted', [unreachable], [alive], ['token']],
    ['a broken state of what was exported', [broken('exported')], [exported], ['variables', 'file']],
    ['a broken state of the token', [broken('creation')], [made], ['token']],
    [
      'all of these together',
      [noVariables, folderInPlace, unreachable],
      [variables, file, alive],
      ['variables', 'file', 'token'],
    ],
  ])('%s', async (_what, changes, warnings, left) => {
    const scenario = await startScenario();
    const step = await scenario.logIn(ephemeral);
    const post = await scenario.post({
      onPrepare: (env) => {
        for (const change of changes) change(env, step);
      },
    });
    expect(post).toMatchObject({ exitCode: 0, signal: null });
    expect(warningsOf(post)).toEqual(warnings.map((pattern) => expect.stringMatching(pattern)));
    const all = {
      variables: scenario.job.env.EXABITS_API_TOKEN !== '',
      file: scenario.headerFiles().length > 0,
      token: scenario.tokensLeft.length > 0,
    };
    expect(Object.entries(all).flatMap(([what, isLeft]) => (isLeft ? [what] : []))).toEqual(left);
  });
});

describe('If the log fails', () => {
  test.each([1, 2, 3, 4, 5, 6])('from line %i on, nothing is exported', async (full) => {
    const scenario = await startScenario();
    const { exitCode, outputs, env } = await scenario.logIn(ephemeral, { change: { full } });
    expect({ exitCode, outputs, env }).toEqual({ exitCode: 1, outputs: {}, env: {} });
    await scenario.expectNothingLeft();
  });

  test('in the post step, everything is still cleaned up', async () => {
    const scenario = await startScenario();
    expectSuccess(await scenario.logIn(ephemeral));
    expect((await scenario.expectNothingLeft({ change: { full: 1 } })).raw).toBe('');
  });
});

describe('An uncaught exception in an event handler', () => {
  const change = { throwing: 'thrown\nin an event' };
  const message = /^Unexpected error: thrown in an event\./;

  test('fails main with one line, and nothing is exported', async () => {
    const scenario = await startScenario();
    expect(scenario.expectFailure(await scenario.logIn(ephemeral, { change }))).toMatch(message);
    await scenario.expectNothingLeft();
  });

  test('is a warning in the post step, which goes on', async () => {
    const scenario = await startScenario();
    expectSuccess(await scenario.logIn(ephemeral));
    const post = await scenario.post({ change });
    expect(warningsOf(post)).toEqual([expect.stringMatching(message)]);
    expect(scenario.expectCleanedUp(post)).toEqual([]);
  });
});
