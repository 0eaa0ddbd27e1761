import { describe, expect, jest, test } from '@jest/globals';
import { Failure } from '../../src/failure.ts';
import { fail, info, tellRunner, warning } from '../../src/job/log.ts';
import { captureOutput } from '../support/output.ts';

const hostile = 'one\n::set-output name=token::evil\r##[error]two';
const line = 'one ::set-output name=token::evil ## [error]two';

function failWith(failure: Failure): void {
  fail(failure, (text) => text.replace('secret', '***'));
}

test.each([
  ['a log line', () => info(hostile), line],
  ['a warning', () => warning(hostile), `::warning::${line}`],
  ['a failure', () => failWith(new Failure(hostile, 'Hm.')), `::error::${line} Hm.`],
])('%s is one line without injected commands', async (_what, print, printed) => {
  expect((await captureOutput(print)).lines[0]).toBe(printed);
});

test('the stacks of a failure and its causes go to the debug log line by line, redacted', async () => {
  const bare = Object.assign(new Error('bare'), { stack: undefined, cause: 'a text' });
  const cause = new TypeError('secret inside', { cause: bare });
  const { lines, exitCode } = await captureOutput(() => {
    failWith(new Failure('Odd.', 'Hm.', { cause }));
    process.exit();
  });
  expect(exitCode).toBe(1);
  const debug = lines.slice(1).filter((text) => !/^::debug::\s*at /.test(text));
  expect(debug).toEqual(['::debug::Failure: Odd. Hm.', '::debug::TypeError: *** inside', '::debug::bare']);
  expect(lines).toContainEqual(expect.stringMatching(/^::debug:: {4}at .*log\.test\.ts/));
});

describe('where nothing can be printed,', () => {
  function printing(act: () => void): void {
    const write = jest.spyOn(process.stdout, 'write').mockImplementation(() => {
      throw new Error('ENOSPC: no space left');
    });
    try {
      act();
    } finally {
      write.mockRestore();
      process.exitCode = undefined;
    }
  }

  test('a line of the log stops nothing', () => {
    const prints = [() => info('x'), () => warning('x'), () => failWith(new Failure('x', 'y'))];
    for (const print of prints) expect(() => printing(print)).not.toThrow();
  });

  test('a mask throws', () => {
    expect(() => printing(() => tellRunner('secret'))).toThrow(
      'The runner cannot be told to mask a secret (ENOSPC: no space left), so nothing was exported. Check the free space where the runner writes its log.',
    );
  });
});
