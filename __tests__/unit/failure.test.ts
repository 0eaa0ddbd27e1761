import { expect, test } from '@jest/globals';
import { Failure, toFailure } from '../../src/failure.ts';

test.each([
  [new TypeError('x is not a function'), 'x is not a function'],
  [undefined, 'undefined'],
])('anything that is thrown becomes a failure with its cause (%s)', (thrown, words) => {
  const { message, cause } = toFailure(thrown);
  expect(message).toBe(
    `Unexpected error: ${words}. Run the job again with debug logging, and report the error if it happens again.`,
  );
  expect(cause).toBe(thrown);
});

test('a failure stays what it is', () => {
  const failure = new Failure('It is late.', 'Hurry.');
  expect(toFailure(failure)).toBe(failure);
});
