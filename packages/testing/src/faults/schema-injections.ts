import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { migrationsDirectory } from '@holdfast/database';
import { migrateUp, readMigrations } from '@holdfast/database/migrate';
import { sql, sqlState } from '@holdfast/postgres';
import { withConnection } from '../stack-database.ts';
import { damage } from './data-injections.ts';
import type { FaultInjection } from './fault-injection.ts';

const LATER = `-- migrate:up
create table of_a_later_version (id uuid primary key);

-- migrate:down
drop table of_a_later_version;
`;

/** A later version of Holdfast migrates the database, and this one goes on. */
export const schemaNewer: FaultInjection = {
  name: 'a migration of a later version applied',
  inject: async stack => {
    const directory = await mkdtemp(join(tmpdir(), 'hf-later-'));
    try {
      await cp(migrationsDirectory(), directory, { recursive: true });
      await writeFile(join(directory, '9999_later.sql'), LATER);
      const migrations = await readMigrations(directory);
      await withConnection(stack.cluster.ownerUrl, async connection => {
        await migrateUp({ connection, migrations, appVersion: 'later' });
      });
    } finally {
      await rm(directory, { recursive: true });
    }
  },
  heal: stack => stack.restoreDatabase(),
  expected: { code: 'schema_newer', layer: 'schema', subject: 'migrations' },
};

/** As when the file of the last migration was edited after it had been applied. */
export const migrationFilesChanged: FaultInjection = damage(
  'another checksum of the last migration in the ledger',
  { code: 'migration_files_changed', layer: 'schema', subject: 'migrations' },
  sql`
    update holdfast_ledger.migrations set checksum = reverse(checksum)
    where version = (select version from holdfast_ledger.migrations order by version::numeric desc limit 1)
  `,
);

const UNFINISHED = 'roles_kind';
const UNIQUE_VIOLATION = '23505';

/** A unique index is built while the table is in use, and two rows have one key: PostgreSQL leaves the half of it. */
export const indexInvalid: FaultInjection = {
  name: 'create unique index concurrently over duplicate keys',
  inject: stack =>
    stack.asSuperuser(async db => {
      const state = await db
        .query(
          sql`create unique index concurrently ${sql.id(UNFINISHED)} on roles ((length(description) > 0))`,
        )
        .then(() => 'none', sqlState);
      if (state !== UNIQUE_VIOLATION) throw new Error(`the index was not refused for its keys: ${state}`);
    }),
  heal: stack => stack.restoreDatabase(),
  expected: { code: 'index_invalid', layer: 'schema', subject: `index:${UNFINISHED}` },
};

/** A column that holds an id of a request becomes too short for one: what writes it fails. */
export const columnTypeChanged: FaultInjection = damage(
  'the column audit_log.request_id made a varchar(8)',
  { code: 'column_missing', layer: 'schema', subject: 'column:audit_log.request_id' },
  sql`alter table audit_log alter column request_id type varchar(8) using left(request_id, 8)`,
);

/** A unique index is dropped, and what it kept out comes in. */
export const uniqueIndexDropped: FaultInjection = {
  name: 'the index roles_name_unique dropped, and two roles of one name',
  inject: stack =>
    stack.asSuperuser(async db => {
      await db.query(sql`drop index roles_name_unique`);
      await db.query(sql`
        insert into roles (id, name, description)
        select gen_random_uuid(), 'twin', format('number %s', number) from generate_series(1, 2) as number
      `);
    }),
  heal: stack => stack.restoreDatabase(),
  expected: { code: 'index_missing', layer: 'schema', subject: 'index:roles_name_unique' },
};

/** Whoever owns the table sees every row; the role of the API none. */
export function rowSecurityEnabled(table: string): FaultInjection {
  return damage(
    `row level security of ${table} switched on without a policy`,
    { code: 'row_security_changed', layer: 'schema', subject: `table:${table}` },
    sql`alter table ${sql.id(table)} enable row level security`,
  );
}

/** Somebody's trigger refuses every row of a table. */
export function triggerRefusesRows(table: string): FaultInjection {
  return {
    name: `a trigger that refuses every row of ${table}`,
    inject: stack =>
      stack.asSuperuser(async db => {
        await db.query(sql`
          create function refuse() returns trigger language plpgsql
          as $$ begin raise exception 'nothing may change before the audit'; end $$
        `);
        await db.query(
          sql`create trigger refuse before insert on ${sql.id(table)} for each row execute function refuse()`,
        );
      }),
    heal: stack => stack.restoreDatabase(),
    expected: { code: 'trigger_unexpected', layer: 'schema', subject: `trigger:${table}.refuse` },
  };
}
