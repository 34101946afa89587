import { createHash, createHmac, randomBytes, scryptSync, timingSafeEqual } from 'node:crypto';

/** An HS256 token (RFC 7519) for a customer. */
export function issueToken(customerId: number, secret: string, seconds: number, now: number): string {
  const claims = { sub: String(customerId), exp: Math.floor(now / 1_000) + seconds };
  const body = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(claims)}`;
  return `${body}.${signature(body, secret)}`;
}

/** The customer of a token; undefined when it is not ours or has expired. */
export function readToken(token: string, secret: string, now: number): number | undefined {
  const [head = '', claims = '', mac = ''] = token.split('.');
  const expected = Buffer.from(signature(`${head}.${claims}`, secret));
  const given = Buffer.from(mac);
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) return undefined;
  const { sub, exp } = JSON.parse(Buffer.from(claims, 'base64url').toString()) as {
    sub: string;
    exp: number;
  };
  return exp * 1_000 > now ? Number(sub) : undefined;
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

function signature(text: string, secret: string): string {
  return createHmac('sha256', secret).update(text).digest('base64url');
}

/** `salt:hash`, by scrypt. */
export function hashPassword(password: string, salt: string = randomBytes(8).toString('hex')): string {
  return `${salt}:${scryptSync(password, salt, 32, { N: 1_024 }).toString('hex')}`;
}

export function isPassword(password: string, stored: string): boolean {
  const [salt = ''] = stored.split(':');
  return timingSafeEqual(Buffer.from(hashPassword(password, salt)), Buffer.from(stored));
}

export function newSessionToken(): { readonly token: string; readonly hash: Buffer } {
  const token = randomBytes(24).toString('base64url');
  return { token, hash: sessionHash(token) };
}

export function sessionHash(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
