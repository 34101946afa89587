import { HoldfastError } from '@holdfast/core';
import { type Catalog, readCatalog } from '@holdfast/postgres';
import { type CatalogPair, diffCatalogs } from '../drift/diff/diff-catalogs.ts';
import type { Difference } from '../drift/diff/difference.ts';
import { catalogOfMigrations } from '../drift/expected/catalog-of-migrations.ts';
import { displayList, refuseUnknownSchemas } from '../drift/expected/unknown-schemas.ts';
import { displayName } from '../drift/objects/schema-object.ts';
import type { ScratchOptions } from '../scratch/scratch-place.ts';
import { findCurrentRole } from '../scratch/scratch-queries.ts';
import { missingWithName, refused, refuseMissing } from './baseline-refusals.ts';
import { storeSnapshot } from './catalog-snapshot.ts';
import { ensureDecisions, insertDecision } from './decision-queries.ts';
import { FOREIGN_LEDGER, type ForeignLedger, findForeignLedger } from './foreign-ledger.ts';
import { insertApplied } from './ledger-queries.ts';
import { leftNothing } from './ledger-row.ts';
import { ensureLedger, readLedger } from './ledger-schema.ts';
import { compareVersions, type Migration } from './migration.ts';
import { createRunContext, type RunContext, type RunOptions, writeLedger } from './run-context.ts';
import { withMigrationLock } from './with-migration-lock.ts';

export interface BaselineOptions extends RunOptions {
  readonly migrations: readonly Migration[];
  /** The last version that the database already has. Default: what dbmate's table says. */
  readonly version?: string;
  /** Where to build what the migrations would build; undefined when the operator vouches for it instead. */
  readonly scratch?: ScratchOptions;
  /** Go on although the schema is not the one the migrations build, as long as nothing is missing that has a name of its own. */
  readonly acceptDifferences?: boolean;
  /**
   * Patterns `[TYPE:]NAME`, `*` for anything, of schemas, types, functions, views, sequences and extensions that may be missing; of
   * a schema with all that would be in it. Tables never may.
   */
  readonly acceptMissing?: readonly string[];
}

export interface Baseline {
  /** What is now recorded as applied, in order. */
  readonly versions: readonly string[];
  /** Where the version came from. */
  readonly source: 'given' | ForeignLedger['tool'];
  /** Whether the schema was compared with what the migrations build. */
  readonly compared: boolean;
  /** Accepted ones, and what is there beyond what the migrations build. */
  readonly differences: readonly Difference[];
}

/**
 * Takes over a database that was brought to a version by other means: records the migrations up to it as applied without
 * running them, all or none. Beforehand they are built in a scratch database and compared with what is there.
 * Refused, it leaves nothing behind.
 * @throws `baseline_refused` when the ledger has entries, something is missing or the schema differs; `usage` without a version;
 * `scratch_unavailable`
 */
export async function baseline(options: BaselineOptions): Promise<Baseline> {
  const context = await createRunContext(options);
  return withMigrationLock(context, async () => {
    await refuseUsedLedger(context);
    const { adopted, source } = await choose(context, options);
    const differences = await compare(context, options, adopted);
    await ensureLedger(context.connection);
    await ensureDecisions(context.connection);
    await record(context, adopted, decisionReason(source, options, differences));
    await storeSnapshot(context);
    const versions = adopted.map(({ version }) => version);
    return { versions, source, compared: options.scratch !== undefined, differences };
  });
}

async function refuseUsedLedger({ connection }: RunContext): Promise<void> {
  const standing = (await readLedger(connection)).filter(row => !leftNothing(row));
  if (standing.length === 0) return;
  const message = `The ledger already has ${standing.length} entries, up to ${standing.at(-1)?.version}. A baseline is for a database without any; nothing was changed`;
  throw new HoldfastError('baseline_refused', message, { details: { entries: standing.length } });
}

async function choose(
  { connection }: RunContext,
  { migrations, version }: BaselineOptions,
): Promise<{ adopted: Migration[]; source: Baseline['source'] }> {
  if (version !== undefined) {
    const known =
      /^\d+$/.test(version) && migrations.some(one => compareVersions(one.version, version) === 0);
    if (!known) throw new HoldfastError('usage', `There is no migration with the version ${version}`);
    const adopted = migrations.filter(one => compareVersions(one.version, version) <= 0);
    return { adopted, source: 'given' };
  }
  const ledger = await findForeignLedger(connection);
  if (ledger !== undefined) return { adopted: fromForeign(ledger, migrations), source: ledger.tool };
  const message =
    'Which version does the database have? Give it; there is no table schema_migrations of dbmate that would say so';
  throw new HoldfastError('usage', message);
}

/** Ours are applied in order only, so what the other tool has must be the first files without a gap. */
function fromForeign({ tool, versions }: ForeignLedger, migrations: readonly Migration[]): Migration[] {
  const theirs = new Set(versions.map(BigInt));
  const last = versions.at(-1) ?? '0';
  const adopted = migrations.filter(({ version }) => compareVersions(version, last) <= 0);
  const gaps = adopted.filter(({ version }) => !theirs.has(BigInt(version))).map(({ file }) => file);
  const files = new Set(migrations.map(({ version }) => BigInt(version)));
  const lost = versions.filter(version => !files.has(BigInt(version)));
  if (gaps.length + lost.length === 0) return adopted;
  const problems = [
    ...(gaps.length === 0 ? [] : [`not applied, but before ${last}, which is: ${gaps.join(', ')}`]),
    ...(lost.length === 0 ? [] : [`applied, and without a file: ${lost.join(', ')}`]),
  ];
  const message = `What ${tool} has applied is not the beginning of these files: ${problems.join('; ')}. Nothing was changed; apply or renumber them, or put the files back`;
  throw new HoldfastError('baseline_refused', message, { details: { gaps, lost } });
}

async function compare(
  context: RunContext,
  { scratch, acceptDifferences, acceptMissing = [] }: BaselineOptions,
  migrations: readonly Migration[],
): Promise<readonly Difference[]> {
  const { connection, schemas, appVersion } = context;
  const live = await readCatalog(connection, { schemas });
  if (scratch === undefined) {
    if (live.tables.length > 0) return [];
    const where = schemas === 'all' ? 'in the database' : `in ${displayList(schemas)}`;
    throw refused(`There is no table ${where}`, []);
  }
  const owner = await findCurrentRole(connection);
  const like = schemas === 'all' ? live : await readCatalog(connection, { schemas: 'all' });
  const expected = await catalogOfMigrations({ ...scratch, migrations, appVersion, schemas, owner, like });
  refuseEmptyComparison({ expected, live }, like, schemas);
  const { differences } = diffCatalogs({ expected, live }, { ignore: [FOREIGN_LEDGER] });
  const real = differences.filter(({ kind }) => kind !== 'unexpected');
  const lost = lostTables({ expected, live });
  if (lost.length > 0) {
    const telling = real.filter(difference => tellsOf(difference, lost));
    throw refused('Tables are missing, so those migrations are not applied', telling);
  }
  const gone = missingWithName(real);
  refuseMissing(gone, acceptMissing);
  if (real.length > gone.length && acceptDifferences !== true) {
    throw refused('The schema is not the one those migrations build', real);
  }
  return differences;
}

/** Where the migrations build nothing, an empty database looks like one that they were applied to. */
function refuseEmptyComparison(
  { expected, live }: CatalogPair,
  all: Catalog,
  schemas: RunContext['schemas'],
): void {
  if (schemas === 'all') return;
  refuseUnknownSchemas(schemas, [expected, live], all.schemas);
  const { tables, views, functions, types, sequences } = expected;
  if ([tables, views, functions, types, sequences].some(list => list.length > 0)) return;
  const problem = `Those migrations build nothing in ${displayList(schemas)}, so to compare that alone would prove nothing. Name the schemas that they fill, or none to compare all`;
  throw refused(problem, []);
}

/** One that has another name, or is in a schema that has, is as good as gone to the statements that use it. */
function lostTables({ expected, live }: CatalogPair): string[] {
  const names = ({ tables }: Catalog) => tables.map(({ schema, name }) => displayName([schema, name]));
  const there = new Set(names(live));
  return names(expected).filter(name => !there.has(name));
}

/** A table can be missing as the consequence of what it lies in or is made with. */
function tellsOf({ type, name, property, consequences }: Difference, tables: readonly string[]): boolean {
  if (property !== null) return property === 'name' && (type === 'table' || type === 'schema');
  return tables.some(
    table => (type === 'table' && name === table) || consequences.includes(`table ${table}`),
  );
}

async function record(context: RunContext, adopted: readonly Migration[], reason: string): Promise<void> {
  await writeLedger(context, async tx => {
    for (const { version, name, checksum } of adopted) {
      const entry = { version, name, checksum, toolVersion: context.appVersion };
      await insertApplied(tx, { ...entry, durationMs: 0 });
      await insertDecision(tx, {
        version,
        action: 'baseline',
        reason,
        checksumBefore: null,
        checksumAfter: checksum,
        toolVersion: context.appVersion,
      });
    }
  });
}

/** For whoever reads the ledger later. */
function decisionReason(
  source: Baseline['source'],
  { acceptMissing = [] }: BaselineOptions,
  differences: readonly Difference[],
): string {
  const reason = source === 'given' ? 'taken over as it was' : `applied by ${source}`;
  const gone = acceptMissing.length === 0 ? [] : missingWithName(differences);
  if (gone.length === 0) return reason;
  return `${reason}, without ${gone.map(({ type, name }) => `${type} ${name}`).join(', ')}`;
}
