import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from '@jest/globals';
import { EXAMPLE_ACCOUNT, md5 } from '../../testbed/exabits/server.ts';
import { testOnPosix, testWithBash } from '../support/system.ts';

function runDemo(
  path: string | undefined,
  demo = 'demo.ts',
): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(process.execPath, [join(import.meta.dirname, '../../testbed/demos', demo)], {
    encoding: 'utf8',
    env: { PATH: path ?? '' },
    timeout: 30_000,
  });
}

testWithBash('the demo shows a masked login, an authenticated call and a cleaned-up job', () => {
  const { status, stdout, stderr } = runDemo(process.env.PATH);
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  expect(stdout).toMatch(
    /^▼ Run your-org\/exabits-auth@v1\n {2}with:\n {4}username: \*\*\*\n {4}password: \*\*\*\n/,
  );
  expect(stdout).toContain('    EXABITS_ACCESS_TOKEN: ***\n');
  expect(stdout).toContain('{"status":true,"message":"success","data":{"available":');
  expect(stdout).toMatch(/▼ Post Run your-org\/exabits-auth@v1\n {2}Post job cleanup\.\nCleared /);
  expect(stdout).toMatch(/After the job: EXABITS_API_URL, .* are empty\.\nThe header file is gone\.\n$/);
  for (const secret of [
    EXAMPLE_ACCOUNT.username,
    EXAMPLE_ACCOUNT.password,
    md5(EXAMPLE_ACCOUNT.password),
    'eyJ',
  ]) {
    expect(stdout).not.toContain(secret);
  }
});

testWithBash(
  'the long-job demo shows that the access token expires, the ephemeral one lasts, and no token is left',
  () => {
    const { status, stdout, stderr } = runDemo(process.env.PATH, 'long-job.ts');
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(stdout).toMatch(/returned error: 401\nError: .* ephemeral-api-token: true/);
    expect(stdout).toMatch(/5 hours later[\s\S]*"status":true/);
    expect(stdout).toMatch(/Deleted the API token gha-\d+-1-[0-9a-f]{8}\.\n/);
    expect(stdout).toMatch(/API tokens at Exabits: 0\.\n$/);
  },
);

testOnPosix('the demo fails if one of its steps fails', () => {
  const withoutCurl = mkdtempSync(join(tmpdir(), 'path-'));
  try {
    symlinkSync('/bin/bash', join(withoutCurl, 'bash'));
    const { status, stderr } = runDemo(withoutCurl);
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: 'The demo failed: the call by a later step failed\n',
    });
  } finally {
    rmSync(withoutCurl, { recursive: true });
  }
});
