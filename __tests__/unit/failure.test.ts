import { describe, expect, test } from '@jest/globals';
import { Failure, toFailure } from '../../src/failure.ts';

test('a failure has a code, a message and a cause', () => {
  const cause = new Error('why');
  const failure = new Failure('timed-out', 'Too late.', { cause });
  expect(failure).toMatchObject({ name: 'Failure', code: 'timed-out', message: 'Too late.', cause });
  expect(failure).toBeInstanceOf(Error);
});

describe('toFailure', () => {
  test('returns a failure unchanged', () => {
    const failure = new Failure('timed-out', 'Too late.');
    expect(toFailure(failure)).toBe(failure);
  });

  test('makes an error the cause of an unexpected failure', () => {
    const thrown = new TypeError('x is not a function');
    const failure = toFailure(thrown);
    expect(failure.code).toBe('unexpected');
    expect(failure.message).toMatch(
      /Unexpected error: x is not a function\. Run the job again with debug logging/,
    );
    expect(failure.cause).toBe(thrown);
  });

  test('makes anything else an unexpected failure', () => {
    expect(toFailure('a text').message).toContain('Unexpected error: a text.');
    expect(toFailure(undefined).message).toContain('Unexpected error: undefined.');
  });
});
