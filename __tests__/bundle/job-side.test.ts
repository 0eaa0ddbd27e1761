import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { ownerOnly, testOnLinux, testOnPosix } from '../support/system.ts';
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
async function expectRefused(scenario: Scenario, options: ProcessOptions): Promise<string> {
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

function mount(...args: string[]): boolean {
  return spawnSync('mount', args, { stdio: 'ignore' }).status === 0;
}

/** Makes a disk of some blocks of 4 KiB: a tmpfs where this process may mount one, else an ordinary folder. */
function makeDisk(blocks: number): { disk: string; mounted: boolean } {
  const disk = makeFolder();
  const mounted = mount('-t', 'tmpfs', '-o', `size=${blocks * 4}k,mode=0700`, 'tmpfs', disk);
  atEnd(() => (mounted ? execFileSync('umount', ['-l', disk]) : chmodSync(disk, 0o700)));
  return { disk, mounted };
}

// Each file takes one block: room for none, for the state, for the header file, for the variables.
testOnLinux.each([0, 1, 2, 3])('A full disk with room for %i files exports nothing', async (blocks) => {
  const { disk, mounted } = makeDisk(Math.max(1, blocks));
  const runnerTemp = join(disk, 'temp');
  mkdirSync(runnerTemp);
  const scenario = await startScenario({ job: { runnerTemp } });
  if (blocks === 0 && mounted) writeFileSync(join(disk, 'the only block'), 'taken');
  const message = await expectRefused(scenario, {
    onPrepare(env) {
      for (const variable of ['GITHUB_STATE', 'GITHUB_ENV', 'GITHUB_OUTPUT']) moveTo(disk, variable, env);
    },
    // Where nothing may be mounted, the size of every file of the process is limited.
    onSpawn({ pid }) {
      if (!mounted) execFileSync('prlimit', ['--pid', String(pid), `--fsize=${450 * blocks}`]);
    },
  });
  expect(message).toMatch(/ENOSPC|EFBIG/);
});

testOnPosix.each(['GITHUB_STATE', 'GITHUB_ENV', 'GITHUB_OUTPUT', 'RUNNER_TEMP'])(
  'A read-only file system at %s exports nothing',
  async (variable) => {
    const { disk, mounted } = makeDisk(4);
    await expectRefused(await startScenario(), {
      onPrepare(env) {
        if (variable === 'RUNNER_TEMP') env.RUNNER_TEMP = disk;
        else chmodSync(moveTo(disk, variable, env), 0o400);
        if (!mounted || !mount('-o', 'remount,ro', disk)) chmodSync(disk, 0o500);
      },
    });
  },
);

describe('At the path of the header file,', () => {
  const inTheWay: [string, (path: string, victim: string) => void][] = [
    ['a link to a file', (path, victim) => symlinkSync(victim, path)],
    // Whoever opens it waits for somebody at its other end.
    ['a named pipe', (path) => void execFileSync('mkfifo', [path])],
  ];

  testOnPosix.each(inTheWay)('%s is neither followed, nor written, nor removed', async (_what, put) => {
    const scenario = await startScenario();
    const { runnerTemp } = scenario.job;
    const uuid = '00000000-1111-4222-8333-444444444444';
    const path = join(runnerTemp, `exabits-headers-${uuid}`);
    const victim = join(runnerTemp, 'victim');
    writeFileSync(victim, 'keep me');
    put(path, victim);
    const before = lstatSync(path);
    const { exitCode, annotations } = await scenario.logIn(ephemeral, { change: { uuid } });
    expect([exitCode, annotations[0]?.message]).toEqual([1, expect.stringMatching(notWritten)]);
    await scenario.post();
    expect(scenario.tokensLeft).toEqual([]);
    expect(lstatSync(path).ino).toBe(before.ino);
    expect(readFileSync(victim, 'utf8')).toBe('keep me');
  });

  testOnPosix.each(inTheWay)(
    '%s is removed by the post step, neither followed nor read',
    async (_what, put) => {
      const scenario = await startScenario();
      const { outputs } = await scenario.logIn(ephemeral);
      const path = outputs['headers-file'] ?? '';
      const victim = join(makeFolder(), 'victim');
      writeFileSync(victim, 'keep me');
      rmSync(path);
      put(path, victim);
      await scenario.expectNothingLeft({ timeoutSeconds: 20 });
      expect(readFileSync(victim, 'utf8')).toBe('keep me');
    },
  );

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
  test.each<[string, (env: Record<string, string>, headersFile: string) => void, RegExp[]]>([
    [
      'variables that cannot be emptied, and a header file that cannot be removed',
      (env, headersFile) => {
        env.GITHUB_ENV = join(headersFile, 'there-is-no-such-file');
        rmSync(headersFile);
        mkdirSync(headersFile);
      },
      [/^Could not empty the variables: /, /^Could not remove the header file: /],
    ],
    [
      'a broken state of what was exported',
      (env) => {
        env.STATE_exported = '{"made":';
      },
      [/^Could not read what the step exported: /],
    ],
  ])('%s', async (_what, harm, warnings) => {
    const scenario = await startScenario();
    const { outputs } = await scenario.logIn(ephemeral);
    const post = await scenario.post({ onPrepare: (env) => harm(env, outputs['headers-file'] ?? '') });
    expect(post.exitCode).toBe(0);
    expect(warningsOf(post)).toEqual(warnings.map((pattern) => expect.stringMatching(pattern)));
    expect(scenario.tokensLeft).toEqual([]);
  });
});

describe('If the log', () => {
  test.each([1, 2, 3, 4, 5, 6])('cannot be written from line %i on, nothing is exported', async (full) => {
    const scenario = await startScenario();
    const { exitCode, outputs, env } = await scenario.logIn(ephemeral, { change: { full } });
    expect({ exitCode, outputs, env }).toEqual({ exitCode: 1, outputs: {}, env: {} });
    await scenario.expectNothingLeft();
  });

  test.each<[string, ProcessOptions]>([
    ['cannot be written', { change: { full: 1 } }],
    ['is closed', { onSpawn: ({ stdout }) => stdout?.destroy() }],
  ])('%s in the post step, everything is still cleaned up', async (_what, options) => {
    const scenario = await startScenario();
    expectSuccess(await scenario.logIn(ephemeral));
    expect((await scenario.expectNothingLeft(options)).raw).toBe('');
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
