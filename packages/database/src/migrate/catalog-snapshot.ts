import { createHash } from 'node:crypto';
import { errorMessage, HoldfastError, isHoldfastError } from '@holdfast/core';
import { type Queryable, readCatalog, sql } from '@holdfast/postgres';
import { schemasOfSnapshot } from '../drift/expected/ledger-snapshot.ts';
import { type RunContext, writeLedger } from './run-context.ts';
import { presentSchemas } from './unknown-schemas.ts';

/** What a snapshot belongs to, for the error when it cannot be stored. */
export interface SnapshotMoment {
  readonly file: string;
  /** What became of the changes of the file: `which is applied and committed`. */
  readonly state: string;
  /** What to type when the cause is removed, as in `migrate up`. */
  readonly next: string;
}

interface Head {
  readonly version: string;
  readonly chain: string;
}

/**
 * Stores what the schema looks like after the last applied migration. At most once for each state of the ledger: a later run
 * that finds nothing to do must not turn damage that happened meanwhile into what is expected.
 * @returns whether a snapshot was stored
 */
export async function storeSnapshot(context: RunContext): Promise<boolean> {
  const head = await findHead(context.connection);
  if (head === undefined || (await hasSnapshot(context.connection, head))) return false;
  const asked = await schemasToStore(context);
  if (asked === undefined) return false;
  const found = await readCatalog(context.connection, { schemas: asked });
  const schemas = schemasOfSnapshot(found, asked);
  const catalog = JSON.stringify(found);
  const checksum = createHash('sha256').update(catalog).digest('hex');
  await writeLedger(context, tx =>
    tx.execute(sql`
      insert into holdfast_ledger.catalog_snapshots (version, chain, schemas, tool_version, checksum, catalog)
      values (${head.version}, ${head.chain}, ${schemas}::text[], ${context.appVersion}, ${checksum},
        ${catalog}::jsonb)
    `),
  );
  return true;
}

/**
 * The same for a migration that is done or about to begin.
 * @throws as `storeSnapshot` does, with the file, what became of its changes, and what to type
 */
export async function storeSnapshotOf(context: RunContext, moment: SnapshotMoment): Promise<boolean> {
  try {
    return await storeSnapshot(context);
  } catch (error) {
    throw snapshotFailed(context, error, moment);
  }
}

function snapshotFailed(
  { commandLine }: RunContext,
  cause: unknown,
  { file, state, next }: SnapshotMoment,
): HoldfastError {
  const code = isHoldfastError(cause) ? cause.code : 'migration_failed';
  const message = `The catalog could not be stored as the snapshot for ${file}, ${state}: ${errorMessage(cause)}. Remove the cause and type: ${commandLine(next)}`;
  return new HoldfastError(code, message, { cause, details: { file } });
}

/** Those that are there: a snapshot of one that is not would say that there has to be nothing. Undefined when none is. */
async function schemasToStore({
  connection,
  schemas,
  report,
}: RunContext): Promise<readonly string[] | 'all' | undefined> {
  if (schemas === 'all') return 'all';
  const present = await presentSchemas(connection, schemas);
  const missing = schemas.filter(name => !present.includes(name));
  if (missing.length > 0) report({ kind: 'schemas_missing', schemas: missing });
  return present.length === 0 ? undefined : present;
}

/** Runs what comes after a failure, which stays the error: the next run makes up for what this could not do. */
export async function afterFailure(work: () => Promise<unknown>): Promise<void> {
  await work().catch(() => undefined);
}

/**
 * Stores it anew after a rollback, which may leave columns in another order than the way up did.
 * @throws as `storeSnapshotOf` does
 */
export async function renewSnapshot(context: RunContext, moment: SnapshotMoment): Promise<boolean> {
  try {
    const head = await findHead(context.connection);
    if (head !== undefined) await writeLedger(context, tx => forgetSnapshots(tx, head.chain));
    return await storeSnapshot(context);
  } catch (error) {
    throw snapshotFailed(context, error, moment);
  }
}

/** Forgets the snapshots of a state that is rolled back. */
export async function forgetSnapshots(tx: Queryable, chain: string): Promise<void> {
  await tx.execute(sql`delete from holdfast_ledger.catalog_snapshots where chain = ${chain}`);
}

/** The last applied migration; undefined when there is none, or when one stopped half-way. */
function findHead(db: Queryable): Promise<Head | undefined> {
  return db.maybeOne(sql<Head>`
    select version, chain
    from holdfast_ledger.migrations
    where state = 'applied' and not exists (
      select from holdfast_ledger.migrations
      where state = 'reverting' or (state = 'started' and (next_statement > 0 or in_doubt))
    )
    order by version::numeric desc
    limit 1
  `);
}

async function hasSnapshot(db: Queryable, { chain }: Head): Promise<boolean> {
  const { found } = await db.one(sql<{ found: boolean }>`
    select exists (select from holdfast_ledger.catalog_snapshots where chain = ${chain}) as found
  `);
  return found;
}
