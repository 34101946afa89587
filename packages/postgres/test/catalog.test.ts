import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { connect, readCatalog, sql } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';

const database = await emptyDatabase();
const schemas = ['app', 'public', 'missing'];

const ONE_OF_EVERYTHING = `
  create schema app;
  create schema other;
  create table other.unseen (id int);
  set search_path to app;
  create type mood as enum ('sad', 'it''s fine');
  create type pair as (a int, "B" text);
  create type span as range (subtype = int4);
  create domain positive as int default 1 not null check (value > 0);
  create table people (
    id bigint generated always as identity primary key,
    "Name" varchar(20) collate "POSIX" not null default 'x',
    mood mood,
    twice int generated always as (2 * 21) stored,
    dropped int,
    serial serial,
    level positive,
    constraint name_not_empty check ("Name" <> '')
  );
  alter table people drop column dropped;
  create unique index people_name on people (lower("Name")) where mood is not null;
  create table visits (person_id bigint references people (id) on delete cascade, at timestamptz not null)
    partition by range (at);
  create table visits_2026 partition of visits for values from ('2026-01-01') to ('2027-01-01');
  alter table people add constraint level_small check (level < 100) not valid;
  alter table people enable row level security;
  create function twice(n int, by int default 2) returns int language sql immutable as 'select n * by';
  create procedure nothing() language sql as '';
  create aggregate total(int) (sfunc = int4pl, stype = int, initcond = '0');
  create function touch() returns trigger language plpgsql as 'begin return new; end';
  create trigger touched before update on people for each row execute function touch();
  alter table people disable trigger touched;
  create view adults as select id, twice(level) as double from people;
  create materialized view counts as select count(*) as n from people;
  create sequence tickets start 5 increment 2 maxvalue 99 cycle;
`;

const owner = await connect({ url: database.ownerUrl });
after(() => owner.close());
await owner.script(`${ONE_OF_EVERYTHING} reset search_path`);
const catalog = await readCatalog(owner, { schemas });

const names = (items: readonly { readonly name: string }[]): string[] => items.map(({ name }) => name);

function find<T extends { readonly name: string }>(items: readonly T[], name: string): T {
  const found = items.find(item => item.name === name);
  assert.ok(found, `no ${name} among ${names(items)}`);
  return found;
}

describe('readCatalog', () => {
  test('knows the version and the schemas that exist', () => {
    assert.ok(catalog.serverVersion >= 140_000, String(catalog.serverVersion));
    assert.deepEqual(catalog.schemas, ['app', 'public']);
  });

  test('tables', () => {
    assert.deepEqual(
      catalog.tables.map(({ schema, name, kind, owner, rowSecurity }) => [
        schema,
        name,
        kind,
        owner,
        rowSecurity,
      ]),
      [
        ['app', 'people', 'table', 'holdfast_owner', true],
        ['app', 'visits', 'partitioned', 'holdfast_owner', false],
        ['app', 'visits_2026', 'table', 'holdfast_owner', false],
      ],
    );
  });

  test('columns, without the dropped one', () => {
    const plain = {
      notNull: false,
      default: null,
      identity: null,
      generated: null,
      collation: null,
      storage: null,
      compression: null,
      statistics: null,
      options: [],
      acl: null,
      comment: null,
      inherited: false,
    };
    assert.deepEqual(find(catalog.tables, 'people').columns, [
      { ...plain, name: 'id', type: 'bigint', notNull: true, identity: 'always' },
      {
        ...plain,
        name: 'Name',
        type: 'character varying(20)',
        notNull: true,
        default: "'x'::character varying",
        collation: '"POSIX"',
      },
      { ...plain, name: 'mood', type: 'app.mood' },
      { ...plain, name: 'twice', type: 'integer', default: '(2 * 21)', generated: 'stored' },
      {
        ...plain,
        name: 'serial',
        type: 'integer',
        notNull: true,
        default: "nextval('app.people_serial_seq'::regclass)",
      },
      { ...plain, name: 'level', type: 'app.positive' },
    ]);
  });

  test('indexes', () => {
    assert.deepEqual(names(catalog.indexes), ['people_name', 'people_pkey']);
    assert.deepEqual(find(catalog.indexes, 'people_name'), {
      schema: 'app',
      name: 'people_name',
      table: 'people',
      definition:
        'CREATE UNIQUE INDEX people_name ON app.people USING btree (lower(("Name")::text)) WHERE (mood IS NOT NULL)',
      unique: true,
      primary: false,
      valid: true,
      ready: true,
      clustered: false,
      replicaIdentity: false,
      statistics: [],
      tablespace: null,
      comment: null,
      partOf: null,
    });
  });

  test('constraints', () => {
    const people = catalog.constraints.filter(({ table, kind }) => table === 'people' && kind !== 'not null');
    assert.deepEqual(
      people.map(({ name, kind, definition, validated }) => [name, kind, definition, validated]),
      [
        ['level_small', 'check', 'CHECK (((level)::integer < 100)) NOT VALID', false],
        ['name_not_empty', 'check', `CHECK ((("Name")::text <> ''::text))`, true],
        ['people_pkey', 'primary key', 'PRIMARY KEY (id)', true],
      ],
    );
    assert.equal(
      find(catalog.constraints, 'visits_person_id_fkey').definition,
      'FOREIGN KEY (person_id) REFERENCES app.people(id) ON DELETE CASCADE',
    );
  });

  test('triggers with their state, those of foreign keys too', () => {
    assert.deepEqual(find(catalog.triggers, 'touched'), {
      schema: 'app',
      name: 'touched',
      table: 'people',
      definition:
        'CREATE TRIGGER touched BEFORE UPDATE ON app.people FOR EACH ROW EXECUTE FUNCTION app.touch()',
      enabled: 'disabled',
      internal: false,
      constraint: null,
      constraintTable: null,
      comment: null,
      inherited: false,
    });
    const internal = catalog.triggers.filter(trigger => trigger.internal && trigger.table === 'visits');
    assert.deepEqual(
      internal.map(({ definition, constraint, enabled }) => [definition, constraint, enabled]),
      [
        ['RI_FKey_check_ins 5', 'visits_person_id_fkey', 'origin'],
        ['RI_FKey_check_upd 17', 'visits_person_id_fkey', 'origin'],
      ],
    );
  });

  test('sequences and who owns them', () => {
    assert.deepEqual(
      catalog.sequences.map(({ name, ownedBy }) => [name, ownedBy]),
      [
        ['people_id_seq', 'app.people.id'],
        ['people_serial_seq', 'app.people.serial'],
        ['tickets', null],
      ],
    );
    assert.deepEqual(find(catalog.sequences, 'tickets'), {
      schema: 'app',
      name: 'tickets',
      type: 'bigint',
      start: '5',
      minimum: '1',
      maximum: '99',
      increment: '2',
      cycle: true,
      ownedBy: null,
      cache: '1',
      persistence: 'permanent',
      owner: 'holdfast_owner',
      acl: null,
      comment: null,
      ownerColumn: null,
      identity: false,
    });
  });

  test('functions, procedures and aggregates', () => {
    assert.deepEqual(
      catalog.functions
        .filter(({ name }) => ['nothing', 'total', 'touch', 'twice'].includes(name))
        .map(({ name, arguments: parameters, kind, returns, language }) => [
          name,
          parameters,
          kind,
          returns,
          language,
        ]),
      [
        ['nothing', '', 'procedure', null, 'sql'],
        ['total', 'integer', 'aggregate', 'integer', 'internal'],
        ['touch', '', 'function', 'trigger', 'plpgsql'],
        ['twice', 'n integer, by integer', 'function', 'integer', 'sql'],
      ],
    );
    const definition = find(catalog.functions, 'twice').definition ?? '';
    assert.match(definition, /^CREATE OR REPLACE FUNCTION app\.twice\(n integer, by integer DEFAULT 2\)/);
    assert.equal(find(catalog.functions, 'total').definition, null);
  });

  test('views', () => {
    assert.deepEqual(
      catalog.views.map(({ name, materialized }) => [name, materialized]),
      [
        ['adults', false],
        ['counts', true],
      ],
    );
    assert.match(find(catalog.views, 'adults').definition, /FROM app\.people;$/);
  });

  test('types', () => {
    assert.deepEqual(
      catalog.types.map(({ name, kind, definition }) => [name, kind, definition]),
      [
        ['mood', 'enum', "'sad', 'it''s fine'"],
        ['pair', 'composite', 'a integer, "B" text'],
        ['positive', 'domain', 'integer default 1 not null constraint positive_check CHECK ((VALUE > 0))'],
        ['span', 'range', 'integer'],
      ],
    );
  });

  test('extensions', () => {
    assert.deepEqual(names(catalog.extensions), ['plpgsql']);
  });

  test('all schemas but the system and the ledger', async () => {
    await owner.script('create schema if not exists holdfast_ledger');
    assert.deepEqual((await readCatalog(owner, { schemas: 'all' })).schemas, ['app', 'other', 'public']);
    await owner.script('drop schema holdfast_ledger');
  });

  test('who needs whom, down to columns', () => {
    const needs = (path: readonly string[]): unknown =>
      catalog.dependencies?.find(({ object }) => object.join() === path.join())?.needs;
    assert.deepEqual(needs(['view', 'app', 'adults']), [
      ['column', 'app', 'people', 'id'],
      ['column', 'app', 'people', 'level'],
      ['function', 'app', 'twice', 'n integer, by integer'],
    ]);
    assert.deepEqual(needs(['column', 'app', 'people', 'level']), [['type', 'app', 'positive']]);
    assert.deepEqual(needs(['default', 'app', 'people', 'serial']), [
      ['column', 'app', 'people', 'serial'],
      ['sequence', 'app', 'people_serial_seq'],
    ]);
  });

  test('rights: none of the owner, unless some were taken away', async () => {
    await owner.script(`create table rights (id int);
      grant select, update on rights to holdfast_app with grant option; grant select on rights to public;
      revoke grant option for update on rights from holdfast_app; revoke delete on rights from holdfast_owner`);
    const { tables } = await readCatalog(owner, { schemas: ['public'] });
    const [own, app, everybody] = ['@owner', 'holdfast_app', 'PUBLIC'].map(name =>
      find(tables, 'rights').acl?.find(({ grantee }) => grantee === name),
    );
    assert.deepEqual(own?.privileges.includes('DELETE'), false);
    assert.deepEqual(
      app?.privileges.filter(name => name !== 'INSERT' && name !== 'DELETE'),
      ['SELECT', 'UPDATE'],
    );
    assert.deepEqual(app?.grantable, ['SELECT']);
    assert.deepEqual(everybody, { grantee: 'PUBLIC', privileges: ['SELECT'], grantable: [] });
    await owner.script('drop table rights');
  });

  test('does not depend on the search path, and leaves it as it was', async t => {
    t.after(() => owner.script('reset search_path'));
    await owner.script('set search_path to app, other');
    assert.deepEqual(await readCatalog(owner, { schemas }), catalog);
    await owner.transaction(async tx => {
      await tx.query(sql`set local search_path to other`);
      assert.deepEqual(await readCatalog(tx, { schemas }), catalog);
      assert.deepEqual(await tx.one(sql`show search_path`), { search_path: 'other' });
    });
    assert.deepEqual(await owner.one(sql`show search_path`), { search_path: 'app, other' });
  });

  test('sees an index that was not built to the end', async () => {
    await owner.script('create table doubles (id int); insert into doubles values (1), (1)');
    await assert.rejects(owner.query(sql`create unique index concurrently doubles_id on doubles (id)`));
    const { indexes } = await readCatalog(owner, { schemas: ['public'] });
    assert.equal(find(indexes, 'doubles_id').valid, false);
    await owner.script('drop table doubles');
  });

  test('takes no lock that blocks writers or another reader', async () => {
    await owner.transaction(async tx => {
      await readCatalog(tx, { schemas });
      const locks = await tx.many(
        sql<{
          mode: string;
        }>`select distinct mode from pg_locks where pid = pg_backend_pid() and locktype = 'relation'`,
      );
      assert.deepEqual(locks, [{ mode: 'AccessShareLock' }]);
    });
  });
});
