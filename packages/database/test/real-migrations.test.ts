import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { migrationsDirectory } from '@holdfast/database';
import { migrateDown, migrateUp, migrationStatus, readMigrations } from '@holdfast/database/migrate';
import { connect, readCatalog, sql, sqlState } from '@holdfast/postgres';
import { emptyDatabase, testDatabase } from '@holdfast/testing';
import { column, openConnection, tables } from './fixtures.ts';

const appVersion = '1.2.3';

describe('the migrations of Holdfast', () => {
  it('go up, down and up again to the same schema', async t => {
    const db = await emptyDatabase(t);
    const connection = await openConnection(t, db.ownerUrl);
    const migrations = await readMigrations(migrationsDirectory());
    const options = { connection, migrations, appVersion };
    const versions = migrations.map(({ version }) => version);

    const first = await migrateUp(options);
    assert.deepEqual(
      first.applied.map(({ version }) => version),
      versions,
    );
    assert.equal(first.snapshotStored, true);
    const catalog = await readCatalog(connection, { schemas: ['public'] });

    const down = await migrateDown({ ...options, to: '0' });
    assert.deepEqual(
      down.reverted.map(({ version }) => version),
      versions.toReversed(),
    );
    assert.deepEqual(await tables(connection), []);
    const empty = await readCatalog(connection, { schemas: ['public'] });
    assert.deepEqual([empty.functions, empty.types, empty.sequences], [[], [], []]);

    const second = await migrateUp(options);
    assert.equal(second.applied.length, versions.length);
    assert.deepEqual(await readCatalog(connection, { schemas: ['public'] }), catalog);
    const status = await migrationStatus(connection, migrations);
    assert.deepEqual([status.upToDate, status.running, status.version], [true, false, versions.at(-1)]);
  });

  it('store the catalog they lead to, once', async t => {
    const db = await emptyDatabase(t);
    const connection = await openConnection(t, db.ownerUrl);
    const migrations = await readMigrations(migrationsDirectory());
    await migrateUp({ connection, migrations, appVersion });
    await connection.script('drop table audit_log');
    const again = await migrateUp({ connection, migrations, appVersion });
    assert.deepEqual([again.applied, again.snapshotStored], [[], false]);
    const [snapshot, ...others] = await connection.many(sql<{ version: string; tables: string[] }>`
      select version, array(
        select item ->> 'name' from jsonb_array_elements(catalog -> 'tables') as item order by 1
      ) as tables
      from holdfast_ledger.catalog_snapshots
    `);
    assert.equal(others.length, 0);
    assert.equal(snapshot?.version, migrations.at(-1)?.version);
    assert.ok(snapshot?.tables.includes('audit_log'));
  });

  it('let the application role read the ledger and not write it', async t => {
    const db = await testDatabase(t);
    const app = await openConnection(t, db.url);
    const migrations = await readMigrations(migrationsDirectory());
    assert.equal((await migrationStatus(app, migrations)).upToDate, true);
    for (const table of ['migrations', 'catalog_snapshots', 'seeds']) {
      await assert.rejects(
        app.query(sql`delete from ${sql.id('holdfast_ledger', table)}`),
        error => sqlState(error) === '42501',
      );
    }
  });

  it('index every foreign key', async t => {
    const connection = await connect({ url: (await testDatabase(t)).ownerUrl });
    t.after(() => connection.close());
    const unindexed = await column(
      connection,
      sql`
        select conname
        from pg_constraint
        where contype = 'f' and connamespace = 'public'::regnamespace and not exists (
          select from pg_index
          where indrelid = conrelid and indisvalid and indpred is null
            and (indkey::int2[])[0:cardinality(conkey) - 1] @> conkey
        )
      `,
    );
    assert.deepEqual(unindexed, []);
  });

  it('use only text, timestamptz and uuid keys: no varchar, no timestamp without a zone', async t => {
    const connection = await openConnection(t, (await testDatabase(t)).ownerUrl);
    const { tables: found } = await readCatalog(connection, { schemas: ['public'] });
    const wrong = found.flatMap(({ name, columns }) =>
      columns
        .filter(({ type }) => /^character|^timestamp.* without|^json$|^money/.test(type))
        .map(item => `${name}.${item.name}: ${item.type}`),
    );
    assert.deepEqual(wrong, []);
  });

  /** Written by the system alone, and only ever added to or, for refresh tokens, rotated. */
  const NO_AUTHORS = ['audit_log', 'login_attempts', 'refresh_tokens'];

  it('name the author of every row that a person can change', async t => {
    const connection = await openConnection(t, (await testDatabase(t)).ownerUrl);
    const { tables: found } = await readCatalog(connection, { schemas: ['public'] });
    assert.ok(found.length >= 15);
    for (const { name, columns } of found) {
      if (NO_AUTHORS.includes(name)) continue;
      const types = Object.fromEntries(
        columns.map(item => [item.name, `${item.type}${item.notNull ? '' : '?'}`]),
      );
      assert.deepEqual(
        [types.created_at, types.created_by, types.modified_at, types.modified_by],
        ['timestamp with time zone', 'uuid?', 'timestamp with time zone', 'uuid?'],
        name,
      );
    }
  });

  it('find deleted rows, and live ones, through partial indexes', async t => {
    const connection = await openConnection(t, (await testDatabase(t)).ownerUrl);
    const { tables: found, indexes } = await readCatalog(connection, { schemas: ['public'] });
    const deletable = found.filter(({ columns }) => columns.some(({ name }) => name === 'deleted_at'));
    assert.deepEqual(
      deletable.map(({ name }) => name),
      ['oauth_providers', 'permissions', 'roles', 'users'],
    );
    for (const { name } of deletable) {
      const definitions = indexes.filter(({ table }) => table === name).map(({ definition }) => definition);
      assert.ok(
        definitions.some(definition => /WHERE \(deleted_at IS NULL\)/.test(definition)),
        name,
      );
    }
  });

  it('keep modified_at by itself', async t => {
    const connection = await openConnection(t, (await testDatabase(t)).ownerUrl);
    const missing = await column(
      connection,
      sql`
        select attrelid::regclass::text
        from pg_attribute
        join pg_class on pg_class.oid = attrelid and relkind = 'r' and relnamespace = 'public'::regnamespace
        where attname = 'modified_at' and not exists (
          select from pg_trigger where tgrelid = attrelid and tgfoid = 'set_modified_at'::regproc
        )
        order by 1
      `,
    );
    // grants are made and taken back, never changed; sessions set it themselves, when they are revoked
    assert.deepEqual(missing, ['role_permissions', 'sessions', 'user_roles']);
  });
});
