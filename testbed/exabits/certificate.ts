import { isIP } from 'node:net';
import { generate } from 'selfsigned';

/** A certificate and its private key, both PEM. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly cert: string;
}

/** What a certificate says. */
export interface CertificateRequest {
  readonly commonName: string;
  /** Names and IP addresses that it is for. */
  readonly hosts: readonly string[];
  /** Default: an hour ago. */
  readonly notBefore?: Date;
  /** Default: in a day. */
  readonly notAfter?: Date;
  /** Who signs it; by default it signs itself. */
  readonly issuer?: KeyAndCertificate;
}

const hourMs = 3_600_000;

/** Makes a certificate authority; its `cert` is what `NODE_EXTRA_CA_CERTS` takes. */
export function makeAuthority(commonName = 'Sandbox authority'): Promise<KeyAndCertificate> {
  return make({ commonName, hosts: [] }, true);
}

/** Makes a certificate for a server, so that tests need neither openssl nor a committed private key. */
export function makeCertificate(request: CertificateRequest): Promise<KeyAndCertificate> {
  return make(request, false);
}

async function make(request: CertificateRequest, cA: boolean): Promise<KeyAndCertificate> {
  const { commonName, hosts, issuer, notBefore, notAfter } = request;
  const { private: key, cert } = await generate([{ name: 'commonName', value: commonName }], {
    keyType: 'ec',
    algorithm: 'sha256',
    notBeforeDate: notBefore ?? new Date(Date.now() - hourMs),
    notAfterDate: notAfter ?? new Date(Date.now() + 24 * hourMs),
    ...(issuer ? { ca: issuer } : {}),
    extensions: [
      { name: 'basicConstraints', cA, critical: true },
      ...(hosts.length > 0 ? [{ name: 'subjectAltName' as const, altNames: hosts.map(altName) }] : []),
    ],
  });
  return { key, cert };
}

function altName(host: string) {
  return isIP(host) ? { type: 7 as const, ip: host } : { type: 2 as const, value: host };
}
