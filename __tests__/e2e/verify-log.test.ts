import { describe, expect, test } from '@jest/globals';
import { tellingForms } from '../../testbed/runner/secret-forms.ts';
import { probeLine, resultLine, secretsLine } from './log-lines.ts';
import type { Scenario } from './scenarios.ts';
import { verifyLog } from './verify-log.ts';

const scenario: Scenario = {
  name: 'login',
  checks: [{ title: 'outputs arrive', run: () => undefined }],
  afterwards: [{ title: 'nothing is left', run: () => undefined }],
  probes: ['password'],
};
const secret = 'fake "pass\' wörd 100%/&<b>=\\ $HOME 日本';

const sound = [
  '2026-01-01T00:00:00.0000000Z [e2e/login]   | a line of the job',
  `\u001b[36m[e2e/login] \u001b[0m  | ${resultLine({ scenario: 'login', title: 'outputs arrive', outcome: 'pass' })}`,
  `[e2e/login]   | ${probeLine('login', 'password', '***')}`,
  `[e2e/login]   | ${resultLine({ scenario: 'login', title: 'nothing is left', outcome: 'pass' })}`,
  `[e2e/login]   | ${secretsLine('login', [secret])}`,
];

const failuresOf = (lines: readonly string[]) =>
  verifyLog(lines.join('\r\n'), [scenario]).filter(({ outcome }) => outcome !== 'pass');

describe('the complete log of the end-to-end jobs', () => {
  test('passes if every check has passed, the probe is masked and it contains no secret', () => {
    expect(failuresOf(sound)).toEqual([]);
    expect(verifyLog(sound.join('\n'), [scenario])).toHaveLength(5);
  });

  test.each([1, 2, 3, 4])('fails if line %i is missing', (index) => {
    expect(failuresOf(sound.toSpliced(index, 1))).toMatchObject([{ outcome: 'fail' }]);
  });

  test('gives the reason for a failed check in one line', () => {
    const reason = 'expected\n  other   \n';
    const line = resultLine({ scenario: 'login', title: 'outputs arrive', outcome: 'fail', reason });
    expect(failuresOf(sound.with(1, line))).toEqual([
      { scenario: 'login', title: 'outputs arrive', outcome: 'fail', reason: 'expected other' },
    ]);
  });

  test('reports a failure even if the check passes later', () => {
    const line = resultLine({ scenario: 'login', title: 'outputs arrive', outcome: 'fail', reason: 'no' });
    expect(failuresOf([...sound, line])).toMatchObject([{ title: 'outputs arrive', outcome: 'fail' }]);
  });

  test('reports a check that was not run as neither passed nor failed', () => {
    const line = resultLine({
      scenario: 'login',
      title: 'outputs arrive',
      outcome: 'not run',
      reason: 'no egpu',
    });
    expect(failuresOf(sound.with(1, line))).toMatchObject([{ outcome: 'not run', reason: 'no egpu' }]);
  });

  test('fails if a probe shows more than ***', () => {
    expect(failuresOf(sound.with(2, probeLine('login', 'password', '*** x')))).toMatchObject([
      { title: 'a later step that prints the password prints ***' },
    ]);
  });

  test.each([...tellingForms(secret).keys()])('fails if it contains a secret: %s', (form) => {
    const leak = tellingForms(secret).get(form);
    const [failure, ...others] = failuresOf([...sound, `[e2e/login]   | a=${leak} b`]);
    expect(others).toEqual([]);
    expect(failure).toMatchObject({ scenario: 'complete-log', outcome: 'fail' });
    expect(failure?.reason).toContain('line 6');
    expect(failure?.reason).not.toContain(leak);
  });

  test.each([0, 1, 2])('fails if it contains base64 of a longer text with a secret at byte %i', (offset) => {
    const encoded = Buffer.from(`${'x'.repeat(offset)}${secret} and more`).toString('base64');
    expect(failuresOf([...sound, encoded])).toMatchObject([{ scenario: 'complete-log' }]);
  });

  test.each([
    ['a JWT', 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJuby1vbmUifQ.c2lnbmF0dXJlLW9m'],
    ['a JWT in base64', Buffer.from('eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJuby1vbmUifQ.c2ln').toString('base64')],
    ['the body of a login', '{"username":"x","password":"5f4dcc3b5aa765d61d8327deb882cf99"}'],
  ])('fails if it contains something that looks like a secret: %s', (_, text) => {
    expect(failuresOf([...sound, `[e2e/login]   | ${text}`])).toMatchObject([
      { title: 'nothing that looks like a token or a password hash' },
    ]);
  });
});
