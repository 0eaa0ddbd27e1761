/** The part of a JWT that is signed (RFC 7515, section 2): its header and its claims. */
export function signingInput(claims: unknown): string {
  return `${segment({ alg: 'HS256', typ: 'JWT' })}.${segment(claims)}`;
}

/** A JWT with an invalid signature: the action cannot check it, and must not care. */
export function unsignedJwt(claims: unknown): string {
  return `${signingInput(claims)}.${Buffer.from('not a signature').toString('base64url')}`;
}

function segment(json: unknown): string {
  return Buffer.from(JSON.stringify(json)).toString('base64url');
}
