import { writeFileSync } from 'node:fs';
import * as os from 'node:os';
import { beforeEach, describe, expect, jest, test } from '@jest/globals';
import {
  answers,
  type Behaviour,
  balance,
  carriesOut,
  create,
  ephemeralInputs,
  exabits,
  host,
  isDown,
  logIn,
  losesAnswer,
  page,
  refuses,
  ServedExabits,
  somebodyElse,
} from './support/account.ts';
import { stopCalendar } from './support/clock.ts';
import { apiUrl, no } from './support/exabits.ts';
import { InProcessJob, type Step } from './support/job.ts';

let upSeconds = 0;
jest.unstable_mockModule('node:os', () => ({ ...os, uptime: () => upSeconds }));
beforeEach(() => {
  upSeconds = 5000;
});

/** What differs from an ordinary job with a token of its own. */
interface Course {
  /** In addition to those of a login. */
  readonly inputs?: Record<string, string>;
  /** Runs between the two steps; `lost` names the tokens whose creation was not answered. */
  readonly meanwhile?: (job: InProcessJob, main: Step, lost: readonly string[]) => void;
  /** What the post step gets, where the runner does not give it the inputs of the main step. */
  readonly postInputs?: Record<string, string>;
}

/**
 * Runs a job with a token of its own. Returns the exit code of the post step, what it logged after it cleared the job,
 * its calls to Exabits and as whom, and the names of the account's tokens. The job's token is called NAME, and lost ones
 * LOST1, LOST2 and so on.
 */
async function runJob({ inputs, meanwhile, postInputs }: Course = {}) {
  const job = new InProcessJob();
  const main = await job.main({ ...ephemeralInputs, ...inputs });
  const { made, unanswered } = JSON.parse(main.state.creation ?? '');
  const words: [text: string, word: string][] = [
    ...exabits.tokens().map(({ id, name }): [string, string] => [id, `ID of ${name}`]),
    ...unanswered.map((name: string, index: number) => [name, `LOST${index + 1}`]),
    ...(made ? [[made.name, 'NAME']] : []),
  ];
  const anonymous = (text: string): string =>
    words.reduce((rest, [secret, word]) => rest.replaceAll(secret, word), text);

  meanwhile?.(job, main, unanswered);
  exabits.requests.length = 0;
  const { exitCode, log } = await job.post({ ...main, inputs: postInputs ?? main.inputs });
  return {
    exitCode,
    log: anonymous(log.replace(/^(Cleared .*|Nothing to clear\.)\n?/, '')),
    calls: exabits.requests.map(({ call, bearer, as }) =>
      anonymous(`${call} as ${bearer && bearer === main.state['ephemeral-token'] ? 'itself' : as}`),
    ),
    left: exabits.left().map(anonymous),
  };
}

const deletion = 'DELETE /api-tokens/ID of NAME';
const deleted = 'Deleted the API token NAME.';
const theirs: Course = { postInputs: { ...somebodyElse, 'password-format': '' } };

describe("the post step deletes the job's token with the token itself,", () => {
  test.each<[string, Course]>([
    ['after an ordinary job', {}],
    ['with inputs that are not valid', { postInputs: { username: 'ada', 'password-format': '' } }],
    [
      'hours later, whatever the variables and the header file have become',
      {
        meanwhile(job, main) {
          stopCalendar('2026-11-25T12:00:00Z');
          const { token } = exabits.seed('theirs', { of: somebodyElse });
          writeFileSync(main.outputs['headers-file'] ?? '', `Authorization: Bearer ${token}\n`);
          Object.assign(job.env, { EXABITS_API_TOKEN: token, EXABITS_API_URL: 'https://reseller.example' });
        },
      },
    ],
  ])('by one request: %s', async (_what, course) => {
    exabits.seed('laptop');
    const { log, calls, left } = await runJob(course);
    expect([log, calls, left]).toEqual([deleted, [`${deletion} as itself`], ['laptop']]);
  });

  test('at the host that made it', async () => {
    const inputs = { 'api-url': 'https://reseller.example' };
    const reseller = new ServedExabits(inputs['api-url']);
    const postInputs = { ...ephemeralInputs, 'api-url': apiUrl, 'password-format': '' };
    expect(await runJob({ inputs, postInputs })).toMatchObject({ log: deleted, calls: [] });
    expect(reseller.left()).toEqual([]);
  });

  test('after it has cleared the job', async () => {
    const meanwhile: Course['meanwhile'] = (job) =>
      exabits.when('DELETE', (carryOut) => {
        expect(job.temporaryFiles()).toEqual([]);
        return carryOut();
      });
    expect((await runJob({ meanwhile })).log).toBe(deleted);
  });

  test("within the limits of the step's inputs", async () => {
    exabits.when('DELETE', answers(503));
    const { calls } = await runJob({ inputs: { 'max-attempts': '2' }, postInputs: {} });
    expect(calls.filter((call) => call.startsWith('DELETE'))).toHaveLength(2);
  });

  test('and has all the time of the inputs for it', async () => {
    exabits.when('DELETE', isDown(70), 1);
    expect((await runJob({ inputs: { 'timeout-seconds': '90' } })).log).toMatch(
      new RegExp(`^Try 1 of 5 failed .*\n${deleted}$`),
    );
  });
});

describe('a deletion that Exabits does not confirm makes the post step try the token:', () => {
  const asked = [`${deletion} as itself`, `${balance} as itself`];
  const byAda = [...asked, `${logIn} as ada`, `${deletion} as ada`];
  const dead = 'The API token NAME does not work any more.';
  const warns = (state: string, status: number): string =>
    `Warning: The API token NAME ${state}: Exabits refused ${deletion} (HTTP ${status}, "no"). Delete it by hand: egpu token delete ID of NAME --force`;
  const gone: Course = { meanwhile: () => exabits.remove(exabits.tokens()[0]) };
  const proxy = answers(401, '<html>');
  const falsely = answers(200, no('no'));
  const [works, mayWork] = ['still works', 'may still work'];

  test.each<[string, Behaviour[], Behaviour, string, string[], Course?]>([
    ['it is gone', [], carriesOut, dead, asked, gone],
    ['an empty answer is no confirmation', [losesAnswer(204)], carriesOut, dead, asked],
    ['it works, so the account does it', [refuses(404)], carriesOut, deleted, byAda],
    ['the first failure is the reason', [refuses(409), refuses(404)], carriesOut, warns(works, 409), byAda],
    ['the inputs are of another account', [refuses(404)], carriesOut, warns(works, 404), asked, theirs],
    ['no, with HTTP 200, which proves nothing', [refuses(404)], falsely, warns(mayWork, 404), asked],
    [
      'a shell has dropped inputs',
      [refuses(404)],
      carriesOut,
      warns(works, 404),
      asked,
      { postInputs: ephemeralInputs },
    ],
    ['a proxy answers', [refuses(404)], proxy, warns(mayWork, 404), asked],
    [
      'it may not read the balance either, so the account does it',
      [refuses(403)],
      refuses(403),
      deleted,
      byAda,
    ],
    ['nobody says', [falsely, refuses(404)], refuses(404), warns(mayWork, 200), byAda],
  ])('%s', async (_what, deletions, check, log, calls, course = {}) => {
    for (const behaviour of deletions) exabits.when('DELETE', behaviour, 1);
    exabits.when(balance, check);
    expect(await runJob(course)).toMatchObject({ log, calls, exitCode: 0 });
  });

  test('with the stored API token that made it, if that is still the input', async () => {
    const stored = exabits.seed('ci');
    const inputs = { username: '', password: '', 'api-token': stored.token };
    exabits.when('DELETE', refuses(403), 1);
    const { log } = await runJob({ inputs });
    expect([log, exabits.requests.at(-1)?.bearer]).toEqual([deleted, stored.token]);
  });
});

describe('a creation without an answer', () => {
  const failed: Course = { inputs: { 'max-attempts': '1' } };
  const unread = (why: string, name = 'LOST1'): string =>
    `Warning: Exabits did not say whether it made the API token ${name}, and may still make it. ${why} Look for ${name} in the output of "egpu token list", and delete it by hand: egpu token delete ID --force`;
  const list = (as: string, offset = 0): string => `${page(offset)} as ${as}`;
  const lostDeletion = 'DELETE /api-tokens/ID of LOST1';
  const both = `Deleted the API token LOST1.\n${deleted}`;

  test("is settled with the job's token, if a later try made one", async () => {
    exabits.seed('gha-9876543210-2-00000000');
    exabits.when(create, losesAnswer(502), 1);
    expect(await runJob()).toMatchObject({
      log: both,
      calls: [list('itself'), list('itself', 3), `${lostDeletion} as itself`, `${deletion} as itself`],
      left: ['gha-9876543210-2-00000000'],
    });
  });

  test('is settled with a login, if none did', async () => {
    exabits.when(create, losesAnswer(502));
    expect(await runJob(failed)).toMatchObject({
      log: 'Deleted the API token LOST1.',
      calls: [`${logIn} as ada`, list('ada'), list('ada', 1), `${lostDeletion} as ada`],
      left: [],
    });
  });

  test('is settled with a login if the state lacks the value of the token that was made', async () => {
    const meanwhile: Course['meanwhile'] = (_job, { state }) => void delete state['ephemeral-token'];
    expect(await runJob({ meanwhile })).toMatchObject({ log: deleted, left: [] });
  });

  test('is settled for each token of the name, if something has sent the request twice', async () => {
    exabits.when(create, losesAnswer(502));
    const twice: Course['meanwhile'] = (_job, _main, [name = '']) => exabits.seed(name);
    expect(await runJob({ ...failed, meanwhile: twice })).toMatchObject({ left: [] });
  });

  test('is settled name by name, with a warning of a token that Exabits may still make', async () => {
    exabits.when(create, losesAnswer(502), 1);
    exabits.when(create, answers(502), 1);
    exabits.when(create, losesAnswer(502), 1);
    const nothingYet = unread('It is not listed so far. A sweep of this run deletes it.', 'LOST2');
    expect(await runJob({ inputs: { 'max-attempts': '3' } })).toMatchObject({
      log: `Deleted the API token LOST1.\n${nothingYet}\nDeleted the API token LOST3.`,
      left: [],
    });
  });

  test("leaves the job's token its share of the time", async () => {
    exabits.when(create, losesAnswer(502), 1);
    exabits.when('GET', isDown(30.001), 1);
    const late = `No usable answer from ${host} within 30 s (1 try; last error: HTTP 503).`;
    expect((await runJob({ postInputs: {} })).log).toBe(`${unread(late)}\n${deleted}`);
  });

  test('is not looked for if it certainly made nothing', async () => {
    exabits.when(create, refuses(403));
    const log = 'Nothing to clear: the step exported nothing.';
    expect(await runJob()).toMatchObject({ log, calls: [] });
  });

  test('is settled with one login for all that the token may not', async () => {
    exabits.when(create, losesAnswer(502), 1);
    exabits.when('GET /api-tokens', refuses(403), 1);
    for (const reply of [refuses(403), carriesOut, refuses(403)]) exabits.when('DELETE', reply, 1);
    expect(await runJob()).toMatchObject({
      log: both,
      calls: [
        ...[list('itself'), `${logIn} as ada`, list('ada'), list('ada', 2)],
        ...[`${lostDeletion} as itself`, `${lostDeletion} as ada`],
        ...[`${deletion} as itself`, `${balance} as itself`, `${deletion} as ada`],
      ],
    });
  });

  const notTheMaker = 'The inputs of the post step are not those that made the token.';

  test.each<[string, Course, string]>([
    ['without inputs', { postInputs: {} }, notTheMaker],
    ['with the inputs of another', theirs, notTheMaker],
    [
      'if the login is refused',
      { meanwhile: () => exabits.when(logIn, refuses(401)) },
      'Exabits did not accept the username and password (HTTP 401, "no").',
    ],
  ])('is warned of %s', async (_what, course, why) => {
    exabits.when(create, losesAnswer(502));
    expect((await runJob({ ...course, ...failed })).log).toBe(unread(why));
  });

  test('is warned of if nobody may read the list: the first failure is the reason', async () => {
    exabits.when(create, losesAnswer(502), 1);
    for (const name of ['itself', 'ada']) exabits.when('GET', refuses(400, `no list for ${name}`), 1);
    expect((await runJob()).log).toBe(
      `${unread('Exabits refused GET /api-tokens (HTTP 400, "no list for itself").')}\n${deleted}`,
    );
  });

  test('is warned of with the id if its token cannot be deleted', async () => {
    exabits.when(create, losesAnswer(502), 1);
    exabits.when('DELETE', refuses(403));
    expect((await runJob(failed)).log).toBe(
      'Warning: The API token LOST1 may still work: Exabits refused the tokens of the login (HTTP 403, "no"). Delete it by hand: egpu token delete ID of LOST1 --force',
    );
  });
});

describe('the list is read newest first, until a page ends with a token older than the step', () => {
  const dateless: Behaviour = (carryOut) => ({ ...carryOut(), headers: {} });

  test.each<[string, number, number, number, Behaviour?]>([
    ['by the margin of 5 minutes', 0, 301, 1],
    ['and further at the margin itself', 0, 300, 2],
    ['by the margin and the time of the job', 60, 361, 1],
    ['and further within the time of the job', 60, 360, 2],
    ['but to its end if the machine was started again', -1, 301, 3],
    ['but to its end without dates', 0, 301, 3, dateless],
  ])('%s', async (_what, jobSeconds, age, pages, list = carriesOut) => {
    // The lost token is the first of the first page, and the one of this age is its last.
    for (let nth = 2; nth <= 151; nth += 1) {
      exabits.seed('laptop', { secondsOld: age - jobSeconds + nth - 100 });
    }
    exabits.when(create, losesAnswer(502));
    exabits.when('GET', list);
    const meanwhile = (): void => {
      upSeconds += jobSeconds;
      exabits.moveClock(jobSeconds);
    };
    const { log, calls, left } = await runJob({ inputs: { 'max-attempts': '1' }, meanwhile });
    expect([log, left.length]).toEqual(['Deleted the API token LOST1.', 150]);
    expect(calls.filter((call) => call.startsWith('GET'))).toHaveLength(pages);
  });
});
