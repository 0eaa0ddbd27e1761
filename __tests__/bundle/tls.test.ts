import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import {
  type CertificateRequest,
  makeAuthority,
  makeCertificate,
} from '../../testbed/exabits/certificate.ts';
import { atEnd, expectSuccess, startJob, startScenario } from './support/scenario.ts';

const authority = makeAuthority();
const HOUR_MS = 3_600_000;

/** A sandbox that speaks https with a certificate for this machine, and a job. */
async function startTls(request: Partial<CertificateRequest> = {}) {
  const tls = makeCertificate({
    commonName: 'exabits',
    hosts: ['127.0.0.1', 'localhost'],
    issuer: authority,
    ...request,
  });
  return startScenario({ sandbox: { tls } });
}

/** The environment of a runner that knows the private authority. */
function trusting(...certificates: string[]): Record<string, string> {
  const directory = mkdtempSync(join(tmpdir(), 'authority-'));
  atEnd(() => rmSync(directory, { recursive: true, force: true }));
  const file = join(directory, 'authority.pem');
  writeFileSync(file, certificates.join(''));
  return { NODE_EXTRA_CA_CERTS: file };
}

describe('An https host', () => {
  test('of a private authority works with NODE_EXTRA_CA_CERTS, by address and by name', async () => {
    const scenario = await startTls();
    const env = trusting(authority.cert);
    expectSuccess(await scenario.logIn({}, { env }));
    const named = await scenario.logIn({ 'api-url': `https://localhost:${scenario.sandbox.port}` }, { env });
    expectSuccess(named);
    expect(scenario.calls).toHaveLength(2);
  });

  test('works for the whole life of a token, with the variable on the job', async () => {
    const { sandbox } = await startTls();
    const scenario = startJob(sandbox, { env: trusting(authority.cert) });
    expectSuccess(await scenario.logIn({ 'ephemeral-api-token': 'true', verify: 'true' }));
    expectSuccess(await scenario.post());
    expect(sandbox.orphans()).toEqual([]);
  });

  test('of an unknown authority fails at once, and says what to do', async () => {
    const scenario = await startTls();
    const message = scenario.expectFailure(await scenario.logIn());
    expect(message).toMatch(
      new RegExp(
        `^No secure connection to ${scenario.name.replace(/[().]/g, '\\$&')} \\([A-Z_]+: [^)]+\\)\\. `,
      ),
    );
    expect(message).toContain(
      'If the host or a proxy uses a private certificate authority, set NODE_EXTRA_CA_CERTS to its certificate file.',
    );
    expect(scenario.calls).toEqual([]);
  });

  test('of an unknown authority fails even if the job has turned verification off for itself', async () => {
    const scenario = await startTls();
    const message = scenario.expectFailure(
      await scenario.logIn({}, { env: { NODE_TLS_REJECT_UNAUTHORIZED: '0' } }),
    );
    expect(message).toMatch(/^No secure connection to /);
    expect(scenario.calls).toEqual([]);
  });

  test('with a certificate that signs itself fails likewise', async () => {
    const tls = makeCertificate({ commonName: 'exabits', hosts: ['127.0.0.1'] });
    const scenario = await startScenario({ sandbox: { tls } });
    const message = scenario.expectFailure(await scenario.logIn());
    expect(message).toContain('DEPTH_ZERO_SELF_SIGNED_CERT');
    expect(message).toContain('NODE_EXTRA_CA_CERTS');
  });

  test('with a certificate for another host says so', async () => {
    const scenario = await startTls({ hosts: ['exabits.example'] });
    const step = await scenario.logIn({}, { env: trusting(authority.cert) });
    const message = scenario.expectFailure(step);
    expect(message).toContain('ERR_TLS_CERT_ALTNAME_INVALID');
    expect(message).toContain('The certificate is for another host: check the address.');
    expect(scenario.calls).toEqual([]);
  });

  test.each([
    [
      'has expired',
      'CERT_HAS_EXPIRED',
      { notBefore: new Date(Date.now() - 48 * HOUR_MS), notAfter: new Date(Date.now() - HOUR_MS) },
    ],
    [
      'is not valid yet',
      'CERT_NOT_YET_VALID',
      { notBefore: new Date(Date.now() + HOUR_MS), notAfter: new Date(Date.now() + 48 * HOUR_MS) },
    ],
  ])('with a certificate that %s says so', async (_what, code, validity) => {
    const scenario = await startTls(validity);
    const message = scenario.expectFailure(await scenario.logIn({}, { env: trusting(authority.cert) }));
    expect(message).toContain(code);
    expect(message).toContain('The certificate is not valid today: check the clock of the runner');
    expect(scenario.calls).toEqual([]);
  });

  test('that speaks no TLS at all fails at once', async () => {
    const scenario = await startScenario();
    const step = await scenario.logIn({ 'api-url': `https://${scenario.host}` });
    expect(scenario.expectFailure(step)).toMatch(
      /^No secure connection to .*does not speak TLS.*check the address/,
    );
    expect(step.visible).not.toContain('Try 1');
  });
});

test('Another authority than that of the host does not help', async () => {
  const scenario = await startTls();
  const step = await scenario.logIn({}, { env: trusting(makeAuthority('Another authority').cert) });
  expect(scenario.expectFailure(step)).toMatch(/^No secure connection to /);
});

test('An http address of an https host fails', async () => {
  const scenario = await startTls();
  const step = await scenario.logIn({ 'api-url': `http://${scenario.host}`, 'max-attempts': '1' });
  expect(scenario.expectFailure(step)).toMatch(/^The connection to .* broke \(/);
  expect(scenario.calls).toEqual([]);
});
