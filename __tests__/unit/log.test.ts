import { describe, expect, test } from '@jest/globals';
import { Failure } from '../../src/failure.ts';
import { fail, info, warning } from '../../src/job/log.ts';
import { captureOutput } from './support/output.ts';

const hostile = 'one\n::set-output name=token::evil\r##[error]two';

describe('every message is one line without injected commands:', () => {
  test('a log line', async () => {
    const { lines } = await captureOutput(() => info(hostile));
    expect(lines).toEqual(['one ::set-output name=token::evil ## [error]two']);
  });

  test('a warning', async () => {
    const { lines } = await captureOutput(() => warning(hostile));
    expect(lines).toEqual(['::warning::one ::set-output name=token::evil ## [error]two']);
  });

  test('a failure', async () => {
    const { lines } = await captureOutput(() => fail(new Failure('unexpected', hostile), (text) => text));
    expect(lines[0]).toBe('::error::one ::set-output name=token::evil ## [error]two');
  });
});

test('the stack of a failure goes to the debug log line by line, with secrets redacted', async () => {
  const failure = new Failure('unexpected', 'Odd.', { cause: new TypeError('secret inside') });
  const { lines } = await captureOutput(() => fail(failure, (text) => text.replace('secret', '***')));
  expect(lines.slice(1).every((line) => line.startsWith('::debug::'))).toBe(true);
  expect(lines).toContain('::debug::Failure: Odd.');
  expect(lines).toContain('::debug::TypeError: *** inside');
});
