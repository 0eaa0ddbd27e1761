import { beforeEach, describe, expect, test } from '@jest/globals';
import { unsignedJwt } from '../../testbed/exabits/jwt.ts';
import * as double from './support/account.ts';
import { page } from './support/account.ts';
import { skipWaits, stopCalendar } from './support/clock.ts';
import { apiUrl, loginInputs, password, passwordMd5, username, yes } from './support/exabits.ts';
import { failureOf } from './support/failure.ts';
import { sweepInputsOf } from './support/inputs.ts';
import { InProcessJob, type Step } from './support/job.ts';

const clock = skipWaits();
const event = { workflow_run: { id: 111, run_attempt: 2 } };
const host = new URL(apiUrl).host;
const of = (run: number, attempt = 1): string => `gha-${run}-${attempt}-0a1b2c3d`;
const logIn = 'POST /authenticate/login';

let exabits: double.ServedExabits;

beforeEach(() => {
  stopCalendar('2026-11-24T12:00:00Z');
  exabits = new double.ServedExabits();
});

/** Sweeps after the second attempt of run 111. */
function sweep(inputs: Record<string, string> = {}, at: object = event): Promise<Step> {
  return new InProcessJob().sweep({ ...loginInputs, ...inputs }, at);
}

/** What the outputs say. */
function outputsOf({ outputs }: Step): [deleted: string | undefined, names: unknown] {
  return [outputs.deleted, JSON.parse(outputs['deleted-names'] ?? '')];
}

describe('the sweep', () => {
  test('deletes the tokens of the ended run and stale ones, and says so', async () => {
    for (const name of ['laptop', of(111, 1), of(111, 2), of(111, 3), of(112)]) exabits.seed(name);
    exabits.seed(of(5), { hoursOld: 169 });
    exabits.seed(of(6), { hoursOld: 167 });
    const step = await sweep();
    expect(step.log).toBe(
      [of(5), of(111, 1), of(111, 2)].map((name) => `Deleted ${name}.\n`).join('') +
        `Deleted 3 of 7 API tokens at ${host}.`,
    );
    expect(outputsOf(step)).toEqual(['3', [of(5), of(111, 1), of(111, 2)]]);
    expect(exabits.left()).toEqual(['laptop', of(111, 3), of(112), of(6)]);
    expect(step).toMatchObject({ exitCode: 0, env: {}, state: {}, summary: '' });
  });

  test('reads the whole list, however long', async () => {
    exabits.seedMany(250, 200);
    exabits.seed(of(111), { hoursOld: -1 });
    const step = await sweep();
    expect(outputsOf(step)).toEqual(['1', [of(111)]]);
    expect(exabits.calls).toContain(page('asc', 160));
  });

  test('goes only by age without an event', async () => {
    exabits.seed(of(111));
    exabits.seed(of(5), { hoursOld: 3 });
    expect(outputsOf(await sweep({ 'stale-token-hours': '2' }, {}))).toEqual(['1', [of(5)]]);
  });

  test('deletes nothing by age if stale-token-hours is 0', async () => {
    exabits.seed(of(111), { hoursOld: 1000 });
    exabits.seed(of(5), { hoursOld: 1000 });
    expect(outputsOf(await sweep({ 'stale-token-hours': '0' }))).toEqual(['1', [of(111)]]);
  });

  test("leaves another repository's run alone if the description names it", async () => {
    exabits.seed(of(111), {
      description: 'x: https://github.com/octo-org/other/actions/runs/111/attempts/1',
    });
    exabits.seed(of(111), {
      description: 'x: https://github.com/octo-org/train/actions/runs/111/attempts/1',
    });
    expect(outputsOf(await sweep())[0]).toBe('1');
    expect(exabits.tokens()[0]?.description).toContain('other');
  });

  test('deletes nothing with dry-run, but names what it would delete', async () => {
    exabits.seed('laptop');
    exabits.seed(of(111));
    const step = await sweep({ 'dry-run': 'true' });
    expect(step.log).toBe(`Would delete ${of(111)}.\nWould delete 1 of 2 API tokens at ${host}.`);
    expect(outputsOf(step)).toEqual(['0', [of(111)]]);
    expect(exabits.left()).toEqual(['laptop', of(111)]);
    expect(exabits.calls.filter((call) => call.startsWith('DELETE'))).toEqual([]);
  });

  test('works with an API token, which the list verifies', async () => {
    const ci = exabits.seed('ci');
    exabits.seed(of(111));
    const inputs = { username: '', password: '', 'api-token': ci.token };
    expect(outputsOf(await sweep(inputs))).toEqual(['1', [of(111)]]);
    expect(exabits.calls).not.toContain(logIn);
    exabits.remove(ci);
    const { exitCode, log } = await sweep(inputs);
    expect([exitCode, log]).toEqual([1, expect.stringContaining('Error: Exabits refused the API token')]);
  });

  test('warns that it prefers the API token to a login', async () => {
    const { token } = exabits.seed('ci');
    expect((await sweep({ 'api-token': token })).log).toMatch(/^Warning: Both api-token and username/);
  });

  test('fails without credentials', async () => {
    const { exitCode, log, outputs } = await sweep({ username: '', password: '' });
    expect([exitCode, log, outputs]).toEqual([1, expect.stringMatching(/^Error: No credentials/), {}]);
  });

  test('masks its secrets before it does anything else', async () => {
    const { lines } = await sweep();
    const masks = lines.slice(0, lines.findLastIndex((line) => line.startsWith('::add-mask::')) + 1);
    expect(masks.every((line) => line.startsWith('::add-mask::'))).toBe(true);
    for (const secret of [password, passwordMd5]) expect(masks).toContain(`::add-mask::${secret}`);
  });

  test('takes at most 300 seconds by default', async () => {
    const slow: double.Behaviour = (carryOut) => {
      clock.skip(280_000);
      return double.answers(503)(carryOut);
    };
    exabits.when('GET', slow, 2);
    expect((await sweep({ 'timeout-seconds': '600' })).exitCode).toBe(0);
    exabits.when('GET', slow, 2);
    const { exitCode, log } = await sweep();
    expect([exitCode, log]).toEqual([1, expect.stringContaining('within 300 s')]);
  });
});

describe('the ended run', () => {
  test.each([
    ['1', ''],
    ['', '1'],
  ])('needs both id and attempt, or neither: "%s", "%s"', async (id, attempt) => {
    const { exitCode, log } = await sweep({ 'run-id': id, 'run-attempt': attempt });
    expect([exitCode, log]).toEqual([
      1,
      'Error: Inputs "run-id" and "run-attempt" belong together: a re-run that is under way has the same id. Set both or neither.',
    ]);
    expect(exabits.calls).toEqual([]);
  });

  test.each(['0', '-1', '1e3', '1.5', '0x1', '01', 'x', '9'.repeat(21), '.*', '1 2'])(
    'must be a number, not "%s"',
    async (id) => {
      const { exitCode, log } = await sweep({ 'run-id': id });
      expect([exitCode, log]).toEqual([
        1,
        `Error: Input "run-id" must be the number of a workflow run, not "${id}".`,
      ]);
      expect(exabits.calls).toEqual([]);
    },
  );

  test('is quoted without secrets', async () => {
    expect((await sweep({ 'run-id': password })).lines.at(-1)).not.toContain(password);
    const [error] = (await sweep({ 'run-id': password })).lines.filter((line) => line.startsWith('::error'));
    expect(error).toContain('not "***"');
  });

  test('has an attempt of at least 1', async () => {
    expect((await sweep({ 'run-attempt': '0' })).log).toMatch(/"run-attempt" must be a whole number from 1 /);
  });
});

describe('a token that cannot be deleted', () => {
  test('fails the step with its name and id, after all others were tried', async () => {
    const [first, , third] = [of(111, 1), of(111, 2), of(5)].map((name) =>
      exabits.seed(name, { hoursOld: 200 }),
    );
    exabits.when(`DELETE /api-tokens/${first?.id}`, double.refuses(409, 'busy'));
    exabits.when(`DELETE /api-tokens/${third?.id}`, double.answers(404, 'no such page'));
    const step = await sweep();
    expect(step.log.split('\n')).toEqual([
      expect.stringMatching(/^Could not delete gha-111-1-0a1b2c3d: .*"busy"/),
      `Deleted ${of(111, 2)}.`,
      expect.stringMatching(/^Could not delete gha-5-1-0a1b2c3d: .*404/),
      `Deleted 1 of 3 API tokens at ${host}.`,
      `Error: Some API tokens could not be deleted: ${of(111, 1)} (id ${first?.id}), ${of(5)} (id ${third?.id}). The log says why for each. Run the sweep again, or delete them by hand: egpu token delete ID --force`,
    ]);
    expect(step.exitCode).toBe(1);
    expect(outputsOf(step)).toEqual(['1', [of(111, 2)]]);
  });

  test('is retried like any request', async () => {
    exabits.seed(of(111));
    exabits.when('DELETE', double.answers(503), 4);
    expect(outputsOf(await sweep())[0]).toBe('1');
    exabits.seed(of(111));
    exabits.when('DELETE', double.answers(503), 1);
    expect((await sweep({ 'max-attempts': '1' })).exitCode).toBe(1);
  });

  test('counts as deleted if it is already gone', async () => {
    exabits.seed(of(111));
    exabits.when(
      'GET',
      double.afterwards(() => exabits.remove(exabits.tokens()[0])),
    );
    const step = await sweep();
    expect([step.exitCode, ...outputsOf(step)]).toEqual([0, '1', [of(111)]]);
  });

  test('is reported without an id that is a secret', async () => {
    const secret = unsignedJwt({ sub: username });
    const list = yes([{ id: secret, name: of(111), created_at: 0 }]);
    exabits.when(logIn, double.answers(200, yes({ access_token: secret, refresh_token: 'refresh' })));
    exabits.when('GET', double.answers(200, list));
    exabits.when('DELETE', double.refuses(409));
    const { lines, log } = await sweep();
    expect(log).toContain('is not what the Exabits API promises: the "id" of an entry contains a secret');
    expect(log).toContain('Error: Some API tokens could not be deleted');
    expect(lines.filter((line) => !line.startsWith('::add-mask::')).join()).not.toContain(secret);
  });
});

test('a list that cannot be read fails the step, and nothing is deleted', async () => {
  exabits.seed(of(111));
  exabits.when('GET', double.refuses(400, 'no list today'));
  const { exitCode, log, outputs } = await sweep();
  expect([exitCode, log, outputs]).toEqual([1, expect.stringContaining('no list today'), {}]);
  expect(exabits.left()).toEqual([of(111)]);
});

test('outputs that cannot be written fail the step', async () => {
  const { exitCode, log } = await new InProcessJob({ GITHUB_OUTPUT: '' }).sweep(loginInputs, event);
  expect([exitCode, log]).toEqual([1, expect.stringContaining('GITHUB_OUTPUT is not set')]);
});

describe('the inputs of the sweep', () => {
  const apiToken = 'api-token-of-ada';

  test('have defaults', async () => {
    const { run, staleTokenHours, dryRun } = await sweepInputsOf({ 'api-token': apiToken });
    expect({ run, staleTokenHours, dryRun }).toEqual({ run: undefined, staleTokenHours: 168, dryRun: false });
  });

  test.each([
    ['1', ''],
    ['x', '1'],
  ])('are refused as invalid: %j and %j', async (id, attempt) => {
    const { code } = await failureOf(() =>
      sweepInputsOf({ 'api-token': apiToken, 'run-id': id, 'run-attempt': attempt }),
    );
    expect(code).toBe('invalid-input');
  });
});
