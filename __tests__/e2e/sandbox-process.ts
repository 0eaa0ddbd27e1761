// The sandbox of one job, as a separate process: prints its URL, and ends when the job's folder is gone.
import { existsSync } from 'node:fs';
import { startSandbox } from '../../testbed/exabits/server.ts';
import { ACCOUNTS } from './accounts.ts';

const longestJobMs = 15 * 60_000;
const jobFolder = process.argv[2] ?? '';

const sandbox = await startSandbox({ accounts: Object.values(ACCOUNTS) });
process.stdout.write(`${sandbox.url}\n`);

setTimeout(() => process.exit(), longestJobMs);
setInterval(() => {
  if (!existsSync(jobFolder)) process.exit();
}, 1000);
