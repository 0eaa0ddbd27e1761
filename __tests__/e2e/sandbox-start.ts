// The main step of .github/actions/sandbox. In act, the sandbox runs already.
import { spawn } from 'node:child_process';
import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const { SANDBOX_URL, GITHUB_ENV = '', GITHUB_STATE = '' } = process.env;
if (!SANDBOX_URL) await start();

async function start(): Promise<void> {
  const sandbox = spawn(process.execPath, [join(import.meta.dirname, '../../testbed/exabits/cli.ts')], {
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  appendFileSync(GITHUB_STATE, `pid=${sandbox.pid}\n`);
  let printed = '';
  for await (const chunk of sandbox.stdout.setEncoding('utf8')) {
    printed += chunk;
    if (printed.includes('Ctrl-C')) break;
  }
  const [, url] = /^Exabits sandbox: (\S+)$/m.exec(printed) ?? [];
  const [, file] = /--env-file (\S+)$/m.exec(printed) ?? [];
  if (url === undefined || file === undefined) throw new Error(`The sandbox did not start:\n${printed}`);
  appendFileSync(GITHUB_ENV, `SANDBOX_URL=${url}\n${readFileSync(file, 'utf8')}`);
  sandbox.unref();
}
