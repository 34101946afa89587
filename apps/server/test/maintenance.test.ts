import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { decryptField, encryptField, fieldContext, prepareNextKey, rotateKey } from '@holdfast/auth';
import { newId, systemClock } from '@holdfast/core';
import { connect, sql, withAdvisoryLock } from '@holdfast/postgres';
import { eventually } from '@holdfast/testing';
import { type MaintenanceOptions, startMaintenance } from '../src/background/maintenance.ts';
import { createLogger } from '../src/index.ts';
import { type TestApp, testApp } from './support/test-app.ts';

const DAY_MS = 86_400_000;

function optionsFor(main: TestApp, more: Partial<MaintenanceOptions> = {}): MaintenanceOptions {
  return {
    pool: main.pool,
    databaseUrl: main.database.url,
    keyring: () => main.keyring,
    clock: systemClock,
    logger: createLogger({ level: 'debug', stream: main.log.stream }),
    refreshTtlMs: 7 * DAY_MS,
    accessTtlMs: 900_000,
    ...more,
  };
}

function maintenance(t: TestContext, options: MaintenanceOptions) {
  const started = startMaintenance(options);
  t.after(() => started.close());
  return started;
}

async function endedSession({ people, database }: TestApp, days: number): Promise<string> {
  const { sessionId } = await people.person();
  const owner = await connect({ url: database.ownerUrl });
  await owner.execute(sql`
    update sessions set revoked_at = now() - ${days} * interval '1 day', revocation_reason = 'logout' where id = ${sessionId}
  `);
  await owner.close();
  return sessionId;
}

const exists = async ({ pool }: TestApp, sessionId: string): Promise<boolean> =>
  (await pool.maybeOne(sql`select from sessions where id = ${sessionId}`)) !== undefined;

test('sessions that ended long ago are purged, others are not', async t => {
  const main = await testApp(t);
  const [old, recent] = [await endedSession(main, 8), await endedSession(main, 6)];
  const { sessionId: live } = await main.people.person();
  assert.deepEqual(await maintenance(t, optionsFor(main)).run(), { reencrypted: 0, purged: 1 });
  assert.deepEqual(
    [await exists(main, old), await exists(main, recent), await exists(main, live)],
    [false, true, true],
  );
});

test('an ended session is kept for as long as one of its tokens could be taken for one that a restore has lost', async t => {
  const main = await testApp(t);
  const old = await endedSession(main, 8);
  const patient = maintenance(t, optionsFor(main, { refreshTtlMs: 30 * DAY_MS }));
  assert.deepEqual(await patient.run(), { reencrypted: 0, purged: 0 });
  assert.ok(await exists(main, old));
});

test('one replica at a time', async t => {
  const main = await testApp(t);
  const other = await connect({ url: main.database.url });
  const busy = await withAdvisoryLock(other, 'holdfast maintenance', { timeoutMs: 0 }, () =>
    maintenance(t, optionsFor(main)).run(),
  );
  assert.equal(busy, 'skipped');
  await other.close();
  assert.notEqual(await maintenance(t, optionsFor(main)).run(), 'skipped');
});

async function insertEncrypted({ people, pool, keyring }: TestApp): Promise<string> {
  const [id, providerId] = [newId(), newId()];
  const { userId } = await people.person();
  const context = fieldContext('oauth_accounts', 'access_token_encrypted', id);
  const { ciphertext, keyId } = encryptField(keyring, 'a token of the provider', context);
  await pool.execute(sql`
    insert into oauth_providers (id, slug, kind, display_name) values (${providerId}, 'test', 'oidc', 'Test')
  `);
  await pool.execute(sql`
    insert into oauth_accounts (id, user_id, provider_id, subject, access_token_encrypted, encryption_key_id)
    values (${id}, ${userId}, ${providerId}, ${id}, ${ciphertext}, ${keyId})
  `);
  return id;
}

test('fields are encrypted anew by itself after the encryption key was rotated', async t => {
  const main = await testApp(t);
  const id = await insertEncrypted(main);
  let { keyring } = main;
  maintenance(t, optionsFor(main, { keyring: () => keyring, intervalMs: 20 }));
  keyring = rotateKey(prepareNextKey(keyring, 'encrypt', systemClock), 'encrypt', systemClock);
  const current = keyring.keys.find(({ use, status }) => use === 'encrypt' && status === 'current')?.kid;
  const row = await eventually(async () => {
    const found = await main.pool.one(sql<{ keyId: string; ciphertext: Buffer }>`
      select encryption_key_id as "keyId", access_token_encrypted as ciphertext from oauth_accounts where id = ${id}
    `);
    return found.keyId === current ? found : undefined;
  });
  const context = fieldContext('oauth_accounts', 'access_token_encrypted', id);
  assert.equal(decryptField(keyring, row, context), 'a token of the provider');
});
