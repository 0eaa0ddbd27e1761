import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseEndpoint } from '../../src/endpoint.ts';
import { readEnvelope } from '../../src/exabits/envelope.ts';
import { Failure } from '../../src/failure.ts';
import { createMasker } from '../../src/secrets.ts';
import { oneLine } from '../../src/text.ts';
import { parseWorkflowCommand } from '../../testbed/runner/workflow-command.ts';
import { anyBody, anyText } from './worlds.ts';

/** Checks something for many random values, always the same ones. */
function forAll<Value>(arbitrary: fc.Arbitrary<Value>, check: (value: Value) => void): void {
  fc.assert(fc.property(arbitrary, check), { seed: 20_261_124, numRuns: 2_000 });
}

/** What a function returns or throws. */
function outcomeOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (thrown) {
    return thrown;
  }
}

test('Any text from outside becomes one line that contains no workflow command', () => {
  forAll(anyText, (any) => {
    const line = oneLine(any);
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(parseWorkflowCommand(`Signed in as ${line}`)).toBeUndefined();
    expect(oneLine(line)).toBe(line);
  });
});

test('Any answer yields an envelope or a one-line failure, and never another error', () => {
  const { redact } = createMasker(() => {});
  forAll(fc.tuple(fc.integer({ min: 100, max: 999 }), anyBody, anyText), ([status, content, header]) => {
    const headers = { 'content-type': header, location: header, 'content-encoding': header, date: header };
    const answer = { status, headers, body: content };
    const outcome = outcomeOf(() =>
      readEnvelope(answer, 'GET /billing/balance', 'https://gpu.example/api/v1', redact),
    );
    if (outcome instanceof Failure) {
      expect(outcome.message).toBe(oneLine(outcome.message));
      expect(outcome.message.length).toBeLessThan(3_500);
    } else {
      expect(Object.keys(Object(outcome)).sort()).toEqual(['data', 'date', 'total']);
    }
  });
});

const schemes = ['http://', 'https://', 'HTTPS://', 'http:\\\\', 'javascript:', '//', ''];
const hosts = [
  ...['localhost', '127.0.0.1', '127.1', '2130706433', '[::1]', '127.0.0.1.evil.example', '0.0.0.0'],
  ...['localhost.evil.example', 'user@host', 'user:pass@localhost', '[::ffff:127.0.0.1]', '１２７.0.0.1'],
];
const paths = ['', '/', '//', '/api/v1', '/api/v1/', '/api/v1//', '/api/v2', '/?x', '/#x', '/api/v1/../..'];
const address = fc.oneof(
  anyText,
  fc.webUrl({ withQueryParameters: true, withFragments: true, validSchemes: ['http', 'https', 'ftp'] }),
  fc
    .tuple(
      fc.constantFrom(...schemes),
      fc.constantFrom(...hosts),
      fc.constantFrom('', ':80', ':99999'),
      fc.constantFrom(...paths),
    )
    .map((parts) => parts.join('')),
);

test('Any address is refused, or leads to its host by https or to a loopback address by http', () => {
  forAll(address, (any) => {
    const outcome = outcomeOf(() => parseEndpoint(any));
    if (outcome instanceof Failure) {
      expect(outcome.message).toBe(oneLine(outcome.message));
      return;
    }
    const { apiUrl, apiBaseUrl } = Object(outcome);
    const url = new URL(apiUrl);
    expect([url.origin, `${apiUrl}/api/v1`]).toEqual([apiUrl, apiBaseUrl]);
    expect(url.hostname).toBe(new URL(any).hostname);
    if (url.protocol !== 'https:') expect(url.hostname).toMatch(/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/);
  });
});
