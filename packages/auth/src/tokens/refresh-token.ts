import { createHmac, timingSafeEqual } from 'node:crypto';
import { HoldfastError } from '@holdfast/core';
import { currentKey, type Keyring, type SecretKey } from './keyring.ts';

/**
 * What a refresh token says of itself. It authenticates itself by a MAC under the keyring, so after a restore a genuine
 * token is recognised although the database does not know it yet.
 */
export interface RefreshClaims {
  /** The refresh token family; also the id of its session. */
  readonly familyId: string;
  /** 0 at login, one more with every rotation. */
  readonly generation: number;
  readonly userId: string;
  /** Milliseconds since the epoch. */
  readonly issuedAt: number;
  /** Milliseconds since the epoch; the same in every token of the family. */
  readonly absoluteExpiry: number;
}

const PREFIX = 'hf_rt_';
const VERSION = 1;
const MAC_BYTES = 32;
const OFFSET = {
  version: 0,
  keyId: 1,
  family: 7,
  generation: 23,
  user: 27,
  issuedAt: 43,
  expiry: 49,
  mac: 55,
} as const;
const TOKEN_BYTES = OFFSET.mac + MAC_BYTES;
const ENCODED_LENGTH = PREFIX.length + (TOKEN_BYTES / 3) * 4;

/**
 * Encodes claims as `hf_rt_` + base64url(version, key id, family, generation, user, issued-at, absolute expiry, MAC).
 * The same claims under the same key give the same token: that is what makes rotation idempotent.
 */
export function encodeRefreshToken(keyring: Keyring, claims: RefreshClaims): string {
  const key = currentKey(keyring, 'refresh');
  const bytes = Buffer.alloc(TOKEN_BYTES);
  bytes.writeUInt8(VERSION, OFFSET.version);
  keyTag(key).copy(bytes, OFFSET.keyId);
  uuidBytes(claims.familyId).copy(bytes, OFFSET.family);
  bytes.writeUInt32BE(claims.generation, OFFSET.generation);
  uuidBytes(claims.userId).copy(bytes, OFFSET.user);
  bytes.writeUIntBE(claims.issuedAt, OFFSET.issuedAt, 6);
  bytes.writeUIntBE(claims.absoluteExpiry, OFFSET.expiry, 6);
  mac(key, bytes).copy(bytes, OFFSET.mac);
  return PREFIX + bytes.toString('base64url');
}

/**
 * Decodes a token after checking its MAC in constant time. Says nothing about expiry or revocation.
 * @throws HoldfastError `token_invalid` for anything that this keyring did not make.
 */
export function decodeRefreshToken(keyring: Keyring, token: string): RefreshClaims {
  if (token.length !== ENCODED_LENGTH || !token.startsWith(PREFIX)) throw notGenuine();
  const bytes = Buffer.from(token.slice(PREFIX.length), 'base64url');
  if (bytes.length !== TOKEN_BYTES || bytes.readUInt8(OFFSET.version) !== VERSION) throw notGenuine();
  const tag = bytes.subarray(OFFSET.keyId, OFFSET.family);
  const key = refreshKeys(keyring).find(candidate => keyTag(candidate).equals(tag));
  if (key === undefined || !timingSafeEqual(mac(key, bytes), bytes.subarray(OFFSET.mac))) throw notGenuine();
  return {
    familyId: uuidText(bytes.subarray(OFFSET.family, OFFSET.generation)),
    generation: bytes.readUInt32BE(OFFSET.generation),
    userId: uuidText(bytes.subarray(OFFSET.user, OFFSET.issuedAt)),
    issuedAt: bytes.readUIntBE(OFFSET.issuedAt, 6),
    absoluteExpiry: bytes.readUIntBE(OFFSET.expiry, 6),
  };
}

/**
 * The beginning of the id of the key that a token claims to be made with; undefined for what does not look like a token.
 * Nothing about it has been verified.
 */
export function claimedKeyTag(token: string): string | undefined {
  if (token.length !== ENCODED_LENGTH || !token.startsWith(PREFIX)) return undefined;
  const bytes = Buffer.from(token.slice(PREFIX.length), 'base64url');
  return bytes.subarray(OFFSET.keyId, OFFSET.family).toString('base64url');
}

function refreshKeys(keyring: Keyring): SecretKey[] {
  return keyring.keys.filter((key): key is SecretKey => key.use === 'refresh');
}

/** Six bytes of the key id, to find the key that made a token; not a security boundary. */
function keyTag(key: SecretKey): Buffer {
  return Buffer.from(key.kid, 'base64url').subarray(0, OFFSET.family - OFFSET.keyId);
}

function mac(key: SecretKey, bytes: Buffer): Buffer {
  return createHmac('sha256', Buffer.from(key.secret, 'base64url'))
    .update('holdfast refresh token\0')
    .update(bytes.subarray(0, OFFSET.mac))
    .digest();
}

function uuidBytes(id: string): Buffer {
  return Buffer.from(id.replaceAll('-', ''), 'hex');
}

function uuidText(bytes: Buffer): string {
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

function notGenuine(): HoldfastError {
  return new HoldfastError('token_invalid', 'The refresh token is not one that this system issued.');
}
