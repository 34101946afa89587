export {
  type AccessClaims,
  type AccessSubject,
  type AccessTokenOptions,
  type AccessTokens,
  createAccessTokens,
} from './access-token.ts';
export {
  currentKey,
  generateKeyring,
  jwks,
  type Keyring,
  type KeyringKey,
  type KeyStatus,
  type KeyUse,
  type PublicJwk,
  parseKeyring,
  type SecretKey,
} from './keyring.ts';
export { ensureKeyring, keyringPath, loadKeyring, writeKeyring } from './keyring-file.ts';
export { JWKS_MAX_AGE_S, prepareNextKey, revokeKey, rotateKey } from './keyring-rotation.ts';
export { type KeyringSource, type KeyringSourceOptions, openKeyring } from './keyring-source.ts';
export {
  claimedKeyTag,
  decodeRefreshToken,
  encodeRefreshToken,
  type RefreshClaims,
} from './refresh-token.ts';
export {
  countSessionsUnderKey,
  listRegisteredKeys,
  markKeyRevoked,
  type RegisteredKey,
  refreshKeyIsRevoked,
  registerKeys,
} from './signing-key-queries.ts';
