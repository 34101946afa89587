import assert from 'node:assert/strict';
import { createHmac, createPublicKey } from 'node:crypto';
import { test } from 'node:test';
import { type ErrorCode, isHoldfastError, newId, systemClock } from '@holdfast/core';
import { type JWTPayload, SignJWT } from 'jose';
import { type AccessTokens, createAccessTokens } from './access-token.ts';
import { currentKey, generateKeyring, type Keyring, privateKeyObject } from './keyring.ts';
import { prepareNextKey, rotateKey } from './keyring-rotation.ts';

const ISSUER = 'https://auth.example.com';
const NOW = 1_795_000_000_000;
const subject = { userId: newId(), sessionId: newId(), clientId: 'web', roles: ['user'], amr: ['pwd'] };

function tokensAt(keyring: Keyring, now: { value: number } = { value: NOW }): AccessTokens {
  return createAccessTokens({
    keyring: () => keyring,
    issuer: ISSUER,
    audience: 'holdfast',
    ttlMs: 900_000,
    clock: { now: () => now.value },
  });
}

const keyring = generateKeyring(systemClock);
const signing = currentKey(keyring, 'sign');
const standardClaims: JWTPayload = {
  iss: ISSUER,
  aud: 'holdfast',
  sub: subject.userId,
  sid: subject.sessionId,
  jti: newId(),
  client_id: 'web',
  iat: NOW / 1_000,
  exp: NOW / 1_000 + 900,
};

function sign(claims: JWTPayload, header: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: signing.kid, ...header })
    .sign(privateKeyObject(signing));
}

async function refused(token: string, code: ErrorCode = 'token_invalid'): Promise<void> {
  await assert.rejects(
    tokensAt(keyring).verify(token),
    (error: unknown) => isHoldfastError(error, code),
    token,
  );
}

function encode(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url');
}

test('an issued token verifies with all its claims, the second time from the cache', async () => {
  const tokens = tokensAt(keyring);
  const { token, expiresAt } = await tokens.issue(subject);
  assert.equal(expiresAt, NOW + 900_000);
  assert.equal(tokens.verifyCached(token), undefined);
  const claims = await tokens.verify(token);
  assert.deepEqual({ ...claims, tokenId: '' }, { ...subject, tokenId: '', issuedAt: NOW, expiresAt });
  assert.equal(tokens.verifyCached(token), claims);
});

test('a cached token stops verifying when it expires', async () => {
  const now = { value: NOW };
  const tokens = tokensAt(keyring, now);
  const { token } = await tokens.issue(subject);
  await tokens.verify(token);
  now.value = NOW + 900_000 + 31_000;
  assert.equal(tokens.verifyCached(token), undefined);
  await assert.rejects(tokens.verify(token), (error: unknown) => isHoldfastError(error, 'token_expired'));
});

test('11 alg none and algorithms off the list are refused', async () => {
  const body = encode(standardClaims);
  await refused(`${encode({ alg: 'none', typ: 'at+jwt' })}.${body}.`);
  await refused(`${encode({ alg: 'none', typ: 'at+jwt', kid: signing.kid })}.${body}.`);
  await refused(`${encode({ alg: 'ES256', typ: 'at+jwt', kid: signing.kid })}.${body}.AAAA`);
});

test('12 a MAC made with the public key is refused', async () => {
  const publicKey = createPublicKey(privateKeyObject(signing));
  for (const secret of [
    publicKey.export({ type: 'spki', format: 'pem' }),
    Buffer.from(signing.privateJwk.x, 'base64url'),
  ]) {
    const input = `${encode({ alg: 'HS256', typ: 'at+jwt', kid: signing.kid })}.${encode(standardClaims)}`;
    await refused(`${input}.${createHmac('sha256', secret).update(input).digest('base64url')}`);
  }
});

test('13 keys and key addresses in the header are never used', async () => {
  const attacker = currentKey(generateKeyring(systemClock), 'sign');
  const { x, crv, kty } = attacker.privateJwk;
  for (const header of [
    { jwk: { x, crv, kty } },
    { jku: 'http://127.0.0.1/jwks' },
    { x5u: 'http://127.0.0.1/cert' },
  ]) {
    const forged = await new SignJWT(standardClaims)
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: attacker.kid, ...header })
      .sign(privateKeyObject(attacker));
    await refused(forged);
  }
});

test('14 another typ is refused', async () => {
  await refused(await sign(standardClaims, { typ: 'JWT' }));
  await refused(await sign(standardClaims, { typ: undefined }));
});

test('15 audience, issuer, expiry and not-before are checked with at most 30 s of skew', async () => {
  const seconds = NOW / 1_000;
  await refused(await sign({ ...standardClaims, aud: 'another' }));
  await refused(await sign({ ...standardClaims, iss: 'https://evil.example.com' }));
  await refused(await sign({ ...standardClaims, exp: seconds - 31 }), 'token_expired');
  await refused(await sign({ ...standardClaims, nbf: seconds + 31 }));
  await refused(await sign({ ...standardClaims, iat: seconds + 31 }));
  for (const claim of ['sub', 'sid', 'jti', 'exp', 'iat', 'client_id']) {
    await refused(await sign({ ...standardClaims, [claim]: undefined }));
  }
  for (const within of [{ exp: seconds - 29 }, { nbf: seconds + 29 }, { iat: seconds + 29 }]) {
    await tokensAt(keyring).verify(await sign({ ...standardClaims, ...within }));
  }
});

test('16 a retiring key still verifies; a removed one does not, not even from the cache', async () => {
  let live = prepareNextKey(keyring, 'sign', systemClock);
  const tokens = createAccessTokens({
    keyring: () => live,
    issuer: ISSUER,
    audience: 'holdfast',
    ttlMs: 900_000,
    clock: { now: () => NOW },
  });
  const { token } = await tokens.issue(subject);
  live = rotateKey(live, 'sign', systemClock);
  await tokens.verify(token);
  assert.notEqual((await tokens.issue(subject)).token.split('.')[0], token.split('.')[0]);
  live = { ...live, keys: live.keys.filter(key => key.use !== 'sign' || key.status !== 'retiring') };
  assert.equal(tokens.verifyCached(token), undefined);
  await assert.rejects(tokens.verify(token), (error: unknown) => isHoldfastError(error, 'token_invalid'));
});

test('garbage is refused without a crash', async () => {
  for (const token of [
    '',
    '.',
    '..',
    'a.b.c',
    `${'x'.repeat(9_000)}`,
    '\u0000',
    'é.é.é',
    `${encode([])}.${encode(1)}.x`,
  ]) {
    await refused(token);
  }
});
