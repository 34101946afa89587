import assert from 'node:assert/strict';
import { readFile, writeFile } from 'node:fs/promises';
import { test } from 'node:test';
import { encodeRefreshToken, generateKeyring, keyringPath, prepareNextKey, rotateKey } from '@holdfast/auth';
import { systemClock } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import { eventually } from '@holdfast/testing';
import { decodeProtectedHeader } from 'jose';
import { type Pair, type Replica, startPair } from './support/replicas.ts';

const keysAt = async (at: Replica): Promise<string[]> =>
  (JSON.parse((await at.call('getJwks')).body) as { keys: { kid: string }[] }).keys.map(({ kid }) => kid);

const works = async (at: Replica, token: string): Promise<boolean> =>
  (await at.call('getMe', { token })).status === 200;

async function refresh(at: Replica, refreshToken: string) {
  const answer = await at.call('refresh', { body: { refreshToken } });
  assert.equal(answer.status, 200, answer.body);
  return JSON.parse(answer.body) as { accessToken: string; refreshToken: string };
}

const knownTo = async ({ database }: Pair, kid: string): Promise<string | undefined> => {
  const row = await database.pool.maybeOne(
    sql<{ status: string }>`select status from signing_keys where kid = ${kid}`,
  );
  return row?.status;
};

test('16: the next key is in the JWKS before it is used, and a rotation from replica to replica logs nobody out', async t => {
  const pair = await startPair(t);
  const { a, b, keyring, people } = pair;
  const [early, late] = [await people.person(), await people.person()];
  const prepared = prepareNextKey(prepareNextKey(keyring, 'sign', systemClock), 'refresh', systemClock);
  const next = prepared.keys.find(({ use, status }) => use === 'sign' && status === 'next')?.kid ?? '';
  await Promise.all([a.setKeyring(prepared), b.setKeyring(prepared)]);
  await eventually(async () => (await Promise.all([a, b].map(keysAt))).every(keys => keys.includes(next)));
  await eventually(async () => (await knownTo(pair, next)) === 'next');
  const before = await refresh(a, early.refreshToken);
  assert.notEqual(decodeProtectedHeader(before.accessToken).kid, next, 'published, but not used yet');
  // the new keyring has reached one replica and not yet the other
  const rotated = rotateKey(rotateKey(prepared, 'sign', systemClock), 'refresh', systemClock);
  await a.setKeyring(rotated);
  await eventually(async () => (await knownTo(pair, next)) === 'current');
  const fromNew = await refresh(a, before.refreshToken);
  assert.equal(decodeProtectedHeader(fromNew.accessToken).kid, next);
  const fromOld = await refresh(b, late.refreshToken);
  assert.notEqual(decodeProtectedHeader(fromOld.accessToken).kid, next);
  for (const token of [fromNew, fromOld, before, late, early].map(({ accessToken }) => accessToken)) {
    assert.deepEqual([await works(a, token), await works(b, token)], [true, true]);
  }
  const crossed = [await refresh(b, fromNew.refreshToken), await refresh(a, fromOld.refreshToken)];
  await b.setKeyring(rotated);
  await eventually(
    async () => (await keysAt(b)).length === rotated.keys.filter(({ use }) => use === 'sign').length,
  );
  for (const { accessToken, refreshToken } of crossed) {
    assert.deepEqual([await works(a, accessToken), await works(b, accessToken)], [true, true]);
    await refresh(b, refreshToken);
  }
  const old = decodeProtectedHeader(fromOld.accessToken).kid ?? '';
  assert.ok((await keysAt(a)).includes(old), 'the former key is kept');
  assert.match(String((await a.call('getJwks')).headers['cache-control']), /max-age=300/);
});

test('a keyring file that becomes unusable is reported once, and the last good one stays in use', async t => {
  const { a, people } = await startPair(t);
  const person = await people.person();
  const path = keyringPath(a.home);
  const good = await readFile(path, 'utf8');
  await writeFile(path, good.slice(0, -20));
  const reports = () =>
    a.log.lines().filter(({ msg }) => String(msg).startsWith('the keyring file is not usable'));
  await eventually(() => reports().length === 1);
  const { accessToken } = await refresh(a, person.refreshToken);
  assert.ok(await works(a, accessToken));
  await writeFile(path, good);
  await eventually(() => a.log.lines().some(({ msg }) => msg === 'keyring read again'));
  assert.equal(reports().length, 1);
  assert.ok(await works(a, accessToken));
});

test('another keyring put in place of the file is reported and not used: nobody is logged out', async t => {
  const { a, people } = await startPair(t);
  const person = await people.person();
  const mine = await readFile(keyringPath(a.home), 'utf8');
  const other = generateKeyring(systemClock);
  await a.setKeyring(other);
  await eventually(() =>
    a.log.lines().some(({ err }) => String((err as Error | undefined)?.message).includes('another keyring')),
  );
  const { accessToken } = await refresh(a, person.refreshToken);
  assert.ok(await works(a, accessToken));
  const expiry = Date.now() + 60_000;
  const claims = { generation: 0, userId: person.userId, issuedAt: Date.now(), absoluteExpiry: expiry };
  const foreign = encodeRefreshToken(other, { familyId: person.sessionId, ...claims });
  const refused = await a.call('refresh', { body: { refreshToken: foreign } });
  assert.deepEqual([refused.status, JSON.parse(refused.body).code], [401, 'token_invalid']);
  await writeFile(keyringPath(a.home), mine);
  await eventually(() => a.log.lines().some(({ msg }) => msg === 'keyring read again'));
  assert.ok(await works(a, accessToken), 'and the refusal has ended nothing');
});
