import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { makeAuthority, makeCertificate } from '../../testbed/exabits/certificate.ts';
import { atEnd, expectSuccess, startJob, startScenario } from './support/scenario.ts';

const authority = await makeAuthority();

/** A sandbox that speaks https with a certificate for this machine, and a job. */
async function startTls() {
  const tls = await makeCertificate({
    commonName: 'exabits',
    hosts: ['127.0.0.1', 'localhost'],
    issuer: authority,
  });
  return startScenario({ sandbox: { tls } });
}

/** The environment of a runner that trusts these certificates. */
function trusting(...certificates: string[]): Record<string, string> {
  const directory = mkdtempSync(join(tmpdir(), 'authority-'));
  atEnd(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'authority.pem');
  writeFileSync(file, certificates.join(''));
  return { NODE_EXTRA_CA_CERTS: file };
}

describe('An https host', () => {
  test('with a private certificate authority works with NODE_EXTRA_CA_CERTS, by address and by name', async () => {
    const scenario = await startTls();
    const env = trusting(authority.cert);
    expectSuccess(await scenario.logIn({}, { env }));
    const named = await scenario.logIn({ 'api-url': `https://localhost:${scenario.sandbox.port}` }, { env });
    expectSuccess(named);
    expect(scenario.calls).toHaveLength(2);
  });

  test('works for the whole life of a token if NODE_EXTRA_CA_CERTS is set for the job', async () => {
    const { sandbox } = await startTls();
    const scenario = startJob(sandbox, { env: trusting(authority.cert) });
    expectSuccess(await scenario.logIn({ 'ephemeral-api-token': 'true', verify: 'true' }));
    expectSuccess(await scenario.post());
    expect(sandbox.orphans()).toEqual([]);
  });

  test('with an unknown certificate authority is refused even if the job turns verification off', async () => {
    const scenario = await startTls();
    const message = scenario.expectFailure(
      await scenario.logIn({}, { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } }),
    );
    expect(message).toMatch(/^No secure connection to /);
    expect(scenario.calls).toEqual([]);
  });
});
