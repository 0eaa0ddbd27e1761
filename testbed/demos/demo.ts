// npm run demo: a whole job, from the sign-in to the cleanup.
import { existsSync } from 'node:fs';
import { CALL_API, demonstrate } from './demonstration.ts';

await demonstrate(async ({ sandbox, account: { username, password }, job, check, say }) => {
  const login = await job.uses(
    { username, password, 'api-url': sandbox.url },
    { name: 'your-org/exabits-auth@v1' },
  );
  check(login.outcome === 'success', 'the login failed');
  const call = await job.run(CALL_API);
  check(call.outcome === 'success' && call.raw.includes('"status":true'), 'the call by a later step failed');
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
  say(`\nAfter the job: ${set.filter((name) => job.env[name] === '').join(', ')} are empty.`);
  say(`The header file is ${existsSync(headersFile) ? 'still there' : 'gone'}.`);
});
