import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseEndpoint } from '../../src/endpoint.ts';
import { attempt } from '../../src/failure.ts';
import { oneLine } from '../../src/text.ts';
import { parseWorkflowCommand } from '../../testbed/runner/workflow-command.ts';
import { anyText } from './worlds.ts';

/** Checks something for many random values, always the same ones. */
function forAll<Value>(arbitrary: fc.Arbitrary<Value>, check: (value: Value) => Promise<void>) {
  return fc.assert(fc.asyncProperty(arbitrary, check), { seed: 20_261_124, numRuns: 2_000 });
}

test('Any text from outside becomes one line that contains no workflow command', async () => {
  await forAll(anyText, async (any) => {
    const line = oneLine(any);
    expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    expect(parseWorkflowCommand(`Signed in as ${line}`)).toBeUndefined();
    expect(oneLine(line)).toBe(line);
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

test('Any address is refused, or leads to its host by https or to a loopback address by http', async () => {
  await forAll(address, async (any) => {
    const { result, failure } = await attempt(() => parseEndpoint(any));
    if (failure) {
      expect(failure.message).toMatch(/^The address of the API [^\n]*$/);
      return;
    }
    const { apiUrl, apiBaseUrl } = result;
    const url = new URL(apiUrl);
    expect([url.origin, `${apiUrl}/api/v1`]).toEqual([apiUrl, apiBaseUrl]);
    expect(url.hostname).toBe(new URL(any).hostname);
    if (url.protocol !== 'https:') expect(url.hostname).toMatch(/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/);
  });
});
