import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { diffCatalogs, reconcile } from '@holdfast/database/drift';
import { type Catalog, type Connection, sql } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';
import type { Change } from './drift/change.ts';
import { FOREIGN_CHANGES } from './drift/foreign-changes.ts';
import { createSandbox, type Sandbox } from './drift/sandbox.ts';
import { SHOP_CHANGES } from './drift/shop-changes.ts';
import { installedVersions, startSystemPostgres } from './system-postgres.ts';

const SCHEMAS: readonly (readonly [file: string, changes: readonly Change[]])[] = [
  ['shop.sql', SHOP_CHANGES],
  ['foreign.sql', FOREIGN_CHANGES],
];

interface Server {
  readonly superuserUrl: string;
  stop(): Promise<void>;
}

async function embedded(): Promise<Server> {
  const { superuserUrl } = await emptyDatabase();
  return { superuserUrl, stop: async () => undefined };
}

async function make(connection: Connection, { sql: text }: Change): Promise<void> {
  if (text.includes('update pg_index')) await connection.script('set allow_system_table_mods = on');
  await connection.script(text);
}

/** The one difference is the one that was made, and the reconciling SQL undoes it. */
async function foundAndUndone(sandbox: Sandbox, change: Change): Promise<void> {
  await sandbox.inReusedCopy(async connection => {
    await make(connection, change);
    const { expected } = sandbox;
    const live = await sandbox.read(connection);
    const { differences } = diffCatalogs({ expected, live });
    const { kind, type, name, property = null } = change;
    assert.deepEqual(
      differences.map(found => ({
        kind: found.kind,
        type: found.type,
        name: found.name,
        property: found.property,
      })),
      [{ kind, type, name, property }],
    );
    const { statements } = reconcile({ expected, live }, { allowDestructive: true });
    for (const statement of statements) await connection.script(statement);
    assert.deepEqual(diffCatalogs({ expected, live: await sandbox.read(connection) }).differences, []);
  });
}

function onServer(title: string, start: () => Promise<Server>): void {
  describe(title, () => {
    let server: Server | undefined;
    before(async () => {
      server = await start();
    });
    after(() => server?.stop());
    for (const [file, changes] of SCHEMAS) {
      describe(`the schema of ${file}`, () => {
        let sandbox: Sandbox | undefined;
        const get = (): Sandbox => sandbox ?? assert.fail('not started');
        before(async () => {
          sandbox = await createSandbox(server?.superuserUrl ?? assert.fail('not started'), file);
        });
        after(() => sandbox?.close());
        it('has no drift when nobody touched it', () =>
          get().inCopy(async connection => {
            const live = await get().read(connection);
            assert.deepEqual(
              { ...diffCatalogs({ expected: get().expected, live }), compared: 0 },
              { differences: [], notes: [], compared: 0 },
            );
            assert.deepEqual(reconcile({ expected: get().expected, live }).statements, []);
          }));
        for (const change of changes) it(change.sql, () => foundAndUndone(get(), change));
      });
    }
  });
}

onServer('the embedded PostgreSQL', embedded);
const versions = await installedVersions();
for (const version of versions) onServer(`PostgreSQL ${version}`, () => startSystemPostgres(version));

const [other] = versions;
describe('catalogs of different versions of PostgreSQL', { skip: other === undefined }, () => {
  for (const [file] of SCHEMAS) {
    it(`of ${file} have no drift`, async t => {
      const old = await startSystemPostgres(other ?? '');
      t.after(() => old.stop());
      const first = await createSandbox((await embedded()).superuserUrl, file);
      t.after(() => first.close());
      const second = await createSandbox(old.superuserUrl, file);
      try {
        const schemaOf = ({ database: _, serverSettings: __, ...catalog }: Catalog): Catalog => catalog;
        const [one, two] = [schemaOf(first.expected), schemaOf(second.expected)];
        for (const [expected, live] of [
          [one, two],
          [two, one],
        ] as const) {
          assert.deepEqual(diffCatalogs({ expected, live }).differences, []);
        }
      } finally {
        await second.close();
      }
    });
  }
});

describe('reconciling SQL', () => {
  let sandbox: Sandbox | undefined;
  const get = (): Sandbox => sandbox ?? assert.fail('not started');
  before(async () => {
    sandbox = await createSandbox((await embedded()).superuserUrl, 'shop.sql');
  });
  after(() => sandbox?.close());

  it('withholds what destroys data, with the reason, and still does the rest', () =>
    get().inCopy(async connection => {
      await connection.script(
        'create table extra (id int); insert into extra values (1); alter table coupons add column mine text; drop index orders_open',
      );
      const { expected } = get();
      const { text, statements, withheld } = reconcile({ expected, live: await get().read(connection) });
      assert.deepEqual(withheld, [
        {
          sql: 'alter table public.coupons drop column mine',
          reason: 'not run, because it destroys all values of public.coupons.mine',
        },
        { sql: 'drop table public.extra', reason: 'not run, because it destroys all rows of public.extra' },
      ]);
      assert.match(text, /^-- drop table public\.extra;$/m);
      for (const statement of statements) await connection.script(statement);
      assert.deepEqual(await connection.many(sql`select id from extra`), [{ id: 1 }]);
      const after = diffCatalogs({ expected, live: await get().read(connection) });
      assert.deepEqual(
        after.differences.map(({ kind, name }) => [kind, name]),
        [
          ['unexpected', 'public.coupons.mine'],
          ['unexpected', 'public.extra'],
        ],
      );
    }));

  it('keeps the rows of tables that it alters', () =>
    get().inCopy(async connection => {
      await connection.script(`
        insert into newsletters select n, 'Nr. ' || n from generate_series(1, 100) n;
        alter table newsletters alter column subject drop not null, drop constraint newsletters_pkey cascade;
        alter table newsletters rename column sent_at to sent;
        alter table customer_notes alter column author type varchar(30)`);
      const { expected } = get();
      const { statements, transactional } = reconcile({ expected, live: await get().read(connection) });
      assert.equal(transactional, false);
      for (const statement of statements) await connection.script(statement);
      assert.deepEqual(diffCatalogs({ expected, live: await get().read(connection) }).differences, []);
      assert.deepEqual(await connection.one(sql`select count(*)::int as rows from newsletters`), {
        rows: 100,
      });
    }));

  it('builds indexes concurrently and validates constraints apart', () =>
    get().inCopy(async connection => {
      await connection.script('drop index orders_open; alter table stock drop constraint stock_not_negative');
      const { text } = reconcile({ expected: get().expected, live: await get().read(connection) });
      assert.equal(
        text,
        [
          '-- migrate:up transaction:false',
          "create index concurrently orders_open on public.orders USING btree (placed_at) WHERE (state = ANY (ARRAY['placed'::public.order_state, 'paid'::public.order_state]));",
          'alter table public.stock add constraint stock_not_negative CHECK ((quantity >= 0)) not valid;',
          'alter table public.stock validate constraint stock_not_negative;',
          '',
        ].join('\n'),
      );
    }));

  it('says what no statement can do', () =>
    get().inCopy(async connection => {
      const live = await get().read(connection);
      const expected = { ...get().expected, serverSettings: { ...live.serverSettings, wal_level: 'other' } };
      const { withheld, statements } = reconcile({ expected, live });
      assert.deepEqual(statements, []);
      assert.match(withheld[0]?.reason ?? '', /^by hand: server setting wal_level: value should be other/);
    }));
});

describe('catalogs that an older version stored', () => {
  it('are compared in what they have', async t => {
    const sandbox = await createSandbox((await embedded()).superuserUrl, 'shop.sql');
    t.after(() => sandbox.close());
    const { serverVersion, schemas, extensions, ...full } = sandbox.expected;
    const pick = (items: readonly object[], names: readonly string[]): never[] =>
      items.map(item =>
        Object.fromEntries(Object.entries(item).filter(([name]) => names.includes(name))),
      ) as never[];
    const column = ['name', 'type', 'notNull', 'default', 'identity', 'generated', 'collation'];
    const named = ['schema', 'name', 'table', 'definition', 'kind'];
    const tables = full.tables.map(table => ({ ...table, columns: pick(table.columns, column) }));
    const expected = {
      serverVersion,
      schemas,
      tables: pick(tables, ['schema', 'name', 'kind', 'owner', 'rowSecurity', 'columns']),
      indexes: pick(full.indexes, [...named, 'unique', 'primary', 'valid', 'ready']),
      constraints: pick(full.constraints, [...named, 'validated']),
      triggers: pick(full.triggers, [...named, 'enabled', 'internal', 'constraint']),
      sequences: pick(full.sequences, [
        ...named,
        'type',
        'start',
        'minimum',
        'maximum',
        'increment',
        'cycle',
        'ownedBy',
      ]),
      functions: pick(full.functions, [...named, 'arguments', 'returns', 'language']),
      views: pick(full.views, [...named, 'materialized']),
      types: pick(full.types, named),
      extensions,
    };
    assert.deepEqual(diffCatalogs({ expected, live: sandbox.expected }).differences, []);
    await sandbox.inCopy(async connection => {
      await connection.script(
        'drop policy customers_own on customers; alter table coupons drop column percent',
      );
      const { differences } = diffCatalogs({ expected, live: await sandbox.read(connection) });
      assert.deepEqual(
        differences.map(({ kind, name }) => [kind, name]),
        [
          ['missing', 'public.coupons.percent'],
          ['missing', 'public.coupons.coupons_percent_check'],
        ].slice(0, differences.length),
      );
    });
  });
});
