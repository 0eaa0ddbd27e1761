import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import { parseCommandFile } from '../../testbed/runner/file-commands.ts';
import { Job, type JobOptions } from '../../testbed/runner/job.ts';
import { LogMasker } from '../../testbed/runner/log-masker.ts';
import { COMMAND_NAMES, parseWorkflowCommand } from '../../testbed/runner/workflow-command.ts';
import { testOnPosix, testWithBash } from '../support/system.ts';

const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

/** A job whose action has these two scripts. */
function jobOf(main: string, post = '', options: Omit<JobOptions, 'actionDir'> = {}): Job {
  const actionDir = mkdtempSync(join(tmpdir(), 'tiny-action-'));
  writeFileSync(
    join(actionDir, 'action.yml'),
    [
      'name: tiny',
      'description: for tests',
      'inputs:',
      '  user name: { description: a, required: true }',
      '  log-in: { description: b, default: "yes: please" }',
      '  count: { description: c, default: 60 }',
      'runs: { using: node24, main: main.cjs, post: post.cjs }',
    ].join('\n'),
  );
  const prelude = `
    const { appendFileSync } = require('node:fs');
    const say = (line) => process.stdout.write(line + '\\n');
    const set = (file, text) => appendFileSync(process.env['GITHUB_' + file], text);
  `;
  writeFileSync(join(actionDir, 'main.cjs'), prelude + main);
  writeFileSync(join(actionDir, 'post.cjs'), prelude + post);
  const job = new Job({ actionDir, ...options });
  cleanups.push(() => {
    job.dispose();
    rmSync(actionDir, { recursive: true });
  });
  return job;
}

const PRINT_INPUTS = `
  for (const name of Object.keys(process.env).filter((key) => key.startsWith('INPUT_')).sort()) {
    say(name + '=' + process.env[name]);
  }`;

describe('inputs and environment', () => {
  test('inputs reach main and post with the defaults of action.yml', async () => {
    const job = jobOf(PRINT_INPUTS, PRINT_INPUTS);
    const main = await job.uses({ 'User Name': ' octo cat ' });
    const [post] = await job.finish();
    expect(main.raw).toBe('INPUT_COUNT=60\nINPUT_LOG-IN=yes: please\nINPUT_USER_NAME= octo cat \n');
    expect(post?.raw).toBe(main.raw);
  });

  test('a default may be a property of the event', async () => {
    const started = (options: Omit<JobOptions, 'actionDir'>, text = `\${{ github.event.run.id }}`) => {
      const actionDir = mkdtempSync(join(tmpdir(), 'tiny-action-'));
      cleanups.push(() => rmSync(actionDir, { recursive: true }));
      const manifest = `inputs: { id: { default: "${text}" } }\nruns: { using: node24, main: main.cjs }`;
      writeFileSync(join(actionDir, 'action.yml'), manifest);
      writeFileSync(join(actionDir, 'main.cjs'), 'console.log(process.env.INPUT_ID)');
      const job = new Job({ actionDir, ...options });
      cleanups.push(() => job.dispose());
      return job;
    };
    expect((await started({ event: { run: { id: 7 } } }).uses({})).raw).toBe('7\n');
    expect((await started({ event: { schedule: '17 3 * * *' } }).uses({})).raw).toBe('\n');
    expect(() => started({}, `\${{ github.token }}`)).toThrow('The default of id is an expression');
  });

  test('an input that action.yml does not have causes a warning', async () => {
    const result = await jobOf('').uses({ usr: 'x' });
    expect(result.annotations).toEqual([
      {
        level: 'warning',
        message: "Unexpected input(s) 'usr', valid inputs are ['user name', 'log-in', 'count']",
      },
    ]);
  });

  test('a step gets only what a runner sets', async () => {
    process.env.LITTLE_RUNNER_LEAK = 'from outside';
    cleanups.push(() => delete process.env.LITTLE_RUNNER_LEAK);
    const job = jobOf('say(JSON.stringify(process.env))', '', {
      env: { FROM_JOB: '1' },
      github: { GITHUB_RUN_ID: '42' },
    });
    const { raw } = await job.uses({}, { env: { FROM_STEP: '2' } });
    expect(JSON.parse(raw)).toMatchObject({
      FROM_JOB: '1',
      FROM_STEP: '2',
      GITHUB_ACTIONS: 'true',
      GITHUB_RUN_ID: '42',
      RUNNER_TEMP: job.runnerTemp,
    });
    expect(raw).not.toContain('LITTLE_RUNNER_LEAK');
    expect(raw).not.toContain('RUNNER_DEBUG');
  });

  testOnPosix('RUNNER_TEMP is private', () => {
    expect(statSync(jobOf('').runnerTemp).mode & 0o777).toBe(0o700);
  });

  test('variables, paths and outputs of a step reach later steps and the caller', async () => {
    const job = jobOf(`
      say(JSON.stringify([process.env.ONE, process.env.TWO, process.env.PATH.split(require('node:path').delimiter)[0]]));
      set('ENV', 'ONE=1\\nTWO<<EOF\\nfirst\\nsecond=x<<y\\nEOF\\n');
      set('OUTPUT', 'answer=42\\n');
      set('PATH', '/somewhere/bin\\n');
    `);
    const main = await job.uses({});
    expect(main.env).toEqual({ ONE: '1', TWO: 'first\nsecond=x<<y' });
    expect(main.outputs).toEqual({ answer: '42' });
    const later = await job.uses({});
    expect(JSON.parse(later.raw)).toEqual(['1', 'first\nsecond=x<<y', '/somewhere/bin']);
    expect(job.env.ONE).toBe('1');
  });

  test('a test can change the environment of a step before it starts', async () => {
    const result = await jobOf('say(String(process.env.GITHUB_ENV))').uses(
      {},
      {
        onPrepare: (env) => {
          delete env.GITHUB_ENV;
        },
      },
    );
    expect(result.raw).toBe('undefined\n');
  });
});

describe('state and post', () => {
  test('state goes from main only to its own post step, and post steps run in reverse order', async () => {
    const job = jobOf(
      `say('main of ' + process.env.STATE_who); set('STATE', 'who=' + process.env['INPUT_USER_NAME'] + '\\n')`,
      `say('post of ' + process.env.STATE_who)`,
    );
    await job.uses({ 'user name': 'first' });
    const second = await job.uses({ 'user name': 'second' });
    expect(second.raw).toBe('main of undefined\n');
    const posts = await job.finish();
    expect(posts.map(({ raw }) => raw)).toEqual(['post of second\n', 'post of first\n']);
    expect(await job.finish()).toEqual([]);
  });

  test('post runs after main has failed', async () => {
    const job = jobOf('process.exitCode = 3', `say('cleaned')`);
    const main = await job.uses({});
    expect(main).toMatchObject({ exitCode: 3, outcome: 'failure' });
    expect(job.conclusion).toBe('failure');
    expect((await job.finish())[0]).toMatchObject({ raw: 'cleaned\n', outcome: 'success' });
  });

  test('post runs after main was killed, with the state that main had written', async () => {
    const job = jobOf(
      `set('STATE', 'a=1\\n'); setInterval(() => {}, 1000); say('ready')`,
      `say(process.env.STATE_a)`,
    );
    const main = await job.uses(
      {},
      {
        onSpawn: (child) => child.stdout?.once('data', () => child.kill('SIGKILL')),
      },
    );
    expect(main).toMatchObject({ exitCode: null, signal: 'SIGKILL', outcome: 'failure' });
    expect((await job.finish())[0]?.raw).toBe('1\n');
  });

  testOnPosix('a cancelled step gets SIGINT first', async () => {
    const job = jobOf(
      `process.on('SIGINT', () => { say('bye'); process.exit(1); }); setInterval(() => {}, 1000); say('ready')`,
    );
    const cancel = new AbortController();
    const main = await job.uses(
      {},
      {
        cancel: cancel.signal,
        onSpawn: (child) => child.stdout?.once('data', () => cancel.abort()),
      },
    );
    expect(main).toMatchObject({ raw: 'ready\nbye\n', outcome: 'cancelled' });
  });

  testOnPosix('a cancelled script that keeps running gets SIGTERM, and then SIGKILL', async () => {
    const cancelled = (script: string) => {
      const cancel = new AbortController();
      return jobOf('').run(script, {
        cancel: cancel.signal,
        cancelMs: { sigterm: 20, sigkill: 60 },
        onSpawn: (child) => child.stdout?.once('data', () => cancel.abort()),
      });
    };
    const endless = 'trap "" INT; echo ready; while :; do sleep 0.01; done';
    expect(await cancelled(endless)).toMatchObject({ signal: 'SIGTERM', outcome: 'cancelled' });
    expect(await cancelled(`trap "" TERM; ${endless}`)).toMatchObject({
      signal: 'SIGKILL',
      outcome: 'cancelled',
    });
  });

  testOnPosix('a step that exceeds its time limit is killed, with its child processes', async () => {
    const result = await jobOf('').run('sleep 30 & sleep 30', { timeoutSeconds: 0.2 });
    expect(result).toMatchObject({ signal: 'SIGKILL', outcome: 'failure' });
    expect(result.annotations[0]?.message).toBe('The step has exceeded its limit of 0.2 seconds.');
  });
});

describe('workflow commands', () => {
  test('are run from stdout and stderr, line by line, even after a lone carriage return', async () => {
    const job = jobOf(`
      say('::add-mask::hunter2');
      say('a hunter2');
      process.stderr.write('noise\\r::error title=x::bad%0Aworse%25\\r\\n');
      say('  ::warning::careful');
      say('::unknown::text');
      say('text ##[notice]old form');
      say('::debug::hidden');
    `);
    const { annotations, visible, exitCode } = await job.uses({});
    expect(annotations).toEqual(
      expect.arrayContaining([
        { level: 'error', message: 'bad\nworse%' },
        { level: 'warning', message: 'careful' },
        { level: 'notice', message: 'old form' },
      ]),
    );
    expect(annotations).toHaveLength(3);
    expect(visible).toContain('a ***\n');
    expect(visible).toContain('::unknown::text\n');
    expect(visible).not.toContain('hidden');
    expect(visible).not.toContain('hunter2');
    expect(exitCode).toBe(0);
  });

  test('a mask only affects later output, in this step and in later ones', async () => {
    const job = jobOf(`say('early hunter2'); say('::add-mask::hunter2'); say('late hunter2')`);
    const main = await job.uses({});
    const later = await job.uses({});
    expect(main.raw).toBe('early hunter2\n::add-mask::hunter2\nlate hunter2\n');
    expect(main.visible).toBe('early hunter2\nlate ***\n');
    expect(later.visible).toBe('early ***\nlate ***\n');
  });

  test('an empty mask causes a warning', async () => {
    const { annotations } = await jobOf(`say('::add-mask::  ')`).uses({});
    expect(annotations[0]?.message).toMatch(/empty string/);
  });

  test('a debug run shows debug lines and sets RUNNER_DEBUG', async () => {
    const { visible } = await jobOf(`say('::debug::RUNNER_DEBUG=' + process.env.RUNNER_DEBUG)`, '', {
      debug: true,
    }).uses({});
    expect(visible).toBe('##[debug]RUNNER_DEBUG=1\n');
  });

  test('groups are indented', async () => {
    const { visible } = await jobOf(
      `say('::group::More'); say('inside'); say('::endgroup::'); say('outside')`,
    ).uses({});
    expect(visible).toBe('▼ More\n  inside\noutside\n');
  });

  test('stop-commands turns commands into text until its token appears', async () => {
    const { visible, annotations } = await jobOf(`
      say('::stop-commands::tok'); say('::error::no'); say('::other::'); say('::tok::'); say('::error::yes');
    `).uses({});
    expect(annotations).toEqual([{ level: 'error', message: 'yes' }]);
    expect(visible).toContain('::error::no\n');
  });

  test.each(['save-state name=a', 'set-output name=a', 'set-env name=A', 'add-path'])(
    'the disabled command %s fails the step',
    async (command) => {
      const job = jobOf(`say('::${command}::b')`);
      const result = await job.uses({});
      expect(result).toMatchObject({ exitCode: 0, outcome: 'failure', outputs: {}, state: {}, env: {} });
      expect(result.annotations[0]?.message).toMatch(/is disabled/);
    },
  );

  test('both syntaxes are parsed with their own escapes', () => {
    expect(parseWorkflowCommand('::error file=a%2Cb,line=1%3A2::x%2C%0D', COMMAND_NAMES)).toEqual({
      name: 'error',
      properties: { file: 'a,b', line: '1:2' },
      text: 'x%2C\r',
    });
    expect(parseWorkflowCommand('say ##[Warning a=b;c=%5D]d%3B%0A', COMMAND_NAMES)).toEqual({
      name: 'warning',
      properties: { a: 'b', c: ']' },
      text: 'd;\n',
    });
    for (const line of [
      '',
      '::',
      '::error',
      'x ::error::y',
      '##[error',
      '::nothing::x',
      '\ufeff::error::x',
    ]) {
      expect(parseWorkflowCommand(line, COMMAND_NAMES)).toBeUndefined();
    }
  });
});

describe('command files', () => {
  test('assignments and heredocs are parsed', () => {
    expect([...parseCommandFile('a=1\n\nb=\nc<<X\nX\nd<<Y\n1\n\n2\nY')]).toEqual([
      ['a', '1'],
      ['b', ''],
      ['c', ''],
      ['d', '1\n\n2'],
    ]);
  });

  test.each(['nonsense', '=1', '<<X\nX\n', 'a<<\n', 'a<<X\n1\n', 'a<<X\nX2\n'])(
    '%j is malformed',
    (content) => {
      expect(() => [...parseCommandFile(content)]).toThrow(/^Invalid/);
    },
  );

  test('a malformed file fails the step, but the lines before the error count', async () => {
    const job = jobOf(`set('ENV', 'GOOD=1\\nBAD<<EOF\\nx\\n')`);
    const result = await job.uses({});
    expect(result).toMatchObject({ exitCode: 0, outcome: 'failure', env: { GOOD: '1' } });
    expect(result.annotations.map(({ message }) => message)).toEqual([
      "Unable to process file command 'env' successfully.",
      "Invalid value. Matching delimiter not found 'EOF'",
    ]);
  });

  test('NODE_OPTIONS cannot be set', async () => {
    const job = jobOf(`set('ENV', 'NODE_OPTIONS=--inspect\\n')`);
    expect(await job.uses({})).toMatchObject({ outcome: 'failure', env: {} });
    expect(job.env).toEqual({});
  });

  test('the step summary is masked, and rejected above 1 MiB', async () => {
    const job = jobOf(`
      say('::add-mask::hunter2');
      set('STEP_SUMMARY', process.env['INPUT_COUNT'] === '1' ? 'by hunter2' : 'x'.repeat(1024 * 1024 + 1));
    `);
    const small = await job.uses({ count: '1' });
    expect([small.summary, small.rawSummary]).toEqual(['by ***', 'by hunter2']);
    const large = await job.uses({ count: '2' });
    expect(large.summary).toBe('');
    expect(large.annotations[0]?.message).toMatch(/supports content up to a size of 1024k, got 1025k/);
  });
});

describe('masks', () => {
  test.each([
    ['the value', `p"a's<s>&wörd`],
    ['JSON', `p\\"a's<s>&wörd`],
    ['XML', 'p&quot;a&apos;s&lt;s&gt;&amp;wörd'],
    ['a URI component', 'p%22a%27s%3Cs%3E%26w%C3%B6rd'],
    ['base64', Buffer.from(`p"a's<s>&wörd`).toString('base64')],
    ['base64 after one other byte', Buffer.from(`"a's<s>&wörd`).toString('base64')],
    ['base64 after two other bytes', Buffer.from(`a's<s>&wörd`).toString('base64')],
  ])('%s is masked', (_form, text) => {
    const masker = new LogMasker();
    masker.add(`p"a's<s>&wörd`);
    expect(masker.mask(`<${text}>`)).toBe('<***>');
  });

  test('each line of a secret is masked', () => {
    const masker = new LogMasker();
    masker.add('one\r\ntwo\n');
    expect(masker.mask('one and two')).toBe('*** and ***');
  });

  test('overlapping and adjacent secrets become one mask', () => {
    const masker = new LogMasker();
    masker.add('abcd');
    masker.add('cdef');
    expect(masker.mask('xabcdefy abcdcdef')).toBe('x***y ***');
  });
});

testWithBash('the log shows headings, inputs and environment as GitHub does, with masks', async () => {
  const printed: string[] = [];
  const job = jobOf(`set('ENV', 'TOKEN=hunter2\\n'); say('hello')`, `say('bye')`, {
    secrets: ['hunter2'],
    print: (line) => printed.push(line),
  });
  await job.uses({ 'user name': 'hunter2' }, { name: 'octo-org/tiny@v1' });
  await job.run('echo "$TOKEN"\nexit 4', { continueOnError: true });
  await job.finish();
  expect(job.conclusion).toBe('success');
  expect(job.log).toBe(
    [
      '▼ Run octo-org/tiny@v1',
      '  with:',
      '    user name: ***',
      '    log-in: yes: please',
      '    count: 60',
      'hello',
      '▼ Run echo "$TOKEN"',
      '  echo "$TOKEN"',
      '  exit 4',
      '  shell: bash -e {0}',
      '  env:',
      '    TOKEN: ***',
      '***',
      'Error: Process completed with exit code 4.',
      '▼ Post Run octo-org/tiny@v1',
      '  Post job cleanup.',
      'bye',
      '',
    ].join('\n'),
  );
  expect(`${printed.join('\n')}\n`).toBe(job.log);
});
