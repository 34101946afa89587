import { createHash, createPrivateKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { type Clock, errorMessage, HoldfastError } from '@holdfast/core';

export type KeyUse = 'sign' | 'refresh' | 'encrypt';

/**
 * `next` is published in the JWKS but signs nothing yet, `current` is what new tokens are made with, `retiring`
 * still verifies. Each use has exactly one current key.
 */
export type KeyStatus = 'next' | 'current' | 'retiring';

interface KeyringKeyBase {
  /** Derived from the key material, so equal ids mean equal keys. */
  readonly kid: string;
  readonly status: KeyStatus;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** RFC 8037 octet key pair. */
export interface PrivateJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly d: string;
}

export interface SigningKey extends KeyringKeyBase {
  readonly use: 'sign';
  readonly algorithm: 'EdDSA';
  readonly privateJwk: PrivateJwk;
}

export interface SecretKey extends KeyringKeyBase {
  readonly use: 'refresh' | 'encrypt';
  readonly algorithm: 'HS256' | 'A256GCM';
  /** 32 bytes, base64url. */
  readonly secret: string;
}

export type KeyringKey = SigningKey | SecretKey;

/** The text of keyring.json. Kept outside the database, so that a restored or stolen database changes nothing. */
export interface Keyring {
  readonly version: 1;
  readonly keys: readonly KeyringKey[];
}

const SECRET_BYTES = 32;

/** A keyring with one current key for each use. */
export function generateKeyring(clock: Pick<Clock, 'now'>): Keyring {
  return {
    version: 1,
    keys: [
      generateKey('sign', 'current', clock),
      generateKey('refresh', 'current', clock),
      generateKey('encrypt', 'current', clock),
    ],
  };
}

/** A new key, whose id can be given to a command: none begins with a hyphen. */
export function generateKey(use: KeyUse, status: KeyStatus, clock: Pick<Clock, 'now'>): KeyringKey {
  for (;;) {
    const key = generateAnyKey(use, status, clock);
    if (!key.kid.startsWith('-')) return key;
  }
}

function generateAnyKey(use: KeyUse, status: KeyStatus, clock: Pick<Clock, 'now'>): KeyringKey {
  const createdAt = new Date(clock.now()).toISOString();
  if (use === 'sign') {
    const privateJwk = generateKeyPairSync('ed25519').privateKey.export({
      format: 'jwk',
    }) as unknown as PrivateJwk;
    const { kty, crv, x, d } = privateJwk;
    return {
      kid: signingKeyId(x),
      use,
      algorithm: 'EdDSA',
      status,
      createdAt,
      privateJwk: { kty, crv, x, d },
    };
  }
  const secret = randomBytes(SECRET_BYTES);
  const algorithm = use === 'refresh' ? 'HS256' : 'A256GCM';
  return {
    kid: secretKeyId(use, secret),
    use,
    algorithm,
    status,
    createdAt,
    secret: secret.toString('base64url'),
  };
}

/** The JWK thumbprint of an Ed25519 public key (RFC 7638 section 3 with the members of RFC 8037 section 2). */
export function signingKeyId(x: string): string {
  return createHash('sha256')
    .update(JSON.stringify({ crv: 'Ed25519', kty: 'OKP', x }))
    .digest('base64url');
}

/** Names a secret without telling anything about it. */
export function secretKeyId(use: 'refresh' | 'encrypt', secret: Uint8Array): string {
  return createHash('sha256')
    .update(`holdfast ${use} key id\0`)
    .update(secret)
    .digest('base64url')
    .slice(0, 22);
}

/**
 * Reads and validates the text of a keyring.
 * @throws HoldfastError `keyring_invalid` naming the first defect; key material is never part of the message.
 */
export function parseKeyring(text: string): Keyring {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('it is not JSON');
  }
  const candidate = value as Partial<Keyring> | null;
  if (candidate?.version !== 1 || !Array.isArray(candidate.keys)) {
    throw invalid('it has no "version": 1 or no "keys"');
  }
  const keys = candidate.keys.map(validateKey);
  for (const use of ['sign', 'refresh', 'encrypt'] as const) {
    const current = keys.filter(key => key.use === use && key.status === 'current').length;
    if (current !== 1) throw invalid(`it has ${current} current keys for "${use}"; there must be one`);
  }
  if (new Set(keys.map(key => key.kid)).size !== keys.length) throw invalid('a key is in it twice');
  return { version: 1, keys };
}

function validateKey(key: KeyringKey, index: number): KeyringKey {
  const where = `key ${index + 1}`;
  if (typeof key !== 'object' || key === null) throw invalid(`${where} is not an object`);
  if (!['next', 'current', 'retiring'].includes(key.status)) throw invalid(`${where} has no known status`);
  if (expectedKeyId(key, where) !== key.kid)
    throw invalid(`the kid of ${where} does not belong to its material`);
  return key;
}

function expectedKeyId(key: KeyringKey, where: string): string {
  if (key.use === 'sign') {
    if (key.algorithm !== 'EdDSA') throw invalid(`${where} has an algorithm other than EdDSA`);
    return signingKeyId(publicMember(key, where));
  }
  if (key.use !== 'refresh' && key.use !== 'encrypt') throw invalid(`${where} has no known use`);
  if (key.algorithm !== (key.use === 'refresh' ? 'HS256' : 'A256GCM')) {
    throw invalid(`${where} has the wrong algorithm`);
  }
  const secret = Buffer.from(String(key.secret), 'base64url');
  if (secret.length !== SECRET_BYTES)
    throw invalid(`the secret of ${where} is not ${SECRET_BYTES} bytes long`);
  return secretKeyId(key.use, secret);
}

/** Recomputes the public half, so that a damaged private key is noticed before it signs anything. */
function publicMember(key: SigningKey, where: string): string {
  try {
    const { x } = privateKeyObject(key).export({ format: 'jwk' });
    if (x === undefined || x !== key.privateJwk.x) throw new Error('its halves do not match');
    return x;
  } catch (error) {
    throw invalid(`${where} is not a usable Ed25519 key: ${errorMessage(error)}`);
  }
}

export function privateKeyObject(key: SigningKey): KeyObject {
  return createPrivateKey({ key: { ...key.privateJwk }, format: 'jwk' });
}

/** The key that new tokens or ciphertexts of this use are made with. */
export function currentKey(keyring: Keyring, use: 'sign'): SigningKey;
export function currentKey(keyring: Keyring, use: 'refresh' | 'encrypt'): SecretKey;
export function currentKey(keyring: Keyring, use: KeyUse): KeyringKey {
  const key = keyring.keys.find(candidate => candidate.use === use && candidate.status === 'current');
  if (key === undefined) throw invalid(`it has no current key for "${use}"`);
  return key;
}

/** A public key as published (RFC 7517 section 5). */
export interface PublicJwk {
  readonly kty: 'OKP';
  readonly crv: 'Ed25519';
  readonly x: string;
  readonly kid: string;
  readonly use: 'sig';
  readonly alg: 'EdDSA';
}

/** The JSON Web Key Set: every signing key that a verifier may meet, those of the future included. */
export function jwks(keyring: Keyring): { readonly keys: readonly PublicJwk[] } {
  const keys = keyring.keys.filter(key => key.use === 'sign');
  return {
    keys: keys.map(({ kid, privateJwk: { kty, crv, x } }) => ({
      kty,
      crv,
      x,
      kid,
      use: 'sig',
      alg: 'EdDSA',
    })),
  };
}

function invalid(why: string): HoldfastError {
  return new HoldfastError(
    'keyring_invalid',
    `The keyring is not usable: ${why}. Restore the file from its backup; a new one would end every session.`,
  );
}
