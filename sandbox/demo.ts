import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { Job } from './little-runner.ts';
import { EXAMPLE_ACCOUNT, startSandbox } from './server.ts';

const CALL = `curl --fail --silent --show-error -H @"$EXABITS_HEADERS_FILE" "$EXABITS_API_BASE_URL/virtual-machines"`;

/** What a demo job left undone; empty when all went as it should. */
async function demonstrate(): Promise<string[]> {
  const problems: string[] = [];
  const check = (holds: boolean, problem: string): void => {
    if (!holds) problems.push(problem);
  };
  const sandbox = await startSandbox();
  const { username, password } = EXAMPLE_ACCOUNT;
  const job = new Job({
    actionDir: join(import.meta.dirname, '..'),
    secrets: [username, password],
    print: (line) => process.stdout.write(`${line}\n`),
  });
  try {
    const login = await job.uses(
      { username, password, 'api-url': sandbox.url },
      { name: 'your-org/exabits-auth@v1' },
    );
    check(login.outcome === 'success', 'the login failed');
    const call = await job.run(CALL);
    check(
      call.outcome === 'success' && call.raw.includes('"status":true'),
      'the call by a later step failed',
    );
    const headersFile = login.outputs['headers-file'] ?? '';
    check(existsSync(headersFile), 'there is no header file');

    const posts = await job.finish();
    check(posts.length === 1 && posts.every(({ outcome }) => outcome === 'success'), 'the post step failed');
    const set = Object.keys(login.env);
    const left = set.filter((name) => job.env[name] !== '');
    check(set.length > 0, 'the login exported no variable');
    check(left.length === 0, `variables are left: ${left.join(', ')}`);
    check(!existsSync(headersFile), `the header file is left: ${headersFile}`);
    for (const secret of [password, login.outputs['access-token'], login.outputs['refresh-token']]) {
      check(secret !== undefined && secret !== '', 'the login has no tokens');
      check(!secret || !job.log.includes(secret), 'a secret is in the log');
    }
    if (problems.length === 0) {
      process.stdout.write(
        `\nAfter the job: ${set.join(', ')} are empty, the header file is gone, no secret is in the log.\n`,
      );
    }
    return problems;
  } finally {
    job.dispose();
    await sandbox.close();
  }
}

const problems = await demonstrate();
for (const problem of problems) process.stderr.write(`The demo failed: ${problem}\n`);
process.exitCode = problems.length === 0 ? 0 : 1;
