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
  [null, undefined, 'ada', ''],
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
  type Break = [data: unknown, defect: string];
  const noObject: Break[] = [null, [login], 'x'].map((data) => [data, 'its "data" is not an object']);
  const noToken = (of: object, field: string): Break[] => [
    [{ ...of, [field]: undefined }, `its "${field}" is not a string`],
    [{ ...of, [field]: 'two words' }, `its "${field}" contains a space`],
  ];

  test.each<Break>([
    ...noObject,
    ...noToken(login, 'access_token'),
    ...noToken(login, 'refresh_token'),
    [{ ...login, username: ['ada'] }, 'its "username" is not a string'],
    [{ ...login, email: 5 }, 'its "email" is not a string'],
  ])('a login, %j', (data, defect) => {
    expect(() => readLogin(data, 'ada', masker)).toThrow(
      `The answer to POST /authenticate/login is not what the Exabits API promises: ${defect}.`,
    );
    expect(masks).not.toContain('two words');
  });

  test.each<Break>([
    ...noObject,
    ...noToken(created, 'token'),
    [{ ...created, id: '../x' }, 'its "id" is not an identifier'],
  ])('a creation, %j', (data, defect) => {
    expect(() => readCreated(data, masker)).toThrow(
      `The answer to POST /api-tokens is not what the Exabits API promises: ${defect}.`,
    );
    expect(masks).not.toContain('two words');
  });
});
