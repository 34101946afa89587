import { createPublicKey, verify as cryptoVerify, type KeyObject } from 'node:crypto';
import { createRequire } from 'node:module';
import { createAccessTokens, generateKeyring, jwks, type Keyring } from '@holdfast/auth/tokens';
import { newId, systemClock } from '@holdfast/core';
import { alternate, type Benchmark, type Side, summarize, type Target } from './lib/benchmark.ts';

const TOKENS = 1_000;
const SECONDS = 2;
/** How many verifications happen between two looks at the clock. */
const BATCH = 100;
const ISSUER = 'http://bench.local';
const AUDIENCE = 'bench';

const CACHED = 'Holdfast, seen before';
const UNCACHED = 'Holdfast, never seen';
const CRYPTO = 'node:crypto verify, signature alone';
const FAST_JWT_CACHED = 'fast-jwt with cache';
const FAST_JWT = 'fast-jwt without cache';

const TARGETS: readonly Target[] = [
  { side: CACHED, baseline: FAST_JWT_CACHED, target: '≥ 1 (seen before)' },
  { side: UNCACHED, baseline: FAST_JWT, target: 'for orientation (never seen)' },
  { side: UNCACHED, baseline: CRYPTO, target: 'for orientation (never seen)' },
];

/** Verifying Ed25519 access tokens in one process on one core. */
export const verification: Benchmark = {
  name: 'verification',
  run: async ({ rounds, progress }) => {
    const keyring = generateKeyring(systemClock);
    const tokens = await issueTokens(keyring);
    const sides = createSides(keyring, tokens);
    for (const { measure } of sides) await measure();
    const samples = await alternate(sides, rounds, progress);
    const notes = [
      `${TOKENS} different tokens in turn for ${SECONDS} s a measurement; signature, typ (Holdfast alone), issuer, audience and times are checked, by node:crypto the signature alone.`,
      'Cached, both sides hash the token and still check that it has not expired.',
    ];
    return summarize({ benchmark: 'verification', unit: 'per second', rounds, notes }, samples, TARGETS);
  },
};

function accessTokens(keyring: Keyring, cacheSize: number) {
  return createAccessTokens({
    keyring: () => keyring,
    issuer: ISSUER,
    audience: AUDIENCE,
    ttlMs: 3_600_000,
    clock: systemClock,
    cacheSize,
  });
}

async function issueTokens(keyring: Keyring): Promise<string[]> {
  const issuer = accessTokens(keyring, 0);
  const issue = async (): Promise<string> => {
    const subject = { userId: newId(), sessionId: newId(), clientId: 'web', roles: ['user'], amr: ['pwd'] };
    return (await issuer.issue(subject)).token;
  };
  return Promise.all(Array.from({ length: TOKENS }, issue));
}

function createSides(keyring: Keyring, tokens: readonly string[]): Side[] {
  const cached = accessTokens(keyring, TOKENS * 2);
  const uncached = accessTokens(keyring, 0);
  const { x } = jwks(keyring).keys[0] ?? {};
  const key = createPublicKey({
    key: { kty: 'OKP', crv: 'Ed25519', ...(x === undefined ? {} : { x }) },
    format: 'jwk',
  });
  const pem = key.export({ type: 'spki', format: 'pem' }).toString();
  const checks = { key: pem, algorithms: ['EdDSA' as const], allowedIss: ISSUER, allowedAud: AUDIENCE };
  const createVerifier = loadFastJwt();
  const fast = createVerifier({ ...checks, cache: false });
  const fastCached = createVerifier({ ...checks, cache: TOKENS * 2 });
  const verifyCached = (token: string): unknown => cached.verifyCached(token) ?? cached.verify(token);
  return [
    { name: CACHED, measure: () => perSecond(tokens, verifyCached) },
    { name: FAST_JWT_CACHED, measure: () => perSecond(tokens, token => fastCached(token)) },
    { name: UNCACHED, measure: () => perSecond(tokens, token => uncached.verify(token)) },
    { name: FAST_JWT, measure: () => perSecond(tokens, token => fast(token)) },
    { name: CRYPTO, measure: () => perSecond(tokens, token => verifySignature(key, token)) },
  ];
}

function verifySignature(key: KeyObject, token: string): boolean {
  const end = token.lastIndexOf('.');
  const signature = Buffer.from(token.slice(end + 1), 'base64url');
  if (cryptoVerify(null, Buffer.from(token.slice(0, end)), key, signature)) return true;
  throw new Error('the signature does not fit');
}

/** Awaits only what is a promise: a side that answers at once is not slowed down. */
async function perSecond(tokens: readonly string[], check: (token: string) => unknown): Promise<number> {
  const startedAt = performance.now();
  let done = 0;
  while (performance.now() - startedAt < SECONDS * 1_000) {
    for (let index = 0; index < BATCH; index += 1, done += 1) {
      const result = check(tokens[done % tokens.length] ?? '');
      if (result instanceof Promise) await result;
    }
  }
  return (done * 1_000) / (performance.now() - startedAt);
}

/** The peer is installed in bench/ alone, so neither its types nor the module are there for everybody. */
function loadFastJwt(): (options: object) => (token: string) => unknown {
  const module = createRequire(import.meta.url)('./peers/fast-jwt.js') as {
    readonly createVerifier: (options: object) => (token: string) => unknown;
  };
  return module.createVerifier;
}
