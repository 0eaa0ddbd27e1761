import { randomUUID } from 'node:crypto';
import { isIP } from 'node:net';
import { generate } from 'selfsigned';

/** A certificate and its private key, both PEM. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly cert: string;
}

const hourMs = 3_600_000;

/**
 * Makes a certificate for a server, so that tests need neither openssl nor a committed private key.
 *
 * @param hosts names and IP addresses; for none, it is an authority, whose `cert` is what `NODE_EXTRA_CA_CERTS` takes
 * @param issuer who signs it; by default it signs itself
 * @param validHours when it is valid, from now
 */
export async function makeCertificate(
  hosts: readonly string[],
  issuer?: KeyAndCertificate,
  [from, to] = [-1, 24],
): Promise<KeyAndCertificate> {
  const cA = hosts.length === 0;
  const { private: key, cert } = await generate(
    // A process that trusts several authorities tells them apart by their names.
    [{ name: 'commonName', value: hosts[0] ?? `Authority ${randomUUID()}` }],
    {
      keyType: 'ec',
      algorithm: 'sha256',
      notBeforeDate: new Date(Date.now() + from * hourMs),
      notAfterDate: new Date(Date.now() + to * hourMs),
      ...(issuer ? { ca: issuer } : {}),
      extensions: [
        { name: 'basicConstraints', cA, critical: true },
        ...(cA ? [] : [{ name: 'subjectAltName' as const, altNames: hosts.map(altName) }]),
      ],
    },
  );
  return { key, cert };
}

function altName(host: string) {
  return isIP(host) ? { type: 7 as const, ip: host } : { type: 2 as const, value: host };
}
