import { expect, test } from '@jest/globals';
import { transportFault } from '../../src/exabits/transport.ts';
import { oneLine } from '../../src/text.ts';

test('an error without a message and without a code still becomes a sentence', () => {
  const { code, message, saw } = transportFault(new Error(''), 'api.example', oneLine);
  expect(code).toBe('connection-lost');
  expect(message).toMatch(/^The connection to api\.example broke \(\)\./);
  expect(saw).toBe('');
});

test('a code that is no text counts as none', () => {
  const { message } = transportFault(Object.assign(new Error(''), { code: 5 }), 'api.example', oneLine);
  expect(message).toMatch(/^The connection to api\.example broke \(\)\./);
});
