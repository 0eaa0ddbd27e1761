/** A JWT (RFC 7515, section 7.1) with an invalid signature: the action cannot check it, and must not care. */
export function unsignedJwt(claims: unknown): string {
  const segment = (json: unknown): string => Buffer.from(JSON.stringify(json)).toString('base64url');
  return [segment({ alg: 'HS256', typ: 'JWT' }), segment(claims), segment('not a signature')].join('.');
}
