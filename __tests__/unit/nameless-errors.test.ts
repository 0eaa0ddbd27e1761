import { expect, test } from '@jest/globals';
import { describeTransportError } from '../../src/exabits/transport.ts';
import { oneLine } from '../../src/text.ts';

test('an error without a message and without a code still becomes a sentence', () => {
  const { failure, saw } = describeTransportError(new Error(''), 'api.example', oneLine);
  expect(failure.code).toBe('connection-lost');
  expect(failure.message).toMatch(/^The connection to api\.example broke \(\)\./);
  expect(saw).toBe('');
});

test('a code that is no text counts as none', () => {
  const { failure } = describeTransportError(
    Object.assign(new Error(''), { code: 5 }),
    'api.example',
    oneLine,
  );
  expect(failure.message).toMatch(/^The connection to api\.example broke \(\)\./);
});
