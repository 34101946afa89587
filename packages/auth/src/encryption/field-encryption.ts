import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { HoldfastError } from '@holdfast/core';
import { currentKey, type Keyring, type SecretKey } from '../tokens/index.ts';

/** A field as it is stored: ciphertext, and the id of its key in a column of its own, so that old keys can be found. */
export interface EncryptedField {
  readonly ciphertext: Buffer;
  readonly keyId: string;
}

const VERSION = 1;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const HEADER_BYTES = 1 + NONCE_BYTES + TAG_BYTES;

/**
 * Encrypts a field with AES-256-GCM under the keyring's current key (NIST SP 800-38D, random 96-bit nonce). `context`
 * names the place, such as `oauth_accounts.refresh_token:<row id>`: a ciphertext moved elsewhere does not decrypt.
 */
export function encryptField(keyring: Keyring, plaintext: string, context: string): EncryptedField {
  const key = currentKey(keyring, 'encrypt');
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', keyBytes(key), nonce).setAAD(Buffer.from(context));
  const body = Buffer.concat([cipher.update(plaintext, 'utf8'), cipher.final()]);
  return {
    ciphertext: Buffer.concat([Buffer.from([VERSION]), nonce, cipher.getAuthTag(), body]),
    keyId: key.kid,
  };
}

/**
 * Decrypts a field. @throws HoldfastError `field_undecryptable` when its key is not in the keyring or the ciphertext was
 * changed or moved. The key has to be put back: making a new one loses the field.
 */
export function decryptField(
  keyring: Keyring,
  { ciphertext, keyId }: EncryptedField,
  context: string,
): string {
  const key = keyring.keys.find((item): item is SecretKey => item.kid === keyId && item.use === 'encrypt');
  if (key === undefined) throw undecryptable(context, `its key ${keyId} is not in the keyring`);
  if (ciphertext.length < HEADER_BYTES || ciphertext[0] !== VERSION)
    throw undecryptable(context, 'it is damaged');
  const nonce = ciphertext.subarray(1, 1 + NONCE_BYTES);
  const decipher = createDecipheriv('aes-256-gcm', keyBytes(key), nonce, { authTagLength: TAG_BYTES })
    .setAAD(Buffer.from(context))
    .setAuthTag(ciphertext.subarray(1 + NONCE_BYTES, HEADER_BYTES));
  try {
    return Buffer.concat([decipher.update(ciphertext.subarray(HEADER_BYTES)), decipher.final()]).toString(
      'utf8',
    );
  } catch (error) {
    throw undecryptable(context, 'it was changed, moved, or made under another key', error);
  }
}

function keyBytes(key: SecretKey): Buffer {
  return Buffer.from(key.secret, 'base64url');
}

function undecryptable(context: string, why: string, cause?: unknown): HoldfastError {
  const message = `The encrypted field ${context} cannot be decrypted: ${why}. Put the missing key back into the keyring.`;
  return new HoldfastError('field_undecryptable', message, { cause });
}
