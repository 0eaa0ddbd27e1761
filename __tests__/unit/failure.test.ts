import { expect, test } from '@jest/globals';
import { attempt, codeOf, Failure, regardless, toFailure } from '../../src/failure.ts';

const failure = new Failure('It is late.', 'Hurry.');
const fail = (): never => {
  throw failure;
};

test.each([
  [new TypeError('x is not a function'), 'x is not a function'],
  ['a text', 'a text'],
  [undefined, 'undefined'],
])('anything that is thrown becomes a failure with its cause (%s)', (thrown, words) => {
  const { message, cause } = toFailure(thrown);
  expect(message).toBe(
    `Unexpected error: ${words}. Run the job again with debug logging, and report the error if it happens again.`,
  );
  expect(cause).toBe(thrown);
  expect(toFailure(failure)).toBe(failure);
});

test.each([
  [Object.assign(new Error('x'), { code: 'EPERM' }), 'EPERM'],
  [Object.assign(new Error('x'), { code: 5 }), ''],
  [new Error('x'), ''],
  [{ code: 'EPERM' }, ''],
])('the code of an error is a text (%#)', (thrown, code) => {
  expect(codeOf(thrown)).toBe(code);
});

test('an attempt returns what it got, or why it failed', async () => {
  expect(await attempt(async () => 'result')).toEqual({ result: 'result' });
  expect(await attempt(fail)).toEqual({ failure });
});

test('what is done regardless throws nothing', () => {
  expect(() => regardless(fail)).not.toThrow();
});
