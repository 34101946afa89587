import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { createRandom, type Random } from '@holdfast/core';
import { diffCatalogs, reconcile } from '@holdfast/database/drift';
import { type Catalog, type Connection, connect, readCatalog, sql } from '@holdfast/postgres';
import { emptyDatabase } from '@holdfast/testing';
import { ident } from './drift/random/names.ts';
import { randomChange } from './drift/random/random-changes.ts';
import { randomSchema } from './drift/random/random-schema.ts';

const SCHEMAS = 40;

const read = (db: Connection): Promise<Catalog> => readCatalog(db, { schemas: 'all' });

async function clear(db: Connection): Promise<void> {
  const { schemas } = await read(db);
  for (const schema of schemas) await db.script(`drop schema ${ident(schema)} cascade`);
  await db.script('drop owned by drift_app, drift_reader cascade; create schema public');
}

async function makeChanges(db: Connection, dice: Random, wanted: number): Promise<string[]> {
  const made: string[] = [];
  for (let attempt = 0; attempt < 60 && made.length < wanted; attempt++) {
    const change = randomChange(await read(db), dice, attempt);
    if (change === undefined) continue;
    // what PostgreSQL refuses is not a change
    await db.script(change).then(
      () => made.push(change),
      () => undefined,
    );
  }
  return made;
}

/**
 * What a catalog says, member by member, without what no statement changes (the order of columns), what has no name of its own
 * (NOT NULL, the triggers of foreign keys), and rights, where nothing and the default say the same.
 */
function comparable(catalog: Catalog): Record<string, readonly string[]> {
  const byName = (one: { name: string }, other: { name: string }): number => (one.name < other.name ? -1 : 1);
  const members = {
    ...catalog,
    tables: catalog.tables.map(table => ({ ...table, columns: table.columns.toSorted(byName) })),
    constraints: catalog.constraints.filter(({ kind }) => kind !== 'not null'),
    triggers: catalog.triggers.filter(({ internal }) => !internal),
    statistics: [],
    dependencies: [],
  };
  const text = (item: unknown): string =>
    JSON.stringify(item, (key, value) => (key === 'acl' ? undefined : value));
  return Object.fromEntries(
    Object.entries(members).map(([name, member]) => [name, [member].flat().map(text)]),
  );
}

describe('reconciling SQL for any changes to any schema', () => {
  let db: Connection | undefined;
  const get = (): Connection => db ?? assert.fail('not started');
  before(async () => {
    const { superuserUrl } = await emptyDatabase();
    db = await connect({ url: superuserUrl });
    for (const role of ['drift_app', 'drift_reader']) {
      const found = await db.maybeOne(sql`select 1 from pg_roles where rolname = ${role}`);
      if (found === undefined) await db.query(sql`create role ${sql.id(role)}`);
    }
  });
  after(() => db?.close());

  for (let seed = 1; seed <= SCHEMAS; seed++) {
    it(`brings schema ${seed} back`, () => bringBack(get(), createRandom(seed * 7919)));
  }
});

async function bringBack(connection: Connection, dice: Random): Promise<void> {
  await clear(connection);
  for (const statement of randomSchema(dice)) await connection.script(statement);
  const expected = await read(connection);
  const changes = await makeChanges(connection, dice, 1 + dice.below(5));
  assert.ok(changes.length > 0);
  const { statements } = reconcile({ expected, live: await read(connection) }, { allowDestructive: true });
  const done: string[] = [];
  const story = (): string => ['changes:', ...changes, 'statements:', ...done].join('\n');
  for (const statement of statements) {
    done.push(statement);
    await connection.script(statement).catch(cause => assert.fail(`${story()}\n${cause}`));
  }
  const brought = await read(connection);
  assert.deepEqual(diffCatalogs({ expected, live: brought }).differences, [], story());
  assert.deepEqual(comparable(brought), comparable(expected), story());
}
