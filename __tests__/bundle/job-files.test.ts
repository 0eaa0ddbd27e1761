import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { StepOptions } from '../../testbed/runner/job.ts';
import { testOnLinux, testWithBash } from '../support/system.ts';
import { expectSuccess, startScenario } from './support/scenario.ts';

const FILES = ['GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_STATE'];

/** Options that give a step another path for a command file, or none. */
function withFile(name: string, path: string | undefined): StepOptions {
  return {
    onPrepare: (env) => {
      if (path === undefined) delete env[name];
      else env[name] = path;
    },
  };
}

// A directory stands in for a file without permission: the superuser may write to every file.
describe.each([
  ['is not given', undefined],
  ['does not exist', join(tmpdir(), 'exabits-auth-there-is-no-such-file')],
  ['cannot be written', tmpdir()],
])('When the runner’s file %s', (_what, path) => {
  test.each(FILES)('%s: the step fails with its own words, and hands nothing on', async (name) => {
    const scenario = await startScenario();
    const step = await scenario.logIn({}, withFile(name, path));
    const message = scenario.expectFailure(step);
    expect(message).toMatch(
      /^The runner's files for this step cannot be written \(.+\), so nothing was handed on\. Check that this is a GitHub Actions job, and the free space and permissions of the runner's folders\.$/,
    );
    expect((await scenario.post()).outcome).toBe('success');
    expect(scenario.temporaryFiles()).toEqual([]);
  });

  test.each(FILES)('%s: no token for the job is left at Exabits', async (name) => {
    const scenario = await startScenario();
    const step = await scenario.logIn({ 'ephemeral-api-token': 'true' }, withFile(name, path));
    scenario.expectFailure(step);
    expect((await scenario.post()).outcome).toBe('success');
    expect(scenario.sandbox.orphans()).toEqual([]);
  });
});

test('Without a file for state no token is created, because nobody could delete it', async () => {
  const scenario = await startScenario();
  const step = await scenario.logIn({ 'ephemeral-api-token': 'true' }, withFile('GITHUB_STATE', undefined));
  scenario.expectFailure(step);
  expect(scenario.calls).not.toContain('POST /api-tokens');
});

describe('When the disk is full in the middle of a file', () => {
  /** Options that let a step write this many bytes into a file, and no more. */
  const withRoomFor = (bytes: number): StepOptions => ({
    onSpawn: ({ pid }) => void execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}`]),
  });

  // From no room for the state, which comes first, to room for all but the last output.
  const ROOM = [0, 100, 300, 500, 800, 1_100, 1_400];

  testOnLinux('the step takes back what it wrote, and hands nothing on', async () => {
    const runs = await Promise.all(
      ROOM.map(async (bytes) => {
        const scenario = await startScenario();
        return { scenario, step: await scenario.logIn({}, withRoomFor(bytes)) };
      }),
    );
    for (const { scenario, step } of runs) {
      expect(scenario.expectFailure(step)).toMatch(
        /^The runner's files for this step cannot be written \(.*EFBIG/,
      );
      const post = await scenario.post();
      expectSuccess(post);
      expect(post.env).toEqual({});
    }
  });

  testOnLinux('the token of the job is deleted', async () => {
    const runs = await Promise.all(
      ROOM.map(async (bytes) => {
        const scenario = await startScenario();
        return {
          scenario,
          step: await scenario.logIn({ 'ephemeral-api-token': 'true' }, withRoomFor(bytes)),
        };
      }),
    );
    for (const { scenario, step } of runs) {
      scenario.expectFailure(step);
      expectSuccess(await scenario.post());
      expect(scenario.sandbox.orphans()).toEqual([]);
    }
  });
});

describe('What was in the runner’s files before', () => {
  test('is kept when the step fails at a later file', async () => {
    const scenario = await startScenario();
    let environmentFile = '';
    const step = await scenario.logIn(
      {},
      {
        onPrepare: (env) => {
          environmentFile = env.GITHUB_ENV ?? '';
          writeFileSync(environmentFile, 'EARLIER=kept\n');
          env.GITHUB_OUTPUT = tmpdir();
        },
      },
    );
    expect(step).toMatchObject({ outcome: 'failure', exitCode: 1, outputs: {}, env: { EARLIER: 'kept' } });
    expect(readFileSync(environmentFile, 'utf8')).toBe('EARLIER=kept\n');
    expect(scenario.temporaryFiles()).toEqual([]);
  });
});

describe('When the header file has no place', () => {
  test('because RUNNER_TEMP is not set, the step fails and says what to do', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn({}, withFile('RUNNER_TEMP', undefined));
    expect(scenario.expectFailure(step)).toBe(
      'RUNNER_TEMP is not set, so the header file has no place. Run this in a GitHub Actions job, or set write-headers-file: false.',
    );
  });

  test('because RUNNER_TEMP is not there, the step fails and hands nothing on', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn(
      {},
      withFile('RUNNER_TEMP', join(tmpdir(), 'exabits-auth-no-such-folder')),
    );
    expect(scenario.expectFailure(step)).toMatch(
      /^The runner's files for this step cannot be written \(.*ENOENT/,
    );
  });

  test('the step works with write-headers-file: false', async () => {
    const scenario = await startScenario();
    expectSuccess(
      await scenario.logIn({ 'write-headers-file': 'false' }, withFile('RUNNER_TEMP', undefined)),
    );
  });
});

testWithBash('A folder for temporary files that others made may have any name', async () => {
  const runnerTemp = join(tmpdir(), `exabits auth ${process.pid} 'ü'`);
  mkdirSync(runnerTemp);
  try {
    const scenario = await startScenario({ job: { runnerTemp } });
    const { outputs } = await scenario.logIn();
    expect(dirname(outputs['headers-file'] ?? '')).toBe(runnerTemp);
    const call = await scenario.run(
      'curl --fail --silent --show-error -H @"$EXABITS_HEADERS_FILE" "$EXABITS_API_BASE_URL/regions"',
    );
    expect(call.outcome).toBe('success');
    expectSuccess(await scenario.post());
    expect(scenario.temporaryFiles()).toEqual([]);
  } finally {
    rmSync(runnerTemp, { recursive: true, force: true });
  }
});
