import { HoldfastError } from '@holdfast/core';
import { type Catalog, readCatalog } from '@holdfast/postgres';
import { describeDifference } from '../drift/diff/describe-difference.ts';
import { type CatalogPair, diffCatalogs } from '../drift/diff/diff-catalogs.ts';
import type { Difference } from '../drift/diff/difference.ts';
import { catalogOfMigrations } from '../drift/expected/catalog-of-migrations.ts';
import { findSnapshotOf } from '../drift/expected/ledger-snapshot.ts';
import { narrowCatalog } from '../drift/expected/narrow-catalog.ts';
import type { StoredCatalog } from '../drift/expected/snapshot-file.ts';
import { displayList, refuseUnknownSchemas } from '../drift/expected/unknown-schemas.ts';
import type { ScratchOptions } from '../scratch/scratch-place.ts';
import { findCurrentRole } from '../scratch/scratch-queries.ts';
import { FOREIGN_LEDGER } from './foreign-ledger.ts';
import type { LedgerRow } from './ledger-row.ts';
import { compareVersions, type Migration } from './migration.ts';
import type { RunContext } from './run-context.ts';

/** The files as they are now, and where to build them. */
interface Edit {
  /** The one that was edited. */
  readonly version: string;
  readonly migrations: readonly Migration[];
  readonly rows: readonly LedgerRow[];
  readonly scratch: ScratchOptions;
}

/**
 * The files as they are must build what the ledger remembers, or what is there where it remembers nothing. What differed already
 * before the edited one was applied is not its doing.
 * @throws `repair_refused` with every difference; `usage` for a schema that is on neither side; `scratch_unavailable`
 */
export async function refuseOtherMeaning(context: RunContext, edit: Edit): Promise<void> {
  const { version, rows } = edit;
  const { connection, schemas: wanted } = context;
  const live = await readCatalog(connection, { schemas: 'all' });
  const head = rows.findLast(({ chain }) => chain !== null);
  const sides = await sidesAt(context, edit, head, live);
  const known = [live, sides.built, ...(sides.remembered === undefined ? [] : [sides.remembered.catalog])];
  if (wanted !== 'all') refuseUnknownSchemas(wanted, known, []);
  const differences = differencesOf(sides, wanted);
  if (differences.length === 0) return;
  const older = new Set((await olderDifferences(context, edit, live)).map(keyOf));
  const blamed = differences.filter(difference => !older.has(keyOf(difference)));
  if (blamed.length > 0) throw otherMeaning(version, blamed, strangeSchemas(sides, wanted));
}

/** What the files before the edited one do not build, and was there when they were applied. */
async function olderDifferences(context: RunContext, edit: Edit, live: Catalog): Promise<Difference[]> {
  const before = edit.rows.findLast(
    ({ chain, version }) => chain !== null && compareVersions(version, edit.version) < 0,
  );
  if (before === undefined) return [];
  const sides = await sidesAt(context, edit, before, live);
  return sides.remembered === undefined ? [] : differencesOf(sides, context.schemas);
}

/** What the ledger remembers of a state, and what the files up to it build. */
async function sidesAt(
  { connection, appVersion }: RunContext,
  { migrations, scratch }: Edit,
  row: LedgerRow | undefined,
  live: Catalog,
): Promise<Sides> {
  const remembered = await findSnapshotOf(connection, row?.chain ?? '');
  const built = await catalogOfMigrations({
    ...scratch,
    migrations: migrations.filter(one => compareVersions(one.version, row?.version ?? '0') <= 0),
    appVersion,
    schemas: 'all',
    owner: await findCurrentRole(connection),
    like: remembered?.catalog ?? live,
  });
  return { remembered, live, built };
}

function differencesOf(sides: Sides, wanted: readonly string[] | 'all'): Difference[] {
  return comparisons(sides, wanted).flatMap(
    pair => diffCatalogs(pair, { ignore: [FOREIGN_LEDGER] }).differences,
  );
}

function keyOf({ kind, type, name, property, expected, live }: Difference): string {
  return JSON.stringify([kind, type, name, property, expected, live]);
}

interface Sides {
  readonly remembered: StoredCatalog | undefined;
  readonly live: Catalog;
  readonly built: Catalog;
}

/** A snapshot of named schemas says nothing about the others: of them what is there has to do. */
function comparisons({ remembered, live, built }: Sides, wanted: readonly string[] | 'all'): CatalogPair[] {
  const pair = (expected: Catalog, schemas: readonly string[] | 'all'): CatalogPair => ({
    expected: narrowCatalog(expected, schemas),
    live: narrowCatalog(built, schemas),
  });
  if (remembered === undefined) return [pair(live, wanted)];
  const { catalog, schemas: held } = remembered;
  if (held === 'all') return [pair(catalog, wanted)];
  const all = [...new Set([...held, ...live.schemas, ...built.schemas])];
  const scope = wanted === 'all' ? all : wanted;
  const rest = scope.filter(name => !held.includes(name));
  const known = scope.filter(name => held.includes(name));
  return [pair(catalog, known), ...(rest.length === 0 ? [] : [pair(live, rest)])];
}

/** Those that something else may have made. */
function strangeSchemas({ remembered, live, built }: Sides, wanted: readonly string[] | 'all'): string[] {
  const there = new Set([...(remembered?.catalog.schemas ?? []), ...live.schemas]);
  return [...there].filter(
    name => !built.schemas.includes(name) && (wanted === 'all' || wanted.includes(name)),
  );
}

function otherMeaning(
  version: string,
  found: readonly Difference[],
  strange: readonly string[],
): HoldfastError {
  // what lies in no schema is in both comparisons
  const byText = new Map(found.map(difference => [describeDifference(difference), difference]));
  const list = [...byText.keys()].map(line => `\n- ${line}`).join('');
  const hint =
    strange.length === 0
      ? ''
      : `. If something else than these migrations makes ${displayList(strange)}, name the schemas of the migrations with --schema`;
  const message = `The files as they are now build another schema than the one that was applied:${list}\nNothing was changed. Put ${version} back as it was, and the change into a new migration. Where the change of ${version} cannot be the reason, the database was changed beside its migrations: holdfast drift shows what of that is there. Settle it first, then accept ${version} with --unchecked${hint}`;
  return new HoldfastError('repair_refused', message, { details: { differences: [...byText.values()] } });
}
