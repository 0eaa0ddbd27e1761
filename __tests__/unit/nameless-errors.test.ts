import { expect, test } from '@jest/globals';
import { transportFault } from '../../src/exabits/transport.ts';
import { oneLine } from '../../src/text.ts';

test('an error without message and code still becomes a sentence', () => {
  const { code, message, saw } = transportFault(new Error(''), 'api.example', oneLine);
  expect(code).toBe('connection-lost');
  expect(message).toMatch(/^The connection to api\.example broke \(\)\./);
  expect(saw).toBe('');
});

test('a code that is not a string is ignored', () => {
  const { message } = transportFault(Object.assign(new Error(''), { code: 5 }), 'api.example', oneLine);
  expect(message).toMatch(/^The connection to api\.example broke \(\)\./);
});
