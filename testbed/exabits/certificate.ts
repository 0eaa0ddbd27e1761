import { generateKeyPairSync, type KeyObject, randomBytes, sign } from 'node:crypto';
import { isIPv4, isIPv6 } from 'node:net';

/** A certificate and its private key, both PEM. */
export interface KeyAndCertificate {
  key: string;
  cert: string;
}

/** The content of a certificate. */
export interface CertificateRequest {
  commonName: string;
  /** Names and IP addresses that it is for. */
  hosts?: readonly string[];
  /** Default: an hour ago. */
  notBefore?: Date;
  /** Default: in a day. */
  notAfter?: Date;
  /** Who signs it; self-signed by default. */
  issuer?: CertificateAuthority;
}

/** A certificate that may sign others. */
export interface CertificateAuthority extends KeyAndCertificate {
  commonName: string;
  signingKey: KeyObject;
}

const OID = {
  commonName: [0x55, 0x04, 0x03],
  subjectAltName: [0x55, 0x1d, 0x11],
  basicConstraints: [0x55, 0x1d, 0x13],
  ecdsaWithSha256: [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02],
} as const;

const HOUR_MS = 3_600_000;

/** Makes a certificate authority for tests. Its `cert` is for `NODE_EXTRA_CA_CERTS`. */
export function makeAuthority(commonName = 'Sandbox authority'): CertificateAuthority {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const cert = certificate({ commonName }, publicKey, { commonName, signingKey: privateKey }, true);
  return { commonName, signingKey: privateKey, key: pemKey(privateKey), cert };
}

/**
 * Makes an X.509 certificate (EC P-256, RFC 5280) for a test's server, so that tests need neither openssl nor a
 * committed private key.
 */
export function makeCertificate(request: CertificateRequest): KeyAndCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const issuer = request.issuer ?? { commonName: request.commonName, signingKey: privateKey };
  return { key: pemKey(privateKey), cert: certificate(request, publicKey, issuer, false) };
}

function certificate(
  request: CertificateRequest,
  publicKey: KeyObject,
  issuer: { commonName: string; signingKey: KeyObject },
  isAuthority: boolean,
): string {
  const now = Date.now();
  const algorithm = sequence(der(0x06, Buffer.from(OID.ecdsaWithSha256)));
  const extensions = [
    extension(OID.basicConstraints, sequence(...(isAuthority ? [der(0x01, Buffer.from([0xff]))] : []))),
    ...(request.hosts === undefined
      ? []
      : [extension(OID.subjectAltName, sequence(...request.hosts.map(generalName)))]),
  ];
  const body = sequence(
    der(0xa0, der(0x02, Buffer.from([2]))),
    der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)])),
    algorithm,
    distinguishedName(issuer.commonName),
    sequence(
      validityTime(request.notBefore ?? new Date(now - HOUR_MS)),
      validityTime(request.notAfter ?? new Date(now + 24 * HOUR_MS)),
    ),
    distinguishedName(request.commonName),
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(...extensions)),
  );
  const signature = sign('sha256', body, issuer.signingKey);
  const signed = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = signed.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}

function pemKey(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem' }).toString();
}

/** One DER element: tag, length, content. */
function der(tag: number, content: Uint8Array): Buffer {
  const { length } = content;
  const lengthBytes =
    length < 0x80 ? [length] : length < 0x100 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...lengthBytes]), content]);
}

function sequence(...elements: Uint8Array[]): Buffer {
  return der(0x30, Buffer.concat(elements));
}

function distinguishedName(commonName: string): Buffer {
  const attribute = sequence(
    der(0x06, Buffer.from(OID.commonName)),
    der(0x0c, Buffer.from(commonName, 'utf8')),
  );
  return sequence(der(0x31, attribute));
}

function extension(oid: readonly number[], value: Buffer): Buffer {
  return sequence(der(0x06, Buffer.from(oid)), der(0x04, value));
}

function generalName(host: string): Buffer {
  if (isIPv4(host)) return der(0x87, Buffer.from(host.split('.').map(Number)));
  if (isIPv6(host)) return der(0x87, ipv6Bytes(host));
  return der(0x82, Buffer.from(host, 'ascii'));
}

function ipv6Bytes(host: string): Buffer {
  const [before = [], after = []] = host.split('::').map((part) => part.split(':').filter(Boolean));
  const zeros = Array<string>(8 - before.length - after.length).fill('0');
  const groups = [...before, ...zeros, ...after];
  return Buffer.from(groups.map((group) => group.padStart(4, '0')).join(''), 'hex');
}

/** UTCTime up to 2049, GeneralizedTime from then on (RFC 5280, 4.1.2.5). */
function validityTime(time: Date): Buffer {
  const digits = `${time
    .toISOString()
    .replace(/\.\d+Z$/, '')
    .replace(/[-:T]/g, '')}Z`;
  const isShort = time.getUTCFullYear() < 2050;
  return der(isShort ? 0x17 : 0x18, Buffer.from(isShort ? digits.slice(2) : digits, 'ascii'));
}
