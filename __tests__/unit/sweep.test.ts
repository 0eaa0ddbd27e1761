import { describe, expect, test } from '@jest/globals';
import * as double from './support/account.ts';
import { type Behaviour, clock, exabits, host, logIn, page, somebodyElse } from './support/account.ts';
import { loginInputs, password, passwordMd5 } from './support/exabits.ts';
import { InProcessJob, type Step } from './support/job.ts';

const event = { workflow_run: { id: 111, run_attempt: 2 } };
const hour = 3600;
const of = (run: number, attempt = 1): string => `gha-${run}-${attempt}-0a1b2c3d`;
const there = (count: number): string => `API tokens at ${host}: ${count}.`;
const ageless = (names: string): string =>
  `Error: Exabits does not say how old some API tokens are: ${names}. They were kept, because a job may still use them. If their jobs have ended, delete them by hand: egpu token delete ID --force. With stale-token-hours: 0, no age matters.`;
const kept = (name: string): string =>
  `Kept ${name}: it has the id of the run, but its description does not end with the run's address.`;

/** Sweeps after the second attempt of run 111. */
function sweep(inputs: Record<string, string> = {}, at: object = event): Promise<Step> {
  return new InProcessJob().sweep({ ...loginInputs, ...inputs }, at);
}

/** What the outputs say. */
function outputsOf({ outputs }: Step): [deleted: string | undefined, names: unknown] {
  return [outputs.deleted, JSON.parse(outputs['deleted-names'] ?? 'null')];
}

describe('the sweep', () => {
  test('deletes the tokens of the ended run and stale ones, looks again, and says so', async () => {
    const others = ['laptop', of(111, 3), of(111, 10), of(112)];
    for (const name of [...others, of(111, 1), of(111, 2)]) exabits.seed(name);
    exabits.seed(of(5), { secondsOld: 168 * hour + 1 });
    exabits.seed(of(6), { secondsOld: 168 * hour });
    exabits.seed(of(7), { secondsOld: 500 * hour, of: somebodyElse });
    const step = await sweep();
    expect(step.log.split('\n')).toEqual([
      ...[`Deleted ${of(111, 1)}.`, `Deleted ${of(111, 2)}.`, `Deleted ${of(5)}.`],
      `Deleted 3: ${of(111, 1)}, ${of(111, 2)}, ${of(5)}. ${there(8)}`,
    ]);
    expect(outputsOf(step)).toEqual(['3', [of(111, 1), of(111, 2), of(5)]]);
    expect(exabits.left()).toEqual([...others, of(6)]);
    expect(step).toMatchObject({ exitCode: 0, env: {}, state: {}, summary: '' });
    const deletions = Array(3).fill(expect.stringMatching(/^DELETE /));
    expect(exabits.calls).toEqual([logIn, page(), page(7), ...deletions, page(), page(4)]);
  });

  test.each<[string, Record<string, string>, object, string[]]>([
    ['goes only by age without an event', { 'stale-token-hours': '2' }, {}, [of(5)]],
    ['deletes nothing by age if stale-token-hours is 0', { 'stale-token-hours': '0' }, event, [of(111)]],
    ['deletes each token once if both name it', { 'stale-token-hours': '1' }, event, [of(111), of(5)]],
  ])('%s', async (_what, inputs, at, names) => {
    exabits.seed(of(111), { secondsOld: 2 * hour });
    exabits.seed(of(5), { secondsOld: 2 * hour + 1 });
    expect(outputsOf(await sweep(inputs, at))).toEqual([String(names.length), names]);
  });

  test.each([-8, 8])("measures ages by Exabits' clock, which is %i hours ahead", async (hours) => {
    exabits.moveClock(hours * hour);
    exabits.seed(of(5), { secondsOld: 5 * hour });
    exabits.seed(of(6), { secondsOld: 7 * hour });
    expect(outputsOf(await sweep({ 'stale-token-hours': '6' }))).toEqual(['1', [of(6)]]);
  });

  const here = 'workflow w, job j of octo-org/train: https://github.com/octo-org/train/actions/runs/';

  test.each([
    ['another repository', `${here.replaceAll('train', 'other')}111/attempts/1`],
    ['a longer attempt', `${here}111/attempts/11`],
    ['a run, and more', `${here}111/attempts/1 (mine)`],
    ['a run inside another address', `${here.replace(': ', ': https://x/')}111/attempts/1`],
  ])('keeps a token of the run that is described as of %s, and says so', async (_what, description) => {
    exabits.seed(of(111), { description });
    exabits.seed(of(111), { description: `${here}111/attempts/1` });
    const step = await sweep();
    expect(step.log.split('\n')).toEqual([
      ...[`Deleted ${of(111)}.`, `Deleted 1: ${of(111)}. ${there(2)}`, kept(of(111))],
    ]);
    expect([step.exitCode, exabits.tokens()[0]?.description]).toEqual([0, description]);
  });

  test('deletes a token of the run by age, whatever its description', async () => {
    exabits.seed(of(111), { description: 'keep this one', secondsOld: 200 * hour });
    expect(outputsOf(await sweep())).toEqual(['1', [of(111)]]);
  });

  test('deletes nothing with dry-run, but names what it would delete', async () => {
    for (const name of ['laptop', of(111)]) exabits.seed(name);
    const step = await sweep({ 'dry-run': 'true' });
    expect([step.log, step.exitCode]).toEqual([`Would delete 1: ${of(111)}. ${there(2)}`, 0]);
    expect(outputsOf(step)).toEqual(['0', [of(111)]]);
    expect(exabits.calls).toEqual([logIn, page(), page(2)]);
  });

  test('works with an API token, which the list checks', async () => {
    const ci = exabits.seed('ci');
    const inputs = { username: '', password: '', 'api-token': ci.token };
    expect((await sweep(inputs)).log).toBe(`Nothing to delete. ${there(1)}`);
    expect((await sweep({ 'api-token': ci.token })).log).toMatch(/^Warning: Both api-token and username/);
    exabits.remove(ci);
    const refused = await sweep(inputs);
    expect(refused.log).toMatch(/^Error: Exabits refused the API token/);
    expect(exabits.calls).not.toContain(logIn);
  });

  test('masks its secrets before it does anything else', async () => {
    const { lines } = await sweep();
    const secrets = [password, passwordMd5].map((secret) => `::add-mask::${secret}`);
    expect(lines.slice(0, 2)).toEqual(secrets);
  });
});

describe('a token that cannot be deleted', () => {
  const failure = (tokens: string): string =>
    `Error: Some API tokens could not be deleted: ${tokens}. The log says why for each. Run the sweep again, or delete them by hand: egpu token delete ID --force`;

  test('fails the step with its name and id, after all were tried three times', async () => {
    const [first, , third] = [of(111, 1), of(111, 2), of(5)].map((name) =>
      exabits.seed(name, { secondsOld: 200 * hour }),
    );
    exabits.when(`DELETE /api-tokens/${first?.id}`, double.refuses(409, 'busy'));
    exabits.when(`DELETE /api-tokens/${third?.id}`, double.refuses(404));
    const step = await sweep();
    const busy = `Could not delete ${of(111)}: Exabits refused DELETE /api-tokens/${first?.id} (HTTP 409, "busy").`;
    // It is still listed, so it is not gone.
    const missing = `Could not delete ${of(5)}: Exabits refused DELETE /api-tokens/${third?.id} (HTTP 404, "no").`;
    expect(step.log.split('\n')).toEqual([
      ...[busy, `Deleted ${of(111, 2)}.`, missing, busy, missing, busy, missing],
      `Deleted 1: ${of(111, 2)}. ${there(3)}`,
      failure(`${of(111)} (id ${first?.id}), ${of(5)} (id ${third?.id})`),
    ]);
    expect([step.exitCode, ...outputsOf(step)]).toEqual([1, '1', [of(111, 2)]]);
  });

  test('is named even if it is the only one', async () => {
    const { id } = exabits.seed(of(111));
    exabits.when('DELETE', double.refuses(409));
    const { log } = await sweep();
    const end = `\nDeleted nothing. ${there(1)}\n${failure(`${of(111)} (id ${id})`)}`;
    expect(log.slice(-end.length)).toBe(end);
  });

  test('is tried again in the next round', async () => {
    exabits.seed(of(111));
    exabits.when('DELETE', double.answers(503), 2);
    const step = await sweep({ 'max-attempts': '1' });
    expect([step.exitCode, ...outputsOf(step)]).toEqual([0, '1', [of(111)]]);
  });

  test('is no failure if it is gone, but not counted', async () => {
    exabits.seed(of(111));
    exabits.when('DELETE', (carryOut) => {
      carryOut();
      return carryOut();
    });
    const step = await sweep();
    expect(step.log).toMatch(/^Could not delete .*404.*\nNothing to delete. /);
    expect([step.exitCode, ...outputsOf(step)]).toEqual([0, '0', []]);
  });

  test('is deleted if that was confirmed, even if a stale list still shows it', async () => {
    exabits.seed(of(111));
    let first: double.Reply | undefined;
    exabits.when('GET', (carryOut) => {
      first ??= carryOut();
      return first;
    });
    const step = await sweep();
    expect(step.log).toBe(`Deleted ${of(111)}.\nDeleted 1: ${of(111)}. ${there(1)}`);
    expect([step.exitCode, ...outputsOf(step)]).toEqual([0, '1', [of(111)]]);
  });

  test('may appear while others are deleted', async () => {
    exabits.seed(of(111));
    const another = double.afterwards(() => exabits.seed(of(111, 2)));
    exabits.when('DELETE', another, 1);
    const step = await sweep();
    expect([step.exitCode, ...outputsOf(step)]).toEqual([0, '2', [of(111), of(111, 2)]]);
    expect(step.log).toContain(there(1));
  });
});

describe('tokens whose age nobody knows', () => {
  const timeless: Behaviour = (carryOut) => {
    const answer = carryOut();
    return { ...answer, body: answer.body.replace(/"created_at":\d+,/g, '') };
  };
  const dateless: Behaviour = (carryOut) => ({ ...carryOut(), headers: {} });

  test.each<[string, Behaviour, Record<string, string>, string]>([
    ['fail the step', timeless, {}, ageless(`${of(5)}, ${of(6)}`)],
    ['fail it without a date, too', dateless, {}, ageless(`${of(5)}, ${of(6)}`)],
    ['fail a dry run', timeless, { 'dry-run': 'true' }, ageless(`${of(5)}, ${of(6)}`)],
    ['do not matter if no age does', timeless, { 'stale-token-hours': '0' }, there(4)],
  ])('%s', async (_what, list, inputs, end) => {
    for (const name of ['laptop', of(111), of(5), of(6)]) exabits.seed(name);
    exabits.when('GET', list);
    const step = await sweep(inputs);
    expect([step.exitCode, step.log.endsWith(end)]).toEqual([end.startsWith('Error') ? 1 : 0, true]);
    expect(outputsOf(step)[1]).toEqual([of(111)]);
  });

  test.each([
    ['168', ageless(of(111))],
    ['0', kept(of(111))],
  ])(
    'and the description of another repository are named, and fail the step only if an age matters (%s hours)',
    async (hours, end) => {
      exabits.seed(of(111), { description: 'keep this one' });
      exabits.when('GET', timeless);
      expect((await sweep({ 'stale-token-hours': hours })).log).toBe(
        `Nothing to delete. ${there(1)}\n${end}`,
      );
    },
  );
});

describe('the sweep fails', () => {
  test.each(['true', 'false'])(
    'if the list cannot be read, and deletes nothing (dry run: %s)',
    async (dryRun) => {
      exabits.seed(of(111));
      exabits.when('GET', double.refuses(400, 'no list today'));
      const step = await sweep({ 'dry-run': dryRun });
      expect([step.exitCode, ...outputsOf(step)]).toEqual([1, '0', []]);
      expect(step.log).toMatch(/^Error: Exabits refused GET \/api-tokens \(HTTP 400, "no list today"\)/);
      expect(exabits.left()).toEqual([of(111)]);
    },
  );

  test('when its time is over, by default after 300 seconds, and its outputs say what it did', async () => {
    for (const attempt of [1, 2]) exabits.seed(of(111, attempt));
    const slow = double.afterwards(() => {
      clock.skip(290_000);
      exabits.when('GET', double.isDown(20));
    });
    exabits.when('DELETE', slow, 1);
    exabits.when('DELETE', double.isDown(20));
    const step = await sweep();
    expect([step.exitCode, ...outputsOf(step)]).toEqual([1, '1', [of(111)]]);
    expect(step.log).toMatch(
      /\nCould not delete gha-111-2-0a1b2c3d: No usable answer .* within 300 s \(.*\nDeleted 1: .*\nError: Some API tokens could not be deleted: gha-111-2-0a1b2c3d /,
    );
  });

  test.each<[string, Record<string, string>, RegExp]>([
    ['if a variable alone names the host', { EXABITS_API_URL: 'https://x.example' }, /^Error: The variable /],
    ['if the outputs cannot be written', { GITHUB_OUTPUT: '' }, /\(GITHUB_OUTPUT is not set\)/],
  ])('%s', async (_what, env, words) => {
    const step = await new InProcessJob(env).sweep(loginInputs, event);
    expect([step.exitCode, step.log, step.outputs]).toEqual([1, expect.stringMatching(words), {}]);
    expect(exabits.calls).toEqual(env.GITHUB_OUTPUT === '' ? [logIn, page()] : []);
  });
});
