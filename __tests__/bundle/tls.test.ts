import { createServer } from 'node:net';
import { expect, test } from '@jest/globals';
import { makeCertificate } from '../../testbed/exabits/certificate.ts';
import { listen } from '../../testbed/exabits/local-server.ts';
import { atEnd, expectSuccess, startScenario, trusting } from './support/scenario.ts';

const authority = await makeCertificate([]);

test('A private certificate authority works with NODE_EXTRA_CA_CERTS, for a whole job', async () => {
  const tls = await makeCertificate(['localhost'], authority);
  const scenario = await startScenario({ sandbox: { tls }, job: { env: trusting(authority.cert) } });
  const inputs = { 'api-url': `https://localhost:${scenario.sandbox.port}`, 'ephemeral-api-token': 'true' };
  expectSuccess(await scenario.logIn(inputs));
  await scenario.expectNothingLeft();
});

test.each<[string, RegExp, { hosts?: string[]; validHours?: [number, number]; unknown?: true }]>([
  ['of an unknown authority', /\(\w*SELF_SIGNED\w*\).* NODE_EXTRA_CA_CERTS/, { unknown: true }],
  ['for another host', /The certificate is for another host/, { hosts: ['another.example'] }],
  ['that has expired', /\(CERT_HAS_EXPIRED\).*not valid today/, { validHours: [-48, -24] }],
])(
  'A certificate %s is refused, even if the job turns verification off',
  async (_what, says, { hosts = ['127.0.0.1'], validHours, unknown }) => {
    const tls = await makeCertificate(hosts, unknown ? undefined : authority, validHours);
    const scenario = await startScenario({ sandbox: { tls } });
    const env = { ...trusting(authority.cert), NODE_TLS_REJECT_UNAUTHORIZED: '0' };
    const message = scenario.expectFailure(await scenario.logIn({}, { env }));
    expect(message).toMatch(/^No secure connection to \S+ \(/);
    expect(message).toMatch(says);
    expect(scenario.calls).toEqual([]);
  },
);

test('A server without TLS is told from one whose certificate is wrong', async () => {
  const local = await listen(createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')));
  atEnd(() => local.close());
  const scenario = await startScenario();
  const step = await scenario.logIn({ 'api-url': `https://127.0.0.1:${local.port}` });
  expect(scenario.expectFailure(step)).toMatch(/^No secure connection to .* The server does not speak TLS/);
});
