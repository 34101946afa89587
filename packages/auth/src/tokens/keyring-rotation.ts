import { type Clock, HoldfastError } from '@holdfast/core';
import { generateKey, type Keyring, type KeyringKey, type KeyUse } from './keyring.ts';

/** How long verifiers may keep the JWKS: a next key is used no earlier than this after it was published. */
export const JWKS_MAX_AGE_S = 300;

/**
 * Adds a `next` key, which is published but signs nothing, so that every verifier has it before it is used.
 * Nothing changes when there is one already.
 */
export function prepareNextKey(keyring: Keyring, use: KeyUse, clock: Pick<Clock, 'now'>): Keyring {
  if (keyring.keys.some(key => key.use === use && key.status === 'next')) return keyring;
  return { ...keyring, keys: [...keyring.keys, generateKey(use, 'next', clock)] };
}

/**
 * Makes the `next` key current and the current one retiring; prepares a new `next`. Nobody is logged out: a retiring
 * key still verifies until it is removed.
 * @throws HoldfastError `conflict` when no next key was prepared.
 */
export function rotateKey(keyring: Keyring, use: KeyUse, clock: Pick<Clock, 'now'>): Keyring {
  const next = keyring.keys.find(key => key.use === use && key.status === 'next');
  if (next === undefined) {
    throw new HoldfastError(
      'conflict',
      `There is no next key for "${use}" yet. Prepare one, wait until every verifier has fetched the JWKS, then rotate.`,
    );
  }
  const keys = keyring.keys.map((key): KeyringKey => {
    if (key === next) return { ...key, status: 'current' };
    return key.use === use && key.status === 'current' ? { ...key, status: 'retiring' } : key;
  });
  return prepareNextKey({ ...keyring, keys }, use, clock);
}

/**
 * Removes a key at once; everything made with it stops working.
 * @throws HoldfastError `not_found`, or `conflict` for a current key, which must be rotated away first.
 */
export function revokeKey(keyring: Keyring, kid: string): Keyring {
  const key = keyring.keys.find(candidate => candidate.kid === kid);
  if (key === undefined) throw new HoldfastError('not_found', `There is no key ${kid} in the keyring.`);
  if (key.status === 'current') {
    throw new HoldfastError('conflict', `Key ${kid} is the current one. Rotate first, then revoke it.`);
  }
  return { ...keyring, keys: keyring.keys.filter(candidate => candidate !== key) };
}
