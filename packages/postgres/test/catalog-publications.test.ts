import assert from 'node:assert/strict';
import { it, type TestContext } from 'node:test';
import { connect, readCatalog, sql } from '@holdfast/postgres';
import { emptyDatabase, installedVersions, startSystemPostgres } from '@holdfast/testing';
import { publications as publicationsQuery } from '../src/catalog/database-queries.ts';

/** What a publication can limit itself to since PostgreSQL 15. */
const LIMITED = `
  create schema "Odd one";
  create table t (id int primary key, gone int, v text, "Yes" boolean not null default true);
  alter table t drop column gone;
  create table "Odd one".u (id int primary key);
  create table public.whole (id int primary key);
  create publication filtered for table t where (id > 3 and "Yes"), public.whole;
  create publication bare for table t where ("Yes");
  create publication narrow for table t ("Yes", id);
  create publication narrow_filtered for table t (id, v) where (id > 3);
  create publication schemas for table t where (id > 3), tables in schema "Odd one";
`;

const EXPECTED = [
  { name: 'bare', tables: ['public.t WHERE ("Yes")'], schemas: [] },
  {
    name: 'filtered',
    tables: ['public.t WHERE (((id > 3) AND "Yes"))', 'public.whole'],
    schemas: [],
  },
  { name: 'narrow', tables: ['public.t (id, "Yes")'], schemas: [] },
  { name: 'narrow_filtered', tables: ['public.t (id, v) WHERE ((id > 3))'], schemas: [] },
  { name: 'schemas', tables: ['public.t WHERE ((id > 3))'], schemas: ['Odd one'] },
];

async function readsLimits(t: TestContext, url: string): Promise<void> {
  const db = await connect({ url });
  t.after(() => db.close());
  await db.script(LIMITED);
  assert.deepEqual(await published(), EXPECTED);
  // Each text is one that a statement takes.
  await db.script(
    EXPECTED.map(({ name, tables, schemas }) => {
      const whole = schemas.map(schema => `, tables in schema "${schema}"`);
      return `alter publication ${name} set table ${tables.join(', ')}${whole}`;
    }).join(';'),
  );
  assert.deepEqual(await published(), EXPECTED);

  async function published() {
    const { publications = [] } = await readCatalog(db, { schemas: 'all' });
    return publications.map(({ name, tables, schemas }) => ({ name, tables, schemas }));
  }
}

it('reads row filters, lists of columns and schemas of publications', async t =>
  readsLimits(t, (await emptyDatabase(t)).superuserUrl));

for (const version of (await installedVersions()).filter(installed => Number(installed) >= 15)) {
  it(`reads them on PostgreSQL ${version}`, async t => {
    const server = await startSystemPostgres(version);
    t.after(server.stop);
    await readsLimits(t, server.superuserUrl);
  });
}

it('reads whole tables where the catalog has no columns for limits, as that of PostgreSQL 14', async t => {
  const db = await connect({ url: (await emptyDatabase(t)).superuserUrl });
  t.after(() => db.close());
  await db.script(LIMITED);
  const older = publicationsQuery.text.replace('pg_catalog.pg_publication_rel', 'public.older_rel');
  await db.script(`
    create table older_rel as select oid, prpubid, prrelid from pg_publication_rel;
    create table found as select (${older}) as publications`);
  const { tables } = await db.one(
    sql<{ tables: unknown }>`select publications -> 1 -> 'tables' as tables from found`,
  );
  assert.deepEqual(tables, ['public.t', 'public.whole']);
});
