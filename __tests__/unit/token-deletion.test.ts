import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import * as os from 'node:os';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import type { Behaviour, Course } from './support/account.ts';
import {
  answers,
  carriesOut,
  ephemeralInputs,
  lists,
  losesAnswer,
  page,
  refuses,
  runJob,
  ServedExabits,
  somebodyElse,
} from './support/account.ts';
import { skipWaits, stopCalendar } from './support/clock.ts';
import { apiUrl, no, yes } from './support/exabits.ts';
import { InProcessJob } from './support/job.ts';

let upSeconds = 0;
const clock = skipWaits();
jest.unstable_mockModule('node:os', () => ({ ...os, uptime: () => upSeconds }));

const create = 'POST /api-tokens';
const balance = 'GET /billing/balance';
const logIn = 'POST /authenticate/login';
const deletion = 'DELETE /api-tokens/ID';
const deleted = 'Deleted the API token NAME.';
const byHand = 'Delete it by hand: egpu token delete ID --force';
const lookFor =
  'Look for LOST1 in the output of "egpu token list", and delete it by hand: egpu token delete ID --force';

const theirs: Course = { postInputs: { ...somebodyElse, 'password-format': '' } };

let exabits: ServedExabits;

beforeEach(() => {
  upSeconds = 5000;
  stopCalendar('2026-11-24T12:00:00Z');
  exabits = new ServedExabits();
});

describe("the post step deletes the job's token with the token itself,", () => {
  test.each<[string, Course]>([
    ['after an ordinary job', {}],
    ['hours later', { meanwhile: () => stopCalendar('2026-11-25T12:00:00Z') }],
    ['without inputs, as inside a nested composite action', { postInputs: {} }],
    ["with another account's inputs", theirs],
    ['with inputs that are not valid', { postInputs: { username: 'ada', 'password-format': '' } }],
    [
      'if it was only an output',
      { inputs: { 'export-environment': 'false', 'write-headers-file': 'false' } },
    ],
    ['if the header file is gone', { meanwhile: ({ main }) => rmSync(main.outputs['headers-file'] ?? '') }],
    [
      'whatever the variables and the header file have become',
      {
        meanwhile({ job, main }) {
          const { token } = exabits.seed('theirs', { of: somebodyElse.username });
          writeFileSync(main.outputs['headers-file'] ?? '', `Authorization: Bearer ${token}\n`);
          Object.assign(job.env, { EXABITS_API_TOKEN: token, EXABITS_API_URL: 'https://reseller.example' });
        },
      },
    ],
  ])('by one request: %s', async (_what, course) => {
    exabits.seedMany(3, () => 60);
    const { log, calls, left } = await runJob(exabits, course);
    expect([log, calls]).toEqual([deleted, [`${deletion} as itself`]]);
    expect(left).toEqual(['laptop-0', 'laptop-1', 'laptop-2']);
  });

  test('which it masks first', async () => {
    const { main, post } = await runJob(exabits);
    expect(post.lines.findIndex((line) => line.includes(main.outputs.token ?? ''))).toBe(
      post.lines.indexOf(`::add-mask::${main.outputs.token}`),
    );
  });

  test('at the host that made it', async () => {
    const inputs = { 'api-url': 'https://reseller.example' };
    const reseller = new ServedExabits(inputs['api-url']);
    const postInputs = { ...ephemeralInputs, 'api-url': apiUrl, 'password-format': '' };
    expect(await runJob(reseller, { inputs, postInputs })).toMatchObject({ log: deleted, left: [] });
    expect(exabits.calls).toEqual([]);
  });

  test('after it has cleared the job', async () => {
    const job = new InProcessJob();
    exabits.when('DELETE', (carryOut) => {
      expect(job.temporaryFiles()).toEqual([]);
      return carryOut();
    });
    expect((await runJob(exabits, { job })).log).toBe(deleted);
  });

  test("within the limits of the step's inputs", async () => {
    exabits.when('DELETE', answers(503));
    const inputs = { 'max-attempts': '2' };
    const { calls } = await runJob(exabits, { inputs, postInputs: {} });
    expect(calls.filter((call) => call.startsWith('DELETE'))).toHaveLength(2);
  });
});

test('the post step has all the time of the inputs for the token of the job', async () => {
  const slow: Behaviour = (carryOut) => {
    clock.skip(40_000);
    return answers(503)(carryOut);
  };
  exabits.when('DELETE', slow, 1);
  expect((await runJob(exabits)).log).toMatch(new RegExp(`^Try 1 of 5 failed .*\n${deleted}$`));
});

describe('a deletion that Exabits does not confirm makes the post step try the token:', () => {
  const asked = [`${deletion} as itself`, `${balance} as itself`];
  const asAda = [`${logIn} as ada`, `${deletion} as ada`];
  const dead = 'The API token NAME does not work any more.';
  const warns = (state: string, status: number, words = 'Exabits'): string =>
    `Warning: The API token NAME ${state}: ${words} refused ${deletion} (HTTP ${status}, "no"). ${byHand}`;
  const gone: Course = { meanwhile: () => exabits.remove(exabits.tokens()[0]) };
  const unrouted = answers(404, { message: 'no' });
  const proxy = answers(401, '<html>');
  const [works, mayWork] = ['still works', 'may still work'];

  test.each([
    ['it is gone', {}, gone, dead, asked],
    ['an empty answer is no confirmation', { DELETE: [losesAnswer(204)] }, {}, dead, asked],
    ['it works, so the account does it', { DELETE: [refuses(404), 1] }, {}, deleted, [...asked, ...asAda]],
    ['nor may the account', { DELETE: [refuses(409)] }, {}, warns(works, 409), [...asked, ...asAda]],
    [
      'the first failure is the reason',
      { DELETE: [refuses(409)], [logIn]: [refuses(401)] },
      ...[{}, warns(works, 409), [...asked, `${logIn} as ada`]],
    ] as const,
    ['the inputs are of another account', { DELETE: [refuses(404)] }, theirs, warns(works, 404), asked],
    [
      'there are no inputs',
      { DELETE: [unrouted] },
      ...[{ postInputs: {} }, warns(works, 404, 'gpu-api.exascalelabs.ai'), asked],
    ] as const,
    ['a proxy answers', { DELETE: [refuses(404)], [balance]: [proxy] }, {}, warns(mayWork, 404), asked],
    [
      'it may not read the balance either, so the account does it',
      { DELETE: [refuses(403), 1], [balance]: [refuses(403)] },
      ...[{}, deleted, [...asked, ...asAda]],
    ] as const,
    [
      'nobody says',
      { DELETE: [answers(200, no('no'))], [balance]: [refuses(404)] },
      ...[{}, warns(mayWork, 200), [...asked, ...asAda]],
    ] as const,
  ] as [string, Record<string, [Behaviour, number?]>, Course, string, string[]][])(
    '%s',
    async (_what, rules, course, log, calls) => {
      const meanwhile: Course['meanwhile'] = (made) => {
        for (const [call, rule] of Object.entries(rules)) exabits.when(call, ...rule);
        course.meanwhile?.(made);
      };
      const outcome = await runJob(exabits, { ...course, meanwhile });
      expect([outcome.log, outcome.calls, outcome.post.exitCode]).toEqual([log, calls, 0]);
    },
  );

  test('with the stored API token that made it, if that is still the input', async () => {
    const stored = exabits.seed('ci');
    const inputs = { username: '', password: '', 'api-token': stored.token };
    exabits.when('DELETE', refuses(403), 1);
    const { log } = await runJob(exabits, { inputs });
    expect([log, exabits.requests.at(-1)?.bearer]).toEqual([deleted, stored.token]);
  });
});

describe('a creation without an answer', () => {
  const failed: Course = { inputs: { 'max-attempts': '1' } };
  const nothingYet = `Warning: Exabits did not say whether it made the API token LOST1, and may still make it. It is not listed so far. A sweep of this run deletes it. ${lookFor}`;
  const unread = (why: string): string =>
    `Warning: Exabits did not say whether it made the API token LOST1, and may still make it. ${why} ${lookFor}`;
  const list = (as: string, offset = 0): string => `${page(offset)} as ${as}`;
  const someDeletion = (as: string) => `DELETE /api-tokens/ID1 as ${as}`;

  test("is settled with the job's token, if a later try made one", async () => {
    exabits.seed('gha-9876543210-2-00000000');
    exabits.when(create, losesAnswer(502), 1);
    expect(await runJob(exabits)).toMatchObject({
      log: `Deleted the API token LOST1.\n${deleted}`,
      calls: [list('itself'), list('itself', 3), someDeletion('itself'), `${deletion} as itself`],
      left: ['gha-9876543210-2-00000000'],
    });
  });

  test('is settled with a login, if none did', async () => {
    exabits.when(create, losesAnswer(502));
    expect(await runJob(exabits, failed)).toMatchObject({
      log: 'Deleted the API token LOST1.',
      calls: [`${logIn} as ada`, list('ada'), list('ada', 1), someDeletion('ada')],
      left: [],
    });
  });

  test('is settled with a login if the state lacks the value of the token that was made', async () => {
    const { log, left } = await runJob(exabits, {
      meanwhile: ({ main }) => void delete main.state['ephemeral-token'],
    });
    expect([log, left]).toEqual([deleted, []]);
  });

  test('is settled for each token of the name, if something has sent the request twice', async () => {
    exabits.when(create, losesAnswer(502));
    const twice: Course['meanwhile'] = ({ main }) => {
      const { unanswered } = JSON.parse(main.state.creation ?? '');
      exabits.seed(unanswered[0]);
    };
    expect(await runJob(exabits, { ...failed, meanwhile: twice })).toMatchObject({ left: [] });
  });

  test('is settled name by name', async () => {
    exabits.when(create, losesAnswer(502), 1);
    exabits.when(create, answers(502), 1);
    exabits.when(create, losesAnswer(502), 1);
    const { log, left } = await runJob(exabits, { inputs: { 'max-attempts': '3' } });
    expect([log, left]).toEqual([
      `Deleted the API token LOST1.\n${nothingYet.replaceAll('LOST1', 'LOST2')}\nDeleted the API token LOST3.`,
      [],
    ]);
  });

  test('is warned of if its token is not there, because Exabits may still make it', async () => {
    exabits.when(create, answers(502));
    expect((await runJob(exabits, failed)).log).toBe(nothingYet);
  });

  test("leaves the job's token its share of the time", async () => {
    const down: Behaviour = (carryOut) => {
      clock.skip(30_001);
      return answers(503)(carryOut);
    };
    exabits.when(create, losesAnswer(502), 1);
    exabits.when('GET', down, 1);
    const late = 'No usable answer from gpu-api.exascalelabs.ai within 30 s (1 try; last error: HTTP 503).';
    expect((await runJob(exabits, { postInputs: {} })).log).toBe(`${unread(late)}\n${deleted}`);
  });

  test('is not looked for if it certainly made nothing', async () => {
    exabits.when(create, refuses(403));
    expect(await runJob(exabits)).toMatchObject({
      log: 'Nothing to clear: the step exported nothing.',
      calls: [],
    });
  });

  test.each(['GET', 'DELETE'])('is settled with one login where the token may not: %s', async (call) => {
    exabits.when(create, losesAnswer(502), 1);
    exabits.when(call, refuses(403), 1);
    const { log, calls, left } = await runJob(exabits);
    expect([log, left]).toEqual([`Deleted the API token LOST1.\n${deleted}`, []]);
    expect(calls.filter((one) => one.startsWith(logIn))).toHaveLength(1);
  });

  test('is settled with the same login as the token of the job', async () => {
    exabits.when(create, losesAnswer(502), 1);
    exabits.when('DELETE', refuses(403), 1);
    exabits.when('DELETE', carriesOut, 1);
    exabits.when('DELETE', refuses(403), 1);
    const { log, calls } = await runJob(exabits);
    expect(log).toBe(`Deleted the API token LOST1.\n${deleted}`);
    expect(calls.filter((one) => one.startsWith(logIn))).toHaveLength(1);
  });

  const loginRefused = (): void => exabits.when(logIn, refuses(401));
  const wrong = 'Exabits did not accept the username and password (HTTP 401, "no").';

  test.each<[string, Course, string]>([
    ['without inputs', { postInputs: {} }, 'The inputs of the post step are not those that made the token.'],
    ['with the inputs of another', theirs, 'The inputs of the post step are not those that made the token.'],
    ['if the login is refused', { meanwhile: loginRefused }, wrong],
  ])('is warned of %s', async (_what, course, why) => {
    exabits.when(create, losesAnswer(502));
    expect((await runJob(exabits, { ...course, ...failed })).log).toBe(unread(why));
  });

  test('is warned of if nobody may read the list: the first failure is the reason', async () => {
    exabits.when(create, losesAnswer(502), 1);
    for (const name of ['itself', 'ada']) exabits.when('GET', refuses(400, `no list for ${name}`), 1);
    expect((await runJob(exabits)).log).toBe(
      `${unread('Exabits refused GET /api-tokens (HTTP 400, "no list for itself").')}\n${deleted}`,
    );
  });

  test('is warned of with the id if its token cannot be deleted', async () => {
    exabits.when(create, losesAnswer(502), 1);
    exabits.when('DELETE', refuses(403));
    expect((await runJob(exabits, failed)).log).toBe(
      'Warning: The API token LOST1 may still work: Exabits refused the tokens of the login (HTTP 403, "no"). Delete it by hand: egpu token delete ID1 --force',
    );
  });

  test('is found through the name that was saved before main was killed', async () => {
    const job = new InProcessJob();
    let state = '';
    exabits.when(create, (carryOut) => {
      state = readFileSync(job.commandFile('GITHUB_STATE'), 'utf8').match(/^{.*}$/m)?.[0] ?? '';
      return carryOut();
    });
    const { inputs } = await job.main(ephemeralInputs);
    const { log } = await job.post({ inputs, state: { creation: state } });
    expect([log, exabits.left()]).toEqual([expect.stringMatching(/^Deleted the API token gha-/), []]);
  });
});

describe('the list is read newest first, until a page is older than the step', () => {
  const mixed = (index: number): number => 301 + ((index * 61) % 101);

  test.each<[string, number, (index: number) => number, Behaviour, number]>([
    ['by the margin of 5 minutes', 0, () => 301, carriesOut, 1],
    ['and further at the margin itself', 0, () => 300, carriesOut, 3],
    ['by the margin and the time of the job', 60, () => 361, carriesOut, 1],
    ['and further within the time of the job', 60, () => 360, carriesOut, 3],
    ['but to its end if the machine was started again', -1, () => 301, carriesOut, 3],
    ['but to its end without dates', 0, () => 301, (carryOut) => ({ ...carryOut(), headers: {} }), 3],
    ['but to its end without times of creation', 0, () => 301, lists(timeless), 3],
    ['but to its end in another order', 0, mixed, (carryOut) => carryOut({ sortField: 'name' }), 3],
  ])('%s', async (_what, jobSeconds, ageOf, list, pages) => {
    exabits.seedMany(150, (index) => ageOf(index) - jobSeconds);
    exabits.when(create, losesAnswer(502));
    exabits.when('GET', list);
    const { log, calls, left } = await runJob(exabits, {
      inputs: { 'max-attempts': '1' },
      meanwhile() {
        upSeconds += jobSeconds;
        exabits.moveClock(jobSeconds);
      },
    });
    expect([log, left.length]).toEqual(['Deleted the API token LOST1.', 150]);
    expect(calls.filter((call) => call.startsWith('GET'))).toHaveLength(pages);
  });

  test('so that 1,000 tokens cost no more requests than 100', async () => {
    exabits.seedMany(1000, () => 3600);
    exabits.when(create, losesAnswer(502), 1);
    const { calls, left } = await runJob(exabits);
    expect([calls.length, calls[0], left.length]).toEqual([3, `${page()} as itself`, 1000]);
  });
});

function timeless(data: Record<string, unknown>[]): object {
  return yes(data.map(({ id, name }) => ({ id, name })));
}
