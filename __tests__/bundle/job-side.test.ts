import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { EXAMPLE_ACCOUNT, type Moment, type Sandbox } from '../../testbed/exabits/server.ts';
import { Job, type JobOptions, type StepOptions, type StepResult } from '../../testbed/runner/job.ts';
import { onWindows, ownerOnly, testOnLinux, testOnPosix, testWithLinks } from '../support/system.ts';
import { type Disk, makeDisk } from './support/disk.ts';
import { atEnd, startExabits } from './support/scenario.ts';

const actionDir = join(import.meta.dirname, '../..');
const preload = ['--require', join(import.meta.dirname, 'support/preload.cjs')];
const notWritten = /^The runner's files for this step cannot be written \(.+\), so nothing was exported\./;

/** A job that creates an ephemeral token, and so could leave something behind at Exabits and on the runner. */
async function startJob(options: Partial<JobOptions> = {}) {
  const sandbox = await startExabits();
  const job = new Job({ actionDir, ...options });
  atEnd(() => job.dispose());
  const { username, password } = EXAMPLE_ACCOUNT;
  const inputs = {
    username,
    password,
    'api-url': sandbox.url,
    'ephemeral-api-token': 'true',
    'timeout-seconds': '20',
  };
  return { sandbox, job, signIn: (stepOptions?: StepOptions) => job.uses(inputs, stepOptions) };
}

/** Changes something in the action's process through support/preload.cjs. */
function changed(change: object, more: StepOptions = {}): StepOptions {
  return {
    ...more,
    nodeArgs: preload,
    async onPrepare(env) {
      env.PRELOAD = JSON.stringify(change);
      await more.onPrepare?.(env);
    },
  };
}

function expectRefused(step: StepResult): void {
  const { exitCode, signal, outputs, env, annotations } = step;
  expect({ exitCode, signal, outputs, env, annotations }).toEqual({
    exitCode: 1,
    signal: null,
    outputs: {},
    env: {},
    annotations: [{ level: 'error', message: expect.stringMatching(notWritten) }],
  });
}

/** Runs the post step and asserts that no variable, file or token is left. */
async function expectClean(sandbox: Sandbox, job: Job): Promise<StepResult> {
  const [post] = await job.finish();
  expect(post).toMatchObject({ exitCode: 0, signal: null });
  expect(Object.values(job.env).filter((value) => value !== '')).toEqual([]);
  expect(readdirSync(job.runnerTemp).filter((name) => name.startsWith('exabits-headers-'))).toEqual([]);
  expect(sandbox.orphans()).toEqual([]);
  if (!post) throw new Error('The job has no post step');
  return post;
}

/** Replaces one of the runner's files by a link to a file elsewhere, so that the runner still reads it. */
function behind(variable: string, folder: string) {
  return (env: Record<string, string>): void => {
    const path = env[variable];
    if (!path) throw new Error(`The runner sets no ${variable}`);
    const target = join(folder, variable);
    writeFileSync(target, '');
    rmSync(path);
    symlinkSync(target, path);
  };
}

describe('A full disk', () => {
  // Each file takes one block: room for none, for the state, for the header file, for the variables.
  testOnLinux.each([0, 1, 2, 3])('with room for %i files leaves nothing half done', async (blocks) => {
    const disk = makeDisk(Math.max(1, blocks));
    atEnd(() => disk.remove());
    mkdirSync(join(disk.folder, 'temp'));
    const { sandbox, job, signIn } = await startJob({ runnerTemp: join(disk.folder, 'temp') });
    if (blocks === 0 && disk.mounted) writeFileSync(join(disk.folder, 'the only block'), 'taken');

    const step = await signIn({
      onPrepare(env) {
        for (const variable of ['GITHUB_STATE', 'GITHUB_ENV', 'GITHUB_OUTPUT'])
          behind(variable, disk.folder)(env);
      },
      onSpawn: ({ pid }) => limitFiles(disk, pid, 450 * blocks),
    });

    expectRefused(step);
    expect(step.annotations[0]?.message).toMatch(/ENOSPC|EFBIG/);
    await expectClean(sandbox, job);
  });
});

// Where nothing may be mounted, the size of every file of the process is limited.
function limitFiles(disk: Disk, pid: number | undefined, bytes: number): void {
  if (!disk.mounted) execFileSync('prlimit', ['--pid', String(pid), `--fsize=${bytes}`]);
}

describe('A read-only file system', () => {
  testOnPosix.each(['GITHUB_STATE', 'GITHUB_ENV', 'GITHUB_OUTPUT'])(
    'at %s exports nothing and leaves no token',
    async (variable) => {
      const disk = makeDisk(4);
      atEnd(() => disk.remove());
      const { sandbox, job, signIn } = await startJob();
      const step = await signIn({
        onPrepare(env) {
          behind(variable, disk.folder)(env);
          chmodSync(join(disk.folder, variable), 0o400);
          disk.freeze();
        },
      });
      expectRefused(step);
      await expectClean(sandbox, job);
    },
  );

  testOnPosix('at RUNNER_TEMP exports nothing and leaves no token', async () => {
    const disk = makeDisk(4);
    atEnd(() => disk.remove());
    const { sandbox, job, signIn } = await startJob({ runnerTemp: disk.folder });
    disk.freeze();
    expectRefused(await signIn());
    await expectClean(sandbox, job);
  });
});

describe('At the path of the header file,', () => {
  const uuid = '00000000-1111-4222-8333-444444444444';

  /** A job whose header file has a predictable path, and a file that belongs to somebody else. */
  async function startForeseenJob() {
    const shared = mkdtempSync(join(tmpdir(), 'exabits-auth-shared-'));
    atEnd(() => rmSync(shared, { recursive: true, force: true }));
    const runnerTemp = join(shared, 'temp');
    mkdirSync(runnerTemp);
    const victim = join(shared, 'victim');
    writeFileSync(victim, 'keep me', { mode: 0o644 });
    return { ...(await startJob({ runnerTemp })), victim, path: join(runnerTemp, `exabits-headers-${uuid}`) };
  }

  async function expectUntouched(put: (path: string, victim: string) => void): Promise<void> {
    const { sandbox, job, signIn, victim, path } = await startForeseenJob();
    put(path, victim);
    const before = lstatSync(path);
    const { mode } = lstatSync(victim);

    expectRefused(await signIn(changed({ uuid })));
    await job.finish();

    const after = lstatSync(path);
    expect({ ino: after.ino, mode: after.mode, size: after.size }).toEqual({
      ino: before.ino,
      mode: before.mode,
      size: before.size,
    });
    expect(readFileSync(victim, 'utf8')).toBe('keep me');
    expect(lstatSync(victim).mode).toBe(mode);
    expect(sandbox.orphans()).toEqual([]);
  }

  testWithLinks('a symbolic link to a file is neither followed nor removed', async () => {
    await expectUntouched((path, victim) => symlinkSync(victim, path));
  });

  // Windows follows it: https://github.com/golang/go/issues/73702 has the same call.
  testOnPosix('a dangling symbolic link creates no file', async () => {
    let target = '';
    await expectUntouched((path, victim) => {
      target = `${victim}-that-is-not-there`;
      symlinkSync(target, path);
    });
    expect(() => lstatSync(target)).toThrow('ENOENT');
  });

  test('an existing file is not overwritten', async () => {
    await expectUntouched((path) => writeFileSync(path, 'mine', { mode: 0o666 }));
  });

  testOnPosix('a named pipe gets no secret and blocks nothing', async () => {
    await expectUntouched((path) => execFileSync('mkfifo', [path]));
  });

  test('a directory is not removed', async () => {
    await expectUntouched((path) => mkdirSync(path));
  });

  testWithLinks(
    'a symbolic link that replaces the file is removed by the post step, not followed',
    async () => {
      const { sandbox, job, signIn, victim, path } = await startForeseenJob();
      expect((await signIn(changed({ uuid }))).exitCode).toBe(0);
      rmSync(path);
      symlinkSync(victim, path);
      expect(readlinkSync(path)).toBe(victim);
      await expectClean(sandbox, job);
      expect(readFileSync(victim, 'utf8')).toBe('keep me');
    },
  );
});

describe('If something endless replaces the header file,', () => {
  async function expectNotHeldUp(put: (path: string) => void): Promise<void> {
    const { sandbox, job, signIn } = await startJob();
    const step = await signIn();
    const path = step.outputs['headers-file'] ?? '';
    rmSync(path);
    put(path);
    const [post] = await job.finish({ timeoutSeconds: 20 });
    expect(post).toMatchObject({ exitCode: 0, signal: null, annotations: [] });
    expect(sandbox.orphans()).toEqual([]);
  }

  testOnPosix.each([
    ['a named pipe', (path: string) => void execFileSync('mkfifo', [path])],
    ['a device', (path: string) => symlinkSync('/dev/zero', path)],
  ])('it does not block the post step: %s', async (_what, put) => {
    await expectNotHeldUp(put);
  });

  test('it does not block the post step: a file of 64 MiB', async () => {
    await expectNotHeldUp((path) => {
      writeFileSync(path, '');
      truncateSync(path, 64 * 1024 * 1024);
    });
  });

  testOnPosix('it does not block a later step: a named pipe', async () => {
    const { job, signIn } = await startJob();
    const { outputs } = await signIn();
    const path = outputs['headers-file'] ?? '';
    rmSync(path);
    execFileSync('mkfifo', [path]);
    const later = await job.uses(
      { 'api-url': outputs['api-url'] ?? '', 'use-existing-credentials': 'true' },
      { timeoutSeconds: 20 },
    );
    expect(later).toMatchObject({ exitCode: 0, signal: null });
    expect(later.outputs['auth-method']).toBe('existing');
  });
});

test('The header file is private to its owner before its first byte is written, whatever the umask', async () => {
  const { job, signIn } = await startJob();
  const notes = join(job.runnerTemp, '..', 'opened');
  const step = await signIn(changed({ watchOpen: notes }));
  expect(step.exitCode).toBe(0);
  const path = step.outputs['headers-file'];
  const opened = readFileSync(notes, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
    .filter((note) => note.path === path);
  // `wx` is O_CREAT | O_EXCL: an existing path, a link included, is an error.
  expect(opened).toEqual([{ path, flags: 'wx', mode: ownerOnly.toString(8), size: 0 }]);
});

const signals = ['SIGTERM', 'SIGINT', 'SIGKILL'] as const;

describe.each(signals)('%s to main', (signal) => {
  const moments: [what: string, method: string, path: string, moment: Moment][] = [
    ['when the login request is received', 'POST', '/api/v1/authenticate/login', 'received'],
    ['when the login is answered', 'POST', '/api/v1/authenticate/login', 'answered'],
    ['before a token is created', 'POST', '/api/v1/api-tokens', 'received'],
    ['between the creation and its answer', 'POST', '/api/v1/api-tokens', 'handled'],
    ['when the creation is answered', 'POST', '/api/v1/api-tokens', 'answered'],
  ];

  test.each(moments)(
    '%s ends it at once, and the post step leaves nothing',
    async (_what, method, path, moment) => {
      const { sandbox, job, signIn } = await startJob();
      let kill = (): void => {};
      let killedAt = 0;
      sandbox.onRequest((event) => {
        if (event.method !== method || event.path !== path || event.moment !== moment || killedAt > 0) return;
        killedAt = Date.now();
        kill();
      });
      const step = await signIn({
        onSpawn: (child) => {
          kill = () => child.kill(signal);
        },
      });
      // After an answer, the process may end before the signal reaches it.
      if (moment === 'answered') expect([signal, null]).toContain(step.signal);
      else expect(step).toMatchObject({ exitCode: null, signal, outputs: {}, env: {} });
      expect(Date.now() - killedAt).toBeLessThan(5_000);
      await expectClean(sandbox, job);
    },
  );

  test('during the wait for a retry ends it at once', async () => {
    const { sandbox, job, signIn } = await startJob();
    sandbox.faults.add({ effect: 'status', status: 429, headers: { 'retry-after': '15' } });
    let killedAt = 0;
    const step = await signIn({
      onSpawn: (child) => {
        // The line about the wait is the first one that is not a mask.
        child.stdout?.on('data', (chunk: Buffer) => {
          if (!chunk.toString().includes('Trying again in') || killedAt > 0) return;
          killedAt = Date.now();
          child.kill(signal);
        });
      },
    });
    expect(step).toMatchObject({ signal, outputs: {}, env: {} });
    expect(Date.now() - killedAt).toBeLessThan(5_000);
    expect(sandbox.requests).toHaveLength(1);
    await expectClean(sandbox, job);
  });
});

describe('A signal during the export', () => {
  // A process that signals itself on Windows ends with an exit code.
  const endedBySignal = onWindows ? { exitCode: 1, signal: null } : { exitCode: null, signal: 'SIGTERM' };

  // State with the name, state with the id, leftovers, header file, 6 variables, 13 outputs, and one beyond the last.
  test.each(Array.from({ length: 24 }, (_, index) => index + 1))(
    'at write %i leaves nothing that the post step does not clear',
    async (atWrite) => {
      const { sandbox, job, signIn } = await startJob();
      const step = await signIn(changed({ signal: 'SIGTERM', atWrite }));
      if (atWrite <= 23) expect(step).toMatchObject(endedBySignal);
      else expect(step).toMatchObject({ exitCode: 0, signal: null });
      // Only what was written before the signal came.
      expect(Object.keys(step.outputs)).toHaveLength(Math.max(0, Math.min(13, atWrite - 11)));
      await expectClean(sandbox, job);
    },
  );
});

describe('The post step does the rest of its work despite', () => {
  const noVariables = (env: Record<string, string>): void => {
    env.GITHUB_ENV = join(tmpdir(), 'exabits-auth-there-is-no-such-file');
  };
  const state = (name: string, text: string) => (env: Record<string, string>) => {
    env[`STATE_${name}`] = text;
  };

  /** Signs in, prepares the environment of the post step, and runs it. */
  async function post(prepare: (env: Record<string, string>, step: StepResult) => void) {
    const { sandbox, job, signIn } = await startJob();
    const step = await signIn();
    expect(step.exitCode).toBe(0);
    const [result] = await job.finish({ onPrepare: (env) => prepare(env, step) });
    if (!result) throw new Error('The job has no post step');
    expect(result).toMatchObject({ exitCode: 0, signal: null, outcome: 'success' });
    return {
      sandbox,
      warnings: result.annotations.map(({ message }) => message),
      set: Object.entries(job.env).filter(([, value]) => value !== ''),
      files: readdirSync(job.runnerTemp),
    };
  }

  test('variables that cannot be emptied', async () => {
    const { sandbox, warnings, files } = await post(noVariables);
    expect(warnings).toEqual([expect.stringMatching(/^Could not empty the variables: /)]);
    expect(files).toEqual([]);
    expect(sandbox.orphans()).toEqual([]);
  });

  test('a header file that cannot be removed', async () => {
    const { sandbox, warnings, set } = await post((_env, { outputs }) =>
      replaceByFolder(outputs['headers-file']),
    );
    expect(warnings).toEqual([expect.stringMatching(/^Could not remove the header file: /)]);
    expect(set).toEqual([]);
    expect(sandbox.orphans()).toEqual([]);
  });

  test('a token that cannot be deleted', async () => {
    const { sandbox, warnings, set, files } = await post((env) => {
      const saved = JSON.parse(env['STATE_ephemeral-token'] ?? '');
      state(
        'ephemeral-token',
        JSON.stringify({ ...saved, apiUrl: 'http://127.0.0.1:1', maxAttempts: 1 }),
      )(env);
    });
    expect(warnings).toEqual([
      expect.stringMatching(/may still be valid: .* egpu token delete \w+ --force$/),
    ]);
    expect({ set, files }).toEqual({ set: [], files: [] });
    expect(sandbox.orphans()).toHaveLength(1);
  });

  test.each(['', '{', '5', '[]', 'not JSON'])('a leftovers state of %j', async (text) => {
    const { sandbox, warnings } = await post(state('leftovers', text));
    expect(warnings.length).toBe(text === '' ? 0 : 1);
    expect(sandbox.orphans()).toEqual([]);
  });

  test.each(['{', '5', '{"name":5}', '{"name":"gha-1-1-00000000","apiUrl":"ftp://x"}'])(
    'a token state of %s',
    async (text) => {
      const { warnings, set, files } = await post(state('ephemeral-token', text));
      expect(warnings).toHaveLength(1);
      expect({ set, files }).toEqual({ set: [], files: [] });
    },
  );

  test('all of these errors together', async () => {
    const { warnings } = await post((env, { outputs }) => {
      noVariables(env);
      replaceByFolder(outputs['headers-file']);
      state('ephemeral-token', '{"name":')(env);
    });
    expect(warnings.map((warning) => warning.replace(/:.*/, '')).sort()).toEqual([
      'Could not empty the variables',
      'Could not read which API token the step made',
      'Could not remove the header file',
    ]);
  });
});

function replaceByFolder(path = ''): void {
  rmSync(path);
  mkdirSync(path);
  writeFileSync(join(path, 'in the way'), '');
}

describe('If the log fails', () => {
  test.each([1, 2, 3, 4, 5, 6])('from line %i on, nothing unmasked is exported', async (full) => {
    const { sandbox, job, signIn } = await startJob();
    const { exitCode, outputs, env } = await signIn(changed({ full }));
    expect({ exitCode, outputs, env }).toEqual({ exitCode: 1, outputs: {}, env: {} });
    await expectClean(sandbox, job);
  });

  test('in the post step, everything is still cleaned up', async () => {
    const { sandbox, job, signIn } = await startJob();
    const { outputs } = await signIn();
    const [post] = await job.finish(changed({ full: 1 }));
    expect(post).toMatchObject({ exitCode: 0, raw: '', env: { EXABITS_API_TOKEN: '' } });
    expect(existsSync(String(outputs['headers-file']))).toBe(false);
    expect(sandbox.orphans()).toEqual([]);
  });
});

describe('An uncaught exception in an event handler', () => {
  const throwing = 'thrown\nin an event';
  const message = expect.stringMatching(/^Unexpected error: thrown in an event\./);

  test('fails main with one line, and nothing is exported', async () => {
    const { sandbox, job, signIn } = await startJob();
    const step = await signIn(changed({ throwing }));
    expect(step).toMatchObject({ exitCode: 1, outputs: {}, env: {} });
    expect(step.annotations).toEqual([{ level: 'error', message }]);
    await expectClean(sandbox, job);
  });

  test('is a warning in the post step, which continues', async () => {
    const { sandbox, job, signIn } = await startJob();
    await signIn();
    const [post] = await job.finish(changed({ throwing }));
    expect(post).toMatchObject({ exitCode: 0, annotations: [{ level: 'warning', message }] });
    expect(sandbox.orphans()).toEqual([]);
  });
});
