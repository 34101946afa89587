import { HoldfastError } from '@holdfast/core';
import { connect } from '../connection.ts';
import { sqlState } from '../database-errors.ts';
import type { Queryable } from '../queryable.ts';
import { sql } from '../sql.ts';
import type { MessageChannel } from './message-channel.ts';
import { quoteName } from './quote.ts';
import type { ReplicationLink } from './replication-link.ts';
import type { ReplicationSession } from './replication-session.ts';
import { COMMAND_DEADLINE_MS, field, optionalField, runCommand } from './run-command.ts';

type Slot = Awaited<ReturnType<ReplicationSession['readSlot']>>;

const QUERY_CANCELED = '57014';

export async function createPhysicalSlot(
  channel: MessageChannel,
  name: string,
  options: { readonly temporary: boolean; readonly reserveWal: boolean },
): Promise<void> {
  const temporary = options.temporary ? ' TEMPORARY' : '';
  const reserve = options.reserveWal ? ' RESERVE_WAL' : '';
  await runCommand(channel, `CREATE_REPLICATION_SLOT ${quoteName(name)}${temporary} PHYSICAL${reserve}`);
}

export async function readSlot(link: ReplicationLink, name: string): Promise<Slot> {
  if (link.majorVersion < 15) return readSlotByQuery(link.url, name);
  const [row] = await runCommand(link.channel, `READ_REPLICATION_SLOT ${quoteName(name)}`);
  if (optionalField(row, 'slot_type') === null) return undefined;
  const timeline = optionalField(row, 'restart_tli');
  return {
    restartLsn: optionalField(row, 'restart_lsn'),
    restartTimeline: timeline === null ? null : Number(timeline),
  };
}

/** PostgreSQL 14 has no command for it. */
async function readSlotByQuery(url: string, name: string): Promise<Slot> {
  const connection = await connect({ url, statementTimeoutMs: COMMAND_DEADLINE_MS });
  try {
    const row = await selectPhysicalSlot(connection, name);
    return row === undefined ? undefined : { restartLsn: row.restart_lsn, restartTimeline: null };
  } finally {
    await connection.close();
  }
}

function selectPhysicalSlot(
  db: Queryable,
  name: string,
): Promise<{ restart_lsn: string | null } | undefined> {
  return db.maybeOne(sql<{ restart_lsn: string | null }>`
    select restart_lsn::pg_catalog.text as restart_lsn
    from pg_catalog.pg_replication_slots
    where slot_name = ${name} and slot_type = 'physical'
  `);
}

const SNAPSHOT_WAIT_MS = 60_000;
/** How long the server may take to notice that it is to break off. */
const CANCEL_GRACE_MS = 10_000;

export async function createLogicalSnapshot(
  { channel, majorVersion, cancel }: ReplicationLink,
  name: string,
  { waitMs = SNAPSHOT_WAIT_MS }: { readonly waitMs?: number } = {},
): ReturnType<ReplicationSession['createLogicalSnapshot']> {
  const snapshot = majorVersion < 15 ? 'EXPORT_SNAPSHOT' : "(SNAPSHOT 'export')";
  const command = `CREATE_REPLICATION_SLOT ${quoteName(name)} TEMPORARY LOGICAL "pgoutput" ${snapshot}`;
  const timer = setTimeout(() => void cancel(), waitMs);
  try {
    const [row] = await runCommand(channel, command, waitMs + CANCEL_GRACE_MS);
    return { consistentPoint: field(row, 'consistent_point'), snapshotName: field(row, 'snapshot_name') };
  } catch (error) {
    throw sqlState(error) === QUERY_CANCELED ? tooManyTransactions(waitMs, error) : error;
  } finally {
    clearTimeout(timer);
  }
}

function tooManyTransactions(waitMs: number, cause: unknown): HoldfastError {
  const message = `No snapshot could be made within ${waitMs} ms, because transactions that were running before did not end. The view pg_stat_activity shows them by xact_start`;
  return new HoldfastError('database_timeout', message, { cause, retryAfter: 60 });
}
