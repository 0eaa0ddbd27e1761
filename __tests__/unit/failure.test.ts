import { describe, expect, test } from '@jest/globals';
import { attempt, codeOf, Failure, reasonOf, regardless, toFailure } from '../../src/failure.ts';

const failure = new Failure('It is late.', 'Hurry.');

describe('anything that is thrown becomes a failure:', () => {
  test('a failure as it is', () => {
    expect(toFailure(failure)).toBe(failure);
  });

  test.each([
    [new TypeError('x is not a function'), 'x is not a function'],
    ['a text', 'a text'],
    [undefined, 'undefined'],
  ])('an unexpected one with its cause (%s)', (thrown, words) => {
    const { message, cause } = toFailure(thrown);
    expect(message).toBe(
      `Unexpected error: ${words}. Run the job again with debug logging, and report the error if it happens again.`,
    );
    expect(cause).toBe(thrown);
    expect(reasonOf(thrown)).toBe(words);
  });
});

test.each([
  [Object.assign(new Error('x'), { code: 'EPERM' }), 'EPERM'],
  [Object.assign(new Error('x'), { code: 5 }), ''],
  [new Error('x'), ''],
  [{ code: 'EPERM' }, ''],
  [undefined, ''],
])('the code of an error is a text (%#)', (thrown, code) => {
  expect(codeOf(thrown)).toBe(code);
});

test('an attempt returns what it got, or why it failed', async () => {
  const fail = async () => {
    throw failure;
  };
  expect(await attempt(() => 'result')).toEqual({ result: 'result' });
  expect(await attempt(async () => 'later')).toEqual({ result: 'later' });
  expect(await attempt(fail)).toEqual({ failure });
});

test('something may fail, regardless', () => {
  let calls = 0;
  regardless(() => {
    calls += 1;
    throw failure;
  });
  expect(calls).toBe(1);
});
