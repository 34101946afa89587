import { type Queryable, sql, type Transaction } from '@holdfast/postgres';
import { CHAIN_START } from './hash-chain.ts';
import type { LedgerFailure, LedgerRow } from './ledger-row.ts';

/** All rows in the order of their versions. */
export function listLedger(db: Queryable): Promise<LedgerRow[]> {
  return db.many(sql<LedgerRow>`
    select version, name, checksum, chain, state, started_at as "startedAt", finished_at as "finishedAt",
      duration_ms as "durationMs", applied_by as "appliedBy", tool_version as "toolVersion",
      next_statement as "nextStatement", statement_count as "statementCount", in_doubt as "inDoubt",
      done_hash as "doneHash", failure
    from holdfast_ledger.migrations
    order by version::numeric
  `);
}

/** What is written about a migration when work on it begins. */
export interface LedgerEntry {
  readonly version: string;
  readonly name: string;
  readonly checksum: string;
  readonly toolVersion: string;
}

/**
 * Records a migration that is complete at the end of this transaction, in the place of an attempt that left nothing. Its chain
 * hash is chainHash of the last complete one, computed here to save a round trip for each file.
 */
export async function insertApplied(
  tx: Transaction,
  entry: LedgerEntry & { readonly durationMs: number },
): Promise<void> {
  await tx.execute(sql`
    insert into holdfast_ledger.migrations
      (version, name, checksum, chain, state, started_at, finished_at, duration_ms, tool_version)
    select version, ${entry.name}, checksum,
      encode(sha256(convert_to(concat_ws(E'\n', previous, version::numeric, checksum, ''), 'UTF8')), 'hex'),
      'applied', now(), clock_timestamp(), ${Math.round(entry.durationMs)}::bigint, ${entry.toolVersion}
    from (
      select ${entry.version}::text as version, ${entry.checksum}::text as checksum, coalesce((
        select chain from holdfast_ledger.migrations where chain is not null order by version::numeric desc limit 1
      ), ${CHAIN_START}) as previous
    ) as file
    on conflict ((version::numeric)) do update
    set (version, name, checksum, chain, state, started_at, finished_at, duration_ms, tool_version, applied_by,
        next_statement, statement_count, in_doubt, done_hash, failure) =
      (excluded.version, excluded.name, excluded.checksum, excluded.chain, excluded.state, excluded.started_at,
        excluded.finished_at, excluded.duration_ms, excluded.tool_version, session_user, null, null, false, null, null)
  `);
}

/** Records that a stepwise migration is begun; nothing of it is done yet. */
export async function insertStarted(
  tx: Transaction,
  entry: LedgerEntry & { readonly statementCount: number; readonly doneHash: string },
): Promise<void> {
  await tx.execute(sql`
    insert into holdfast_ledger.migrations
      (version, name, checksum, state, started_at, tool_version, next_statement, statement_count, done_hash)
    values (${entry.version}, ${entry.name}, ${entry.checksum}, 'started', now(), ${entry.toolVersion}, 0,
      ${entry.statementCount}::int, ${entry.doneHash})
  `);
}

/** Takes up a stepwise migration that stopped; its file may have been corrected after the statements that are done. */
export async function updateResumed(
  tx: Transaction,
  entry: LedgerEntry & { readonly statementCount: number },
): Promise<void> {
  await tx.execute(sql`
    update holdfast_ledger.migrations
    set name = ${entry.name}, checksum = ${entry.checksum}, tool_version = ${entry.toolVersion},
      applied_by = session_user, statement_count = ${entry.statementCount}::int, failure = null
    where version = ${entry.version}
  `);
}

/** Where a stepwise migration stands. */
export interface StepProgress {
  readonly nextStatement: number;
  readonly inDoubt: boolean;
  readonly doneHash: string;
}

/** Takes any Queryable, since a script's own transaction is none of ours; call it within one. */
export async function updateProgress(tx: Queryable, version: string, progress: StepProgress): Promise<void> {
  await tx.execute(sql`
    update holdfast_ledger.migrations
    set next_statement = ${progress.nextStatement}::int, in_doubt = ${progress.inDoubt},
      done_hash = ${progress.doneHash}
    where version = ${version}
  `);
}

/** Records that the last statement of a stepwise migration is done. */
export async function updateFinished(
  tx: Transaction,
  version: string,
  finish: { readonly chain: string; readonly durationMs: number },
): Promise<void> {
  await tx.execute(sql`
    update holdfast_ledger.migrations
    set state = 'applied', chain = ${finish.chain}, finished_at = clock_timestamp(),
      duration_ms = ${Math.round(finish.durationMs)}::bigint, next_statement = null, statement_count = null,
      in_doubt = false, done_hash = null, failure = null
    where version = ${version}
  `);
}

/** Records that a stepwise migration is begun to be taken back. */
export async function updateReverting(
  tx: Transaction,
  version: string,
  start: { readonly statementCount: number; readonly doneHash: string },
): Promise<void> {
  await tx.execute(sql`
    update holdfast_ledger.migrations
    set state = 'reverting', next_statement = 0, statement_count = ${start.statementCount}::int, in_doubt = false,
      done_hash = ${start.doneHash}, failure = null
    where version = ${version}
  `);
}

/** Records why a stepwise migration stopped; its progress stays. */
export async function updateFailure(tx: Transaction, version: string, failure: LedgerFailure): Promise<void> {
  await tx.execute(sql`
    update holdfast_ledger.migrations set failure = ${failure}::jsonb where version = ${version}
  `);
}

/** Records an attempt that left nothing behind. */
export async function insertFailed(
  tx: Transaction,
  entry: LedgerEntry,
  failure: LedgerFailure,
): Promise<void> {
  await tx.execute(sql`
    insert into holdfast_ledger.migrations (version, name, checksum, state, started_at, tool_version, failure)
    values (${entry.version}, ${entry.name}, ${entry.checksum}, 'failed', now(), ${entry.toolVersion},
      ${failure}::jsonb)
  `);
}

/** Takes the file as it is now for the one that was applied. */
export async function updateChecksum(
  tx: Transaction,
  version: string,
  file: { readonly name: string; readonly checksum: string },
): Promise<void> {
  await tx.execute(sql`
    update holdfast_ledger.migrations set name = ${file.name}, checksum = ${file.checksum} where version = ${version}
  `);
}

/** Records that a half-done migration is applied, since somebody finished it by hand. */
export async function updateMarkedApplied(
  tx: Transaction,
  version: string,
  file: { readonly name: string; readonly checksum: string; readonly chain: string },
): Promise<void> {
  await tx.execute(sql`
    update holdfast_ledger.migrations
    set state = 'applied', name = ${file.name}, checksum = ${file.checksum}, chain = ${file.chain},
      finished_at = clock_timestamp(), next_statement = null, statement_count = null, in_doubt = false,
      done_hash = null, failure = null
    where version = ${version}
  `);
}

/** Gives a row another chain hash, and the snapshots of that state with it. */
export async function updateChain(
  tx: Transaction,
  version: string,
  before: string,
  after: string,
): Promise<void> {
  await tx.execute(sql`update holdfast_ledger.migrations set chain = ${after} where version = ${version}`);
  await tx.execute(
    sql`update holdfast_ledger.catalog_snapshots set chain = ${after} where chain = ${before}`,
  );
}

/** Removes the row of a migration that is taken back, or of an attempt that left nothing. */
export async function deleteLedgerRow(tx: Transaction, version: string): Promise<void> {
  await tx.execute(
    sql`delete from holdfast_ledger.migrations where version::numeric = ${version}::text::numeric`,
  );
}

/** The chain hash of the last migration that is complete; undefined when there is none. */
export async function findChain(db: Queryable): Promise<string | undefined> {
  const row = await db.maybeOne(sql<{ chain: string }>`
    select chain from holdfast_ledger.migrations
    where chain is not null
    order by version::numeric desc
    limit 1
  `);
  return row?.chain;
}

/** Whether any session holds the advisory lock of this key in this database. */
export async function isAdvisoryLockHeld(db: Queryable, key: string): Promise<boolean> {
  const { held } = await db.one(sql<{ held: boolean }>`
    select exists (
      select from pg_locks
      where locktype = 'advisory' and granted and objsubid = 1
        and database = (select oid from pg_database where datname = current_database())
        and ((classid::bigint << 32) | objid::bigint) = ${key}::bigint
    ) as held
  `);
  return held;
}
