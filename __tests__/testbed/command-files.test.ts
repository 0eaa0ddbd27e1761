import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { parseCommandFile } from '../../testbed/runner/file-commands.ts';
import { Job } from '../../testbed/runner/job.ts';

const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A job whose action has these two scripts. */
function jobOf(main: string, post = ''): Job {
  const actionDir = mkdtempSync(join(tmpdir(), 'tiny-action-'));
  writeFileSync(join(actionDir, 'action.yml'), 'runs: { using: node24, main: main.cjs, post: post.cjs }');
  const set = `const set = (file, text) => require('node:fs').appendFileSync(process.env['GITHUB_' + file], text);`;
  writeFileSync(join(actionDir, 'main.cjs'), `${set} ${main}`);
  writeFileSync(join(actionDir, 'post.cjs'), `${set} ${post}`);
  const job = new Job({ actionDir });
  cleanups.push(() => {
    job.dispose();
    rmSync(actionDir, { recursive: true });
  });
  return job;
}

test('assignments and heredocs are parsed', () => {
  expect([...parseCommandFile('a=1=2\n\nb=\nc<<X\nX\nd<<Y\n1=<<Z\n\n2\nY\ne=<<1\n')]).toEqual([
    ['a', '1=2'],
    ['b', ''],
    ['c', ''],
    ['d', '1=<<Z\n\n2'],
    ['e', '<<1'],
  ]);
});

test.each(['nonsense', '=1', '<<X\nX\n', 'a<<\n', 'a<<X\n1\n', 'a<<X\nX2\n'])(
  '%j is malformed',
  (content) => {
    expect(() => [...parseCommandFile(content)]).toThrow(/^Invalid/);
  },
);

test('a malformed file fails the step, but the lines before the error count', async () => {
  const result = await jobOf(`set('ENV', 'GOOD=1\\nBAD<<EOF\\nx\\n')`).uses({});
  expect(result).toMatchObject({ exitCode: 0, outcome: 'failure', env: { GOOD: '1' } });
  expect(result.annotations.map(({ message }) => message)).toEqual([
    "Unable to process file command 'env' successfully.",
    "Invalid value. Matching delimiter not found 'EOF'",
  ]);
});

test("variables reach later steps, and state reaches the step's own post step, even if main is killed", async () => {
  const job = jobOf(
    `set('STATE', 'who=' + (process.env.WHO ?? 'first') + '\\n'); set('ENV', 'WHO=second\\n'); process.kill(process.pid, 'SIGKILL')`,
    `console.log(process.env.STATE_who)`,
  );
  expect(await job.uses({})).toMatchObject({ outcome: 'failure', env: { WHO: 'second' } });
  await job.uses({});
  expect((await job.finish()).map(({ raw }) => raw)).toEqual(['second\n', 'first\n']);
});
