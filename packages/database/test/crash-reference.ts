import assert from 'node:assert/strict';
import type { Migration, MigrationEntry } from '@holdfast/database/migrate';
import { type Catalog, type Connection, readCatalog, sql } from '@holdfast/postgres';

/** What a database holds: its schema, and for each table how many rows and a sum over them. */
export interface Observation {
  readonly catalog: Omit<Catalog, 'defaultPrivileges' | 'schemaDetails'>;
  readonly rows: Readonly<Record<string, unknown>>;
}

/** Looks at the database itself; nothing here knows of a ledger. */
export async function observe(db: Connection): Promise<Observation> {
  const catalog = await readCatalog(db, { schemas: ['public'] });
  const rows: Record<string, unknown> = {};
  for (const { name } of catalog.tables) {
    rows[name] = await db.one(sql`
      select count(*) as rows, sum(hashtext(t::text)::numeric)::text as sum from ${sql.id(name)} as t
    `);
  }
  return { catalog: withoutRights(catalog), rows };
}

/** Rights come from the default privileges, which a database that was emptied for another run has lost. */
function withoutRights(catalog: Catalog): Observation['catalog'] {
  const rights = new Set(['acl', 'defaultPrivileges', 'schemaDetails']);
  return JSON.parse(JSON.stringify(catalog, (name, value) => (rights.has(name) ? undefined : value)));
}

/** How far a database is: so many migrations, and so many statements of the next one. */
export interface Position {
  readonly migrations: number;
  readonly statements: number;
}

/** What must be observed at each position at which a database can stand still. */
export interface Reference {
  at(position: Position): Observation;
  readonly end: Observation;
}

/** Runs every statement by itself, the naive way, and observes what each leads to. */
export async function buildReference(db: Connection, migrations: readonly Migration[]): Promise<Reference> {
  const seen = new Map<string, Observation>();
  const note = async (position: Position): Promise<void> => void seen.set(key(position), await observe(db));
  await note({ migrations: 0, statements: 0 });
  for (const [index, { up }] of migrations.entries()) {
    for (const [number, { text }] of up.statements.entries()) {
      await db.script(text);
      const open = /^(begin|insert into audit select|update accounts set plan)/.test(text);
      if (up.mode === 'stepwise' && !open) await note({ migrations: index, statements: number + 1 });
    }
    await db.script('reset all');
    await note({ migrations: index + 1, statements: 0 });
  }
  const at = (position: Position): Observation =>
    seen.get(key(position)) ?? assert.fail(`a database cannot stand still at ${key(position)}`);
  return { at, end: at({ migrations: migrations.length, statements: 0 }) };
}

function key({ migrations, statements }: Position): string {
  return `${migrations}:${statements}`;
}

/** Where a status says that the database is, and whether one more statement may have taken effect. */
export interface Claim extends Position {
  readonly inDoubt: boolean;
}

/** Reads a status as one claim; fails when its parts contradict each other. */
export function claimOf(entries: readonly MigrationEntry[]): Claim {
  const applied = entries.findIndex(({ state }) => state !== 'applied');
  if (applied === -1) return { migrations: entries.length, statements: 0, inDoubt: false };
  const [next, ...rest] = entries.slice(applied);
  assert.ok(
    rest.every(({ state }) => state === 'pending'),
    'nothing after the first that is not applied was begun',
  );
  if (next?.state !== 'half_done') {
    assert.equal(next?.state, 'pending');
    return { migrations: applied, statements: 0, inDoubt: false };
  }
  return { migrations: applied, statements: next.nextStatement - 1, inDoubt: next.inDoubt };
}

/** Fails unless the database is where the claim says, to the last index and row. */
export function assertTruthful(reference: Reference, claim: Claim, found: Observation): void {
  const here = reference.at(claim);
  if (!claim.inDoubt) {
    assert.deepEqual(found, here);
    return;
  }
  const after = reference.at({ ...claim, statements: claim.statements + 1 });
  const possible = [here, after].map(withoutUnfinished).map(text);
  assert.ok(
    possible.includes(text(withoutUnfinished(found))),
    'neither before nor after the statement in doubt',
  );
}

/** An index that is being built or dropped is neither there nor gone. */
function withoutUnfinished({ catalog, rows }: Observation): Observation {
  const { dependencies: _whatTheyNeed, ...rest } = catalog;
  return { catalog: { ...rest, indexes: catalog.indexes.filter(({ valid }) => valid) }, rows };
}

function text(observation: Observation): string {
  return JSON.stringify(observation);
}
