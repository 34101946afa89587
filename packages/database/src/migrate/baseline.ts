import { HoldfastError } from '@holdfast/core';
import { readCatalog } from '@holdfast/postgres';
import { describeDifference } from '../drift/diff/describe-difference.ts';
import { diffCatalogs } from '../drift/diff/diff-catalogs.ts';
import type { Difference } from '../drift/diff/difference.ts';
import { catalogOfMigrations } from '../drift/expected/catalog-of-migrations.ts';
import type { ScratchOptions } from '../scratch/scratch-place.ts';
import { findCurrentRole } from '../scratch/scratch-queries.ts';
import { storeSnapshot } from './catalog-snapshot.ts';
import { ensureDecisions, insertDecision } from './decision-queries.ts';
import { type ForeignLedger, findForeignLedger } from './foreign-ledger.ts';
import { insertApplied, listLedger } from './ledger-queries.ts';
import { leftNothing } from './ledger-row.ts';
import { ensureLedger } from './ledger-schema.ts';
import { compareVersions, type Migration } from './migration.ts';
import { createRunContext, type RunContext, type RunOptions, writeLedger } from './run-context.ts';
import { withMigrationLock } from './with-migration-lock.ts';

/** Where another tool keeps what it has applied. */
const FOREIGN_LEDGER = ['table:*.schema_migrations'];

export interface BaselineOptions extends RunOptions {
  readonly migrations: readonly Migration[];
  /** The last version that the database already has. Default: what dbmate's table says. */
  readonly version?: string;
  /** Where to build what the migrations would build; undefined when the operator vouches for it instead. */
  readonly scratch?: ScratchOptions;
  /** Go on although the schema is not the one the migrations build, as long as no table is missing. */
  readonly acceptDifferences?: boolean;
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
 * @throws `baseline_refused` when the ledger has entries, a table is missing or the schema differs; `usage` without a version;
 * `scratch_unavailable`
 */
export async function baseline(options: BaselineOptions): Promise<Baseline> {
  const context = await createRunContext(options);
  return withMigrationLock(context, async () => {
    await ensureLedger(context.connection);
    await refuseUsedLedger(context);
    const { adopted, source } = await choose(context, options);
    const differences = await compare(context, options, adopted);
    await ensureDecisions(context.connection);
    await record(context, adopted, source);
    await storeSnapshot(context);
    const versions = adopted.map(({ version }) => version);
    return { versions, source, compared: options.scratch !== undefined, differences };
  });
}

async function refuseUsedLedger({ connection }: RunContext): Promise<void> {
  const standing = (await listLedger(connection)).filter(row => !leftNothing(row));
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
  { scratch, acceptDifferences }: BaselineOptions,
  migrations: readonly Migration[],
): Promise<readonly Difference[]> {
  const { connection, schemas, appVersion } = context;
  const live = await readCatalog(connection, { schemas });
  if (scratch === undefined) {
    if (live.tables.length > 0) return [];
    throw refused(`There is no table in ${schemas.join(', ')}`, []);
  }
  const owner = await findCurrentRole(connection);
  const like = await readCatalog(connection, { schemas: 'all' });
  const expected = await catalogOfMigrations({ ...scratch, migrations, appVersion, schemas, owner, like });
  const { differences } = diffCatalogs({ expected, live }, { ignore: FOREIGN_LEDGER });
  const missing = differences.filter(isMissingTable);
  if (missing.length > 0) throw refused('Tables are missing, so those migrations are not applied', missing);
  const real = differences.filter(({ kind }) => kind !== 'unexpected');
  if (real.length > 0 && acceptDifferences !== true) {
    throw refused('The schema is not the one those migrations build', real);
  }
  return differences;
}

/** One that has another name is as good as gone to the statements that use it. */
function isMissingTable({ kind, type, property }: Difference): boolean {
  return type === 'table' && (kind === 'missing' || property === 'name');
}

function refused(problem: string, differences: readonly Difference[]): HoldfastError {
  const lines = differences.map(difference => `\n- ${describeDifference(difference)}`);
  const end = differences.length === 0 ? '. ' : '\n';
  const message = `${problem}${differences.length === 0 ? '' : ':'}${lines.join('')}${end}Nothing was recorded. Is it the right database, and the right version?`;
  return new HoldfastError('baseline_refused', message, { details: { differences } });
}

async function record(
  context: RunContext,
  adopted: readonly Migration[],
  source: Baseline['source'],
): Promise<void> {
  await writeLedger(context, async tx => {
    for (const { version, name, checksum } of adopted) {
      const entry = { version, name, checksum, toolVersion: context.appVersion };
      await insertApplied(tx, { ...entry, durationMs: 0 });
      const reason = source === 'given' ? 'taken over as it was' : `applied by ${source}`;
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
