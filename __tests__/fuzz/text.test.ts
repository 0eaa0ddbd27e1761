import { validateHeaderValue } from 'node:http';
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { jwtExpiry, tokenDefect } from '../../src/credentials.ts';
import { parseEndpoint } from '../../src/endpoint.ts';
import { backoffMs, retryAfterMs } from '../../src/exabits/backoff.ts';
import { readEnvelope } from '../../src/exabits/envelope.ts';
import { Failure } from '../../src/failure.ts';
import { headersText } from '../../src/job/headers-file.ts';
import { createMasker } from '../../src/job/mask.ts';
import { oneLine } from '../../src/text.ts';
import { secretForms } from '../../testbed/runner/secret-forms.ts';
import { parseWorkflowCommand } from '../../testbed/runner/workflow-command.ts';

const settings = { seed: 20_261_124, numRuns: 2_000 };

/** Texts with sequences that mean something to the runner, in any context. */
const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 60 }),
  fc
    .array(
      fc.constantFrom(
        '::',
        'error',
        '::add-mask::',
        '##[',
        '#',
        '[',
        ']',
        '%0A',
        '\n',
        '\r',
        '\u0085',
        '\u2028',
        '\ud800',
        ' ',
        'x',
      ),
      { maxLength: 12 },
    )
    .map((parts) => parts.join('')),
);

const token = fc
  .array(fc.integer({ min: 0x21, max: 0x7e }), { minLength: 12, maxLength: 60 })
  .map((codes) => String.fromCharCode(...codes));

let printed: jest.SpiedFunction<typeof process.stdout.write>;
beforeEach(() => {
  printed = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
});
afterEach(() => printed.mockRestore());

describe('Any text from outside', () => {
  test('becomes one line that contains no workflow command', () => {
    fc.assert(
      fc.property(text, fc.nat({ max: 80 }), (any, limit) => {
        const line = oneLine(any, limit + 1);
        expect(line).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
        expect(line.length).toBeLessThanOrEqual(limit + 1);
        expect(parseWorkflowCommand(`Signed in as ${line}`)).toBeUndefined();
      }),
      settings,
    );
  });

  test('does not change when it is made one line again', () => {
    fc.assert(
      fc.property(text, (any) => {
        expect(oneLine(oneLine(any))).toBe(oneLine(any));
      }),
      settings,
    );
  });

  test('keeps its printable characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'abcXYZ019.,:;-_%"\'ü€😀') }), (plain) => {
        expect(oneLine(plain)).toBe(plain);
      }),
      settings,
    );
  });
});

describe('Any secret', () => {
  test('is redacted from quoted text in every form, wherever that is cut', () => {
    fc.assert(
      fc.property(token, fc.nat({ max: 320 }), fc.nat(), (secret, length, choice) => {
        const { mask, redact } = createMasker();
        mask(secret);
        const forms = [...secretForms(secret)].filter(([name]) => !/MD5|lower case|form-encoded/.test(name));
        const [, form] = forms[choice % forms.length] ?? ['', secret];
        const quoted = redact('y'.repeat(length) + form);
        expect(quoted).not.toContain(form.slice(0, 10));
        expect(quoted).not.toContain(form.slice(-10));
        expect(quoted.length).toBeLessThanOrEqual(300);
      }),
      settings,
    );
  });

  test('is masked as a whole and line by line, each only once', () => {
    fc.assert(
      fc.property(text, (secret) => {
        printed.mockClear();
        const { mask } = createMasker();
        expect(mask(secret)).toBe(secret);
        mask(secret);
        const masks = printed.mock.calls
          .map(([line]) => String(line).replace(/\r?\n$/, ''))
          .flatMap((line) => parseWorkflowCommand(line) ?? []);
        const texts = masks.map((command) => command.text);
        const parts = [secret, ...secret.split(/[\r\n]+/)].filter((part) => part.trim() !== '');
        expect(texts).toEqual(expect.arrayContaining(parts));
        expect(new Set(texts).size).toBe(texts.length);
        expect(texts.filter((part) => !secret.includes(part))).toEqual([]);
      }),
      settings,
    );
  });
});

describe('Any token', () => {
  test('without a defect fits into a header, on a line of its own', () => {
    fc.assert(
      fc.property(fc.oneof(text, token), (any) => {
        if (tokenDefect(any) !== undefined) return;
        expect(() => validateHeaderValue('Authorization', `Bearer ${any}`)).not.toThrow();
        expect(headersText({ Authorization: `Bearer ${any}` }).split('\n')).toEqual([
          `Authorization: Bearer ${any}`,
          '',
        ]);
      }),
      settings,
    );
  });

  test('has a defect if it does not fit into a header', () => {
    fc.assert(
      fc.property(text, (any) => {
        if (/^[\x21-\x7e]+$/.test(any)) return;
        expect(tokenDefect(any)).toMatch(/^(is|contains) /);
      }),
      settings,
    );
  });

  test('has a valid expiry or none', () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.string(), (claims, junk) => {
        const part = (json: unknown): string => Buffer.from(JSON.stringify(json)).toString('base64url');
        for (const any of [junk, `.${part(claims)}.`, `${junk}.${part({ exp: claims })}`]) {
          const expiry = jwtExpiry(any);
          if (expiry !== undefined) expect(Number.isNaN(expiry.getTime())).toBe(false);
        }
      }),
      settings,
    );
  });
});

describe('Any answer', () => {
  const body = fc.oneof(
    text,
    fc.json(),
    fc
      .record(
        { status: fc.jsonValue(), message: fc.jsonValue(), data: fc.jsonValue(), total: fc.jsonValue() },
        { requiredKeys: [] },
      )
      .map((json) => JSON.stringify(json)),
  );

  test('yields an envelope or a one-line failure, and never another error', () => {
    const { redact } = createMasker();
    fc.assert(
      fc.property(
        fc.integer({ min: 100, max: 999 }),
        body,
        fc.boolean(),
        text,
        (status, content, mayBeEmpty, header) => {
          const headers = { 'content-type': header, location: header, 'content-encoding': header };
          const answer = { request: 'GET /billing/balance', status, headers, body: content, mayBeEmpty };
          const outcome = ((): unknown => {
            try {
              return readEnvelope(answer, 'gpu.example', redact);
            } catch (thrown) {
              return thrown;
            }
          })();
          if (!(outcome instanceof Failure)) {
            const { data, total, ...rest } = Object(outcome);
            expect(rest).toEqual({});
            expect(['number', 'undefined']).toContain(typeof total);
            if (content === '') expect(data).toBeUndefined();
            return;
          }
          expect(outcome.message).toBe(oneLine(outcome.message));
          expect(outcome.message.length).toBeLessThan(1_500);
        },
      ),
      settings,
    );
  });

  test('never makes the wait before a retry negative, endless, or longer than the remaining time', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          text,
          fc.nat().map(String),
          fc.date({ noInvalidDate: true }).map((date) => date.toUTCString()),
        ),
        fc.integer({ min: 1, max: 100 }),
        fc.double({ min: 0, max: 3_600_000, noNaN: true }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (header, failedTries, remainingMs, random) => {
          const asked = retryAfterMs(header, undefined, new Date());
          expect(asked).toBeGreaterThanOrEqual(0);
          if (asked >= remainingMs) return;
          const wait = backoffMs(
            { failedTries, retryAfterMs: asked, remainingMs, crowded: random < 0.5 },
            random,
          );
          expect(wait).toBeGreaterThanOrEqual(Math.floor(asked));
          expect(wait).toBeLessThanOrEqual(Math.ceil(asked + (remainingMs - asked) / 2));
          expect(wait - asked).toBeLessThanOrEqual(20_001);
        },
      ),
      settings,
    );
  });
});

describe('Any address', () => {
  const address = fc.oneof(
    text,
    fc.webUrl({ withQueryParameters: true, withFragments: true, validSchemes: ['http', 'https', 'ftp'] }),
    fc
      .tuple(
        fc.constantFrom('http://', 'https://', 'HTTPS://', 'http:\\\\', 'javascript:', '//', ''),
        fc.constantFrom(
          'localhost',
          '127.0.0.1',
          '127.1',
          '2130706433',
          '[::1]',
          '127.0.0.1.evil.example',
          'localhost.evil.example',
          'user@host',
          'user:password@localhost',
          'evil.example',
          '0.0.0.0',
          '[::ffff:127.0.0.1]',
          '１２７.0.0.1',
        ),
        fc.constantFrom('', ':80', ':99999'),
        fc.constantFrom(
          '',
          '/',
          '//',
          '/api/v1',
          '/api/v1/',
          '/api/v1//',
          '/api/v2',
          '/?x',
          '/#x',
          '/api/v1/../..',
        ),
      )
      .map((parts) => parts.join('')),
  );

  test('is refused, or leads to its host by https or to a loopback address by http', () => {
    fc.assert(
      fc.property(address, (any) => {
        const outcome = ((): unknown => {
          try {
            return parseEndpoint(any);
          } catch (thrown) {
            return thrown;
          }
        })();
        if (outcome instanceof Failure) {
          expect(['invalid-input', 'insecure-api-url']).toContain(outcome.code);
          expect(outcome.message).toBe(oneLine(outcome.message));
          return;
        }
        const { apiUrl, apiBaseUrl } = Object(outcome);
        const url = new URL(apiUrl);
        expect(apiUrl).toBe(url.origin);
        expect(apiBaseUrl).toBe(`${apiUrl}/api/v1`);
        expect(url.hostname).toBe(new URL(any).hostname);
        if (url.protocol !== 'https:')
          expect(url.hostname).toMatch(/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/);
      }),
      settings,
    );
  });
});
