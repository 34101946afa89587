import { createHmac, timingSafeEqual } from 'node:crypto';
import { currentKey, type Keyring, type SecretKey } from '@holdfast/auth';

/**
 * The token that proves to the server that a request comes from a page which can read the site's cookies: a MAC over the
 * session id under the keyring, so that a cookie planted by a neighbouring site is of no use.
 */
export function csrfToken(keyring: Keyring, sessionId: string): string {
  return mac(currentKey(keyring, 'refresh'), sessionId).toString('base64url');
}

/** Whether a token is one of this session, under any key that is still in the keyring. In constant time for each key. */
export function isCsrfToken(keyring: Keyring, sessionId: string, token: string): boolean {
  const given = Buffer.from(token, 'base64url');
  const keys = keyring.keys.filter((key): key is SecretKey => key.use === 'refresh');
  return keys.some(key => {
    const expected = mac(key, sessionId);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}

function mac(key: SecretKey, sessionId: string): Buffer {
  return createHmac('sha256', Buffer.from(key.secret, 'base64url'))
    .update('holdfast csrf token\0')
    .update(sessionId)
    .digest();
}
