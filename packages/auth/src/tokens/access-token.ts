import { createPublicKey, hash, type KeyObject, sign } from 'node:crypto';
import { type Clock, HoldfastError, newId } from '@holdfast/core';
import { type JWTHeaderParameters, type JWTPayload, errors as joseErrors, jwtVerify } from 'jose';
import { currentKey, type Keyring, privateKeyObject, type SigningKey } from './keyring.ts';

/** Who an access token stands for. */
export interface AccessSubject {
  readonly userId: string;
  readonly sessionId: string;
  readonly clientId: string;
  readonly roles: readonly string[];
  /** Authentication methods (RFC 8176), such as `pwd` or `otp`. */
  readonly amr: readonly string[];
  /** When the person authenticated, for tokens that are issued upon that. Milliseconds since the epoch. */
  readonly authenticatedAt?: number | undefined;
}

/** A verified access token. Times are in milliseconds since the epoch. */
export interface AccessClaims extends AccessSubject {
  readonly tokenId: string;
  readonly issuedAt: number;
  readonly expiresAt: number;
}

export interface AccessTokenOptions {
  /** Called at every use, so that a reloaded keyring takes effect at once. */
  readonly keyring: () => Keyring;
  readonly issuer: string;
  readonly audience: string;
  readonly ttlMs: number;
  readonly clock: Pick<Clock, 'now'>;
  /** How many verified tokens are remembered; 0 switches the cache off. */
  readonly cacheSize?: number;
}

export interface AccessTokens {
  /** Signs a token (RFC 9068 profile) with the current key. `at` is the time of issue, by default the clock's. */
  issue(subject: AccessSubject, at?: number): Promise<{ readonly token: string; readonly expiresAt: number }>;
  /**
   * Verifies signature, `typ`, issuer, audience and times from the keyring alone. Knows nothing of revocation.
   * @throws HoldfastError `token_expired` or `token_invalid`.
   */
  verify(token: string): Promise<AccessClaims>;
  /** The claims when this very token was verified before and is still valid; spares the caller a promise. */
  verifyCached(token: string): AccessClaims | undefined;
}

const TYPE = 'at+jwt';
const CLOCK_TOLERANCE_S = 30;
const MAX_TOKEN_LENGTH = 8_192;
const DEFAULT_CACHE_SIZE = 50_000;

export function createAccessTokens(options: AccessTokenOptions): AccessTokens {
  const cache = createClaimsCache(options.cacheSize ?? DEFAULT_CACHE_SIZE, options.clock);
  const keys = createKeyMaterial(options.keyring, cache.clear);
  return {
    issue: async (subject, at) => issueToken(options, keys(), subject, at ?? options.clock.now()),
    verifyCached: token => {
      keys();
      return cache.get(token);
    },
    verify: async token => {
      const material = keys();
      const known = cache.get(token);
      if (known !== undefined) return known;
      const claims = await verifyToken(options, material, token);
      cache.set(token, claims);
      return claims;
    },
  };
}

interface KeyMaterial {
  readonly signing: { readonly kid: string; readonly key: KeyObject };
  readonly verifying: ReadonlyMap<string, KeyObject>;
}

/** Imports the keys once per keyring. What was verified under a former keyring is forgotten with it. */
function createKeyMaterial(keyring: () => Keyring, onChange: () => void): () => KeyMaterial {
  let loaded: { readonly from: Keyring; readonly material: KeyMaterial } | undefined;
  return () => {
    const latest = keyring();
    if (loaded?.from !== latest) {
      onChange();
      loaded = { from: latest, material: importKeys(latest) };
    }
    return loaded.material;
  };
}

function importKeys(keyring: Keyring): KeyMaterial {
  const current = currentKey(keyring, 'sign');
  const signingKeys = keyring.keys.filter((key): key is SigningKey => key.use === 'sign');
  return {
    signing: { kid: current.kid, key: privateKeyObject(current) },
    verifying: new Map(signingKeys.map(key => [key.kid, createPublicKey(privateKeyObject(key))])),
  };
}

function issueToken(
  options: AccessTokenOptions,
  { signing }: KeyMaterial,
  subject: AccessSubject,
  at: number,
): { token: string; expiresAt: number } {
  const issuedAt = Math.floor(at / 1_000);
  const expiresAt = issuedAt + Math.ceil(options.ttlMs / 1_000);
  const token = signCompact(signing, {
    sid: subject.sessionId,
    client_id: subject.clientId,
    roles: subject.roles,
    amr: subject.amr,
    ...(subject.authenticatedAt === undefined
      ? {}
      : { auth_time: Math.floor(subject.authenticatedAt / 1_000) }),
    iss: options.issuer,
    aud: options.audience,
    sub: subject.userId,
    jti: newId(),
    iat: issuedAt,
    exp: expiresAt,
  });
  return { token, expiresAt: expiresAt * 1_000 };
}

/**
 * JWS compact serialization (RFC 7515 section 7.1), with EdDSA (RFC 8037 section 3.1). On this thread: an Ed25519
 * signature takes less time than the way to another thread and back.
 */
function signCompact({ kid, key }: KeyMaterial['signing'], payload: JWTPayload): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url');
  const input = `${encode({ alg: 'EdDSA', typ: TYPE, kid })}.${encode(payload)}`;
  return `${input}.${sign(null, Buffer.from(input), key).toString('base64url')}`;
}

async function verifyToken(
  options: AccessTokenOptions,
  keys: KeyMaterial,
  token: string,
): Promise<AccessClaims> {
  if (token.length > MAX_TOKEN_LENGTH) throw invalidToken('it is too long');
  try {
    const { payload } = await jwtVerify(token, header => verificationKey(keys, header), {
      algorithms: ['EdDSA'],
      typ: TYPE,
      issuer: options.issuer,
      audience: options.audience,
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: new Date(options.clock.now()),
      requiredClaims: ['sub', 'sid', 'jti', 'iat', 'exp', 'client_id'],
    });
    return readClaims(payload, options.clock.now());
  } catch (error) {
    if (error instanceof joseErrors.JWTExpired) {
      throw new HoldfastError('token_expired', 'The access token has expired; refresh it.', { cause: error });
    }
    throw error instanceof HoldfastError ? error : invalidToken('it does not verify', error);
  }
}

/** Only `kid` chooses the key; `jku`, `x5u` and `jwk` in a header are never looked at (RFC 8725 section 3.10). */
function verificationKey(keys: KeyMaterial, header: JWTHeaderParameters): KeyObject {
  const key = header.kid === undefined ? undefined : keys.verifying.get(header.kid);
  if (key === undefined) throw invalidToken('its key is not known here');
  return key;
}

function readClaims(payload: JWTPayload, now: number): AccessClaims {
  const { sub, sid, jti, iat, exp, client_id: clientId, roles, amr, auth_time: authTime } = payload;
  if (typeof sub !== 'string' || typeof sid !== 'string' || typeof jti !== 'string') {
    throw invalidToken('a claim has the wrong type');
  }
  if (typeof iat !== 'number' || typeof exp !== 'number' || typeof clientId !== 'string') {
    throw invalidToken('a claim has the wrong type');
  }
  if (iat * 1_000 > now + CLOCK_TOLERANCE_S * 1_000) throw invalidToken('it was issued in the future');
  return {
    userId: sub,
    sessionId: sid,
    clientId,
    roles: textList(roles),
    amr: textList(amr),
    tokenId: jti,
    issuedAt: iat * 1_000,
    expiresAt: exp * 1_000,
    ...(typeof authTime === 'number' ? { authenticatedAt: authTime * 1_000 } : {}),
  };
}

function textList(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter(item => typeof item === 'string') : [];
}

interface ClaimsCache {
  get(token: string): AccessClaims | undefined;
  set(token: string, claims: AccessClaims): void;
  clear(): void;
}

/** Remembers verified tokens by hash until they expire; the oldest goes when it is full. */
function createClaimsCache(size: number, clock: Pick<Clock, 'now'>): ClaimsCache {
  const entries = new Map<string, AccessClaims>();
  const digest = (token: string): string => hash('sha256', token, 'base64');
  return {
    get: token => {
      const key = digest(token);
      const claims = entries.get(key);
      if (claims === undefined || claims.expiresAt > clock.now()) return claims;
      entries.delete(key);
      return undefined;
    },
    set: (token, claims) => {
      if (size === 0) return;
      if (entries.size >= size) {
        const oldest = entries.keys().next();
        if (oldest.done !== true) entries.delete(oldest.value);
      }
      entries.set(digest(token), claims);
    },
    clear: () => entries.clear(),
  };
}

function invalidToken(why: string, cause?: unknown): HoldfastError {
  return new HoldfastError('token_invalid', `The access token is not valid: ${why}.`, { cause });
}
