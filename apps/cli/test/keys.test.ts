import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import { encryptField, fieldContext } from '@holdfast/auth';
import {
  ensureKeyring,
  generateKeyring,
  JWKS_MAX_AGE_S,
  type Keyring,
  type KeyUse,
  keyringPath,
  loadKeyring,
  registerKeys,
  writeKeyring,
} from '@holdfast/auth/tokens';
import { newId, systemClock } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import { testDatabase } from '@holdfast/testing';
import { runHoldfast, runHoldfastJson } from './run-command-line.ts';

const database = await testDatabase();
after(() => database.close());
const { pool } = database;

let home: string;
before(async () => {
  home = await mkdtemp(join(tmpdir(), 'hf-keys-'));
});
after(() => rm(home, { recursive: true }));
beforeEach(async () => {
  await rm(keyringPath(home), { force: true });
  await ensureKeyring(home, systemClock);
  await pool.execute(sql`delete from signing_keys`);
});

const variables = () => ({ DATABASE_URL: database.url, HOLDFAST_HOME: home });
const run = (...args: string[]) => runHoldfast(['keys', ...args], variables());
const keyring = (): Promise<Keyring> => loadKeyring({ home });
const statuses = async (use: KeyUse): Promise<string[]> =>
  (await keyring()).keys.filter(key => key.use === use).map(key => key.status);

/** Makes every next key look as if it had been published long ago. */
async function ageNextKeys(ms: number): Promise<void> {
  const { keys } = await keyring();
  const createdAt = new Date(Date.now() - ms).toISOString();
  await writeKeyring(keyringPath(home), {
    version: 1,
    keys: keys.map(key => (key.status === 'next' ? { ...key, createdAt } : key)),
  });
}

for (const [use, promise] of [
  ['sign', /Nobody is logged out\. Access tokens signed with \S+ stay valid until they expire, within 15m/],
  ['refresh', /Nobody is logged out\. Refresh tokens made with \S+ stay valid .* revoke it after 7d/],
  ['encrypt', /stays readable and is re-encrypted in the background/],
] as const) {
  test(`${use}: rotate needs a next key that has been published for long enough, and says what happens`, async () => {
    assert.equal((await run('rotate', '--use', use)).code, 1);
    assert.equal((await run('prepare', '--use', use)).code, 0);
    const early = await run('rotate', '--use', use);
    assert.equal(early.code, 1);
    assert.match(early.stderr, /was published only 0 s ago/);
    assert.deepEqual(await statuses(use), ['current', 'next']);
    await ageNextKeys(JWKS_MAX_AGE_S * 1_000);
    const rotated = await run('rotate', '--use', use);
    assert.equal(rotated.code, 0);
    assert.match(rotated.stdout, promise);
    assert.deepEqual(await statuses(use), ['retiring', 'current', 'next']);
  });
}

test('--force rotates at once', async () => {
  await run('prepare');
  assert.equal((await run('rotate', '--force')).code, 0);
  assert.deepEqual(await statuses('sign'), ['retiring', 'current', 'next']);
});

test('revoke tells how many sessions end, does nothing without --yes, and notes it in the database', async () => {
  const userId = newId();
  const sessionId = newId();
  await pool.execute(sql`insert into users (id, email) values (${userId}, ${`${userId}@example.com`})`);
  await pool.execute(sql`
    insert into sessions (id, user_id, client_id, amr, expires_at)
    values (${sessionId}, ${userId}, 'test', '{pwd}', now() + interval '1 day')
  `);
  await pool.execute(sql`
    insert into refresh_tokens (session_id, user_id, expires_at, absolute_expires_at)
    values (${sessionId}, ${userId}, now() + interval '1 day', now() + interval '1 day')
  `);
  await run('prepare', '--use', 'refresh');
  await run('rotate', '--use', 'refresh', '--force');
  await registerKeys(pool, await keyring());
  const kid = (await keyring()).keys.find(key => key.status === 'retiring')?.kid ?? '';
  const asked = await run('revoke', kid);
  assert.equal(asked.code, 1);
  assert.match(asked.stdout, /Up to 1 live session ends: their users sign in again\.\nNothing was changed/);
  assert.deepEqual(await statuses('refresh'), ['retiring', 'current', 'next']);
  assert.equal((await run('revoke', kid, '--yes')).code, 0);
  assert.deepEqual(await statuses('refresh'), ['current', 'next']);
  const row = await pool.one(sql<{ status: string }>`select status from signing_keys where kid = ${kid}`);
  assert.equal(row.status, 'revoked');
});

test('a leaked key can be revoked while the database is down', async () => {
  await run('prepare');
  await run('rotate', '--force');
  const kid = (await keyring()).keys.find(key => key.status === 'retiring')?.kid ?? '';
  const down = { DATABASE_URL: 'postgresql://nobody@127.0.0.1:1/none', HOLDFAST_HOME: home };
  const { code, stderr } = await runHoldfast(['keys', 'revoke', kid, '--yes'], down);
  assert.equal(code, 0);
  assert.match(stderr, /the database was not asked/);
  assert.deepEqual(await statuses('sign'), ['current', 'next']);
});

test('the current key cannot be revoked', async () => {
  const kid = (await keyring()).keys.find(key => key.use === 'sign')?.kid ?? '';
  const { code, stderr } = await run('revoke', kid, '--yes');
  assert.equal(code, 1);
  assert.match(stderr, /Rotate first/);
});

interface Check {
  readonly ok: boolean;
  readonly tables: readonly { fields: number; failures: number; missingKeys: readonly string[] }[];
  readonly rowsUnderFormerKeys: Readonly<Record<string, number>>;
  readonly lost: readonly { kid: string }[];
}

test('check decrypts every field and notices a keyring that was replaced', async () => {
  const id = newId();
  const ring = await keyring();
  const context = fieldContext('oauth_providers', 'client_secret_encrypted', id);
  const { ciphertext, keyId } = encryptField(ring, 'secret', context);
  await pool.execute(sql`
    insert into oauth_providers (id, slug, kind, display_name, client_secret_encrypted, encryption_key_id)
    values (${id}, 'test', 'oidc', 'Test', ${ciphertext}, ${keyId})
  `);
  await registerKeys(pool, ring);
  const check = () => runHoldfastJson<Check>(['keys', 'check'], variables());
  const good = await check();
  assert.equal(good.code, 0);
  assert.deepEqual(
    good.result.tables.map(({ fields, failures }) => [fields, failures]),
    [
      [1, 0],
      [0, 0],
    ],
  );
  await run('prepare', '--use', 'encrypt');
  await run('rotate', '--use', 'encrypt', '--force');
  assert.deepEqual((await check()).result.rowsUnderFormerKeys, { [keyId]: 1 });
  const described = await run('revoke', keyId);
  assert.match(described.stdout, /can never be read again, not from a backup either\. 1 row needs it\./);

  await writeKeyring(keyringPath(home), generateKeyring(systemClock));
  const bad = await check();
  assert.equal(bad.code, 1);
  assert.deepEqual(bad.result.tables[0]?.missingKeys, [keyId]);
  assert.deepEqual(new Set(bad.result.lost.map(({ kid }) => kid)), new Set(ring.keys.map(({ kid }) => kid)));
  await pool.execute(sql`delete from oauth_providers where id = ${id}`);
});

test('the list shows no secret', async () => {
  const { stdout } = await run('list');
  const text = await readFile(keyringPath(home), 'utf8');
  for (const [, secret] of text.matchAll(/"(?:secret|d)": "([^"]+)"/g)) {
    assert.equal(stdout.includes(String(secret)), false);
  }
  assert.equal(stdout.trim().split('\n').length, 3);
});

test('a damaged keyring is refused and left alone', async () => {
  await writeFile(keyringPath(home), '{', { mode: 0o600 });
  assert.equal((await run('prepare')).code, 2);
  assert.equal(await readFile(keyringPath(home), 'utf8'), '{');
});
