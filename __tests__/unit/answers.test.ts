import { beforeEach, describe, expect, test } from '@jest/globals';
import { readCreated, readLogin } from '../../src/exabits/answers.ts';
import { createMasker, type Masker } from '../../src/secrets.ts';
import { stopCalendar } from './support/clock.ts';
import { jwtUntil } from './support/samples.ts';

let masks: string[] = [];
let masker: Masker;

beforeEach(() => {
  stopCalendar('2026-11-24T12:00:00Z');
  masks = [];
  masker = createMasker((secret) => masks.push(secret));
});

const login = { access_token: 'access', refresh_token: 'refresh', username: 'Ada', email: 'a@b.example' };
const created = { id: 7, token: 'exa-token' };

test('a login has masked tokens and an account', () => {
  expect(readLogin(login, 'ada', masker)).toEqual({
    credential: {
      kind: 'token-pair',
      token: 'access',
      refreshToken: 'refresh',
      // Documented: 30 minutes and 2 hours.
      expiresAt: new Date('2026-11-24T12:30:00Z'),
      refreshTokenExpiresAt: new Date('2026-11-24T14:00:00Z'),
    },
    account: { username: 'Ada', email: 'a@b.example' },
  });
  expect(masks).toEqual(['access', 'refresh']);
});

test('tokens that are JWTs say when they expire', () => {
  const [access, refresh] = ['2026-11-24T12:29:00Z', '2026-11-24T13:59:00Z'];
  const tokens = { access_token: jwtUntil(access), refresh_token: jwtUntil(refresh) };
  expect(readLogin({ ...login, ...tokens }, 'ada', masker).credential).toMatchObject({
    expiresAt: new Date(access),
    refreshTokenExpiresAt: new Date(refresh),
  });
});

test.each<[unknown, unknown, string, string]>([
  [undefined, undefined, 'ada', ''],
  [null, null, 'ada', ''],
  ['', '', 'ada', ''],
  ['x\n::error::y', 'secret@b.example', 'x ::error::y', '***@b.example'],
])('an account is one line without secrets, and may lack its name: %j', (name, address, username, email) => {
  masker.mask('secret');
  const { account } = readLogin({ ...login, username: name, email: address }, 'ada', masker);
  expect(account).toEqual({ username, email });
});

test('a creation has an id and a masked token', () => {
  expect(readCreated(created, masker)).toEqual({
    id: '7',
    credential: { kind: 'api-token', token: 'exa-token', expiresAt: undefined },
  });
  expect(masks).toEqual(['exa-token']);
});

describe('an answer that breaks the promises of the API fails, and no wrong token is masked:', () => {
  const noTokens: [unknown, string][] = [
    ...[undefined, null, 5, ['access']].map((value): [unknown, string] => [value, 'is not a string']),
    ['', 'is empty'],
    ['two words', 'contains a space'],
    ['a\r\n::error::b', 'contains a line break'],
  ];
  const noName: [unknown, string][] = [5, true, ['ada'], {}].map((value) => [value, 'is not a string']);
  const noId: [unknown, string][] = [undefined, '', '../x'].map((value) => [value, 'is not an identifier']);
  const breaks = (of: object, field: string, values: [unknown, string][]) =>
    values.map(([value, defect]) => [{ ...of, [field]: value }, `its "${field}" ${defect}`] as const);
  const noObject = [null, undefined, true, 5, 'x', [login]].map(
    (data) => [data, 'its "data" is not an object'] as const,
  );

  test.each([
    ...noObject,
    ...breaks(login, 'access_token', noTokens),
    ...breaks(login, 'refresh_token', noTokens),
    ...breaks(login, 'username', noName),
    ...breaks(login, 'email', noName),
  ])('a login, %j', (data, defect) => {
    expect(() => readLogin(data, 'ada', masker)).toThrow(
      `The answer to POST /authenticate/login is not what the Exabits API promises: ${defect}.`,
    );
    expect(masks).not.toContain('two words');
  });

  test.each([...noObject, ...breaks(created, 'token', noTokens), ...breaks(created, 'id', noId)])(
    'a creation, %j',
    (data, defect) => {
      expect(() => readCreated(data, masker)).toThrow(
        `The answer to POST /api-tokens is not what the Exabits API promises: ${defect}.`,
      );
      expect(masks).not.toContain('two words');
    },
  );
});
