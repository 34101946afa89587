import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { isHoldfastError, newId, systemClock } from '@holdfast/core';
import { sql } from '@holdfast/postgres';
import { testDatabase } from '@holdfast/testing';
import {
  checkEncryptedFields,
  currentKey,
  decryptField,
  ENCRYPTED_TABLES,
  encryptField,
  fieldContext,
  generateKeyring,
  prepareNextKey,
  reencryptFields,
  rotateKey,
} from '../src/index.ts';
import { insertUser } from './harness.ts';

const database = await testDatabase();
after(() => database.close());
const { pool } = database;
const keyring = generateKeyring(systemClock);
const undecryptable = (error: unknown): boolean => isHoldfastError(error, 'field_undecryptable');

test('a field decrypts in its place and nowhere else, and no changed bit is accepted', () => {
  const field = encryptField(keyring, 'TOP secret ✓', 'a.b:1');
  assert.equal(decryptField(keyring, field, 'a.b:1'), 'TOP secret ✓');
  assert.throws(() => decryptField(keyring, field, 'a.b:2'), undecryptable);
  assert.throws(() => decryptField(generateKeyring(systemClock), field, 'a.b:1'), undecryptable);
  for (let index = 0; index < field.ciphertext.length; index += 1) {
    const changed = Buffer.from(field.ciphertext);
    changed[index] = (changed[index] ?? 0) ^ 1;
    assert.throws(
      () => decryptField(keyring, { ...field, ciphertext: changed }, 'a.b:1'),
      undecryptable,
      `byte ${index}`,
    );
  }
  assert.throws(
    () => decryptField(keyring, { ...field, ciphertext: Buffer.alloc(5) }, 'a.b:1'),
    undecryptable,
  );
  assert.notDeepEqual(encryptField(keyring, 'TOP secret ✓', 'a.b:1').ciphertext, field.ciphertext);
});

test('every encrypted column of the schema is known', async () => {
  const rows = await pool.many(sql<{ place: string }>`
    select table_name || '.' || column_name as place from information_schema.columns
    where table_schema = 'public' and column_name like '%\\_encrypted' order by 1
  `);
  const known = ENCRYPTED_TABLES.flatMap(({ table, columns }) => columns.map(column => `${table}.${column}`));
  assert.deepEqual(
    rows.map(row => row.place),
    known.toSorted(),
  );
});

async function insertAccount(
  providerId: string,
  seal: (context: string) => { ciphertext: Buffer; keyId: string },
): Promise<string> {
  const id = newId();
  const access = seal(fieldContext('oauth_accounts', 'access_token_encrypted', id));
  await pool.execute(sql`
    insert into oauth_accounts (id, user_id, provider_id, subject, access_token_encrypted, encryption_key_id)
    values (${id}, ${await insertUser(pool)}, ${providerId}, ${id}, ${access.ciphertext}, ${access.keyId})
  `);
  return id;
}

test('fields follow a key rotation, and the check names those that no key opens', async () => {
  const providerId = newId();
  await pool.execute(sql`
    insert into oauth_providers (id, slug, kind, display_name) values (${providerId}, 'test', 'oidc', 'Test')
  `);
  for (let index = 0; index < 1_100; index += 1) {
    await insertAccount(providerId, context => encryptField(keyring, `token ${index}`, context));
  }
  const lost = generateKeyring(systemClock);
  await insertAccount(providerId, context => encryptField(lost, 'lost', context));
  const rotated = rotateKey(prepareNextKey(keyring, 'encrypt', systemClock), 'encrypt', systemClock);
  const report = async (keys = rotated) =>
    (await checkEncryptedFields(pool, keys)).find(check => check.table === 'oauth_accounts');
  assert.deepEqual([(await report())?.fields, (await report())?.failures], [1_101, 1]);
  assert.equal(await reencryptFields(pool, rotated), 1_100);
  assert.equal(await reencryptFields(pool, rotated), 0);
  const withoutOld = {
    ...rotated,
    keys: rotated.keys.filter(key => key.use !== 'encrypt' || key.status === 'current'),
  };
  const check = await report(withoutOld);
  assert.deepEqual(
    [check?.fields, check?.failures, check?.missingKeys],
    [1_101, 1, [currentKey(lost, 'encrypt').kid]],
  );
  assert.ok(!JSON.stringify(check).includes('token 1'));
});
