import { readCatalog } from '@holdfast/postgres';
import type { DatabaseContent } from '../manifest.ts';
import { type ContentTable, exportSnapshot, listContentTables, readDatabase } from './content-queries.ts';
import { type ContentSession, openContentSession } from './content-session.ts';
import { hasLedger, listAppliedMigrations } from './ledger-queries.ts';
import { readSequences, type SequenceState } from './sequence-queries.ts';
import { sumTables } from './sum-tables.ts';

export interface ContentRequest {
  /** The database, as a role that may read everything: a superuser, or a member of pg_read_all_data that row security does not bind. */
  readonly url: string;
  /** Exported by another session on the same database, which must stay as it is until this resolves. Else one of its own. */
  readonly snapshot?: string;
  /** Connections at once. */
  readonly jobs: number;
  /** What a backup of this kind does not hold is not read: unlogged tables in a physical one, tables of extensions in a logical one. */
  readonly holds: 'physical' | 'logical';
  /** Read before the snapshot was taken, see {@link readSequencePositions}; without them, of the moment. */
  readonly sequencesBefore?: readonly SequenceState[];
  /** Why no rows are to be read: then every table has this as `unread`. */
  readonly unread?: string;
  readonly signal: AbortSignal;
  /** Of the bytes of tables. */
  readonly onProgress: (doneBytes: number, totalBytes: number) => void;
}

/** A page as PostgreSQL is built; for progress alone. */
const PAGE_BYTES = 8_192;

/**
 * What one database holds in one snapshot: its objects, and the rows and checksum of every table. Takes no lock stronger than
 * ACCESS SHARE, which keeps tables from being dropped and truncated meanwhile. A table that cannot be read says why in `unread`.
 * Throws `database_unavailable` when a connection is lost, and the signal's reason.
 */
export async function readContent(request: ContentRequest): Promise<DatabaseContent> {
  const sessions: ContentSession[] = [];
  const closeAll = (): Promise<unknown> => Promise.all(sessions.map(({ close }) => close()));
  request.signal.addEventListener('abort', closeAll, { once: true });
  try {
    request.signal.throwIfAborted();
    const leader = await openContentSession(request.url, request.snapshot);
    sessions.push(leader);
    const snapshot = request.snapshot ?? (await exportSnapshot(leader.connection));
    const helpers = await Promise.allSettled(
      Array.from({ length: request.jobs - 1 }, async () => {
        sessions.push(await openContentSession(request.url, snapshot));
      }),
    );
    for (const helper of helpers) if (helper.status === 'rejected') throw helper.reason;
    return await readIn([leader, ...sessions.slice(1)], request);
  } catch (error) {
    throw request.signal.aborted ? request.signal.reason : error;
  } finally {
    request.signal.removeEventListener('abort', closeAll);
    await closeAll();
  }
}

/** Where the sequences of a database stand now, to be given to {@link readContent} after the snapshot was taken. */
export async function readSequencePositions(url: string): Promise<readonly SequenceState[]> {
  const session = await openContentSession(url, undefined);
  try {
    return await readSequences(session.connection);
  } finally {
    await session.close();
  }
}

async function readIn(
  sessions: readonly [ContentSession, ...ContentSession[]],
  { holds, unread, sequencesBefore, signal, onProgress }: ContentRequest,
): Promise<DatabaseContent> {
  const [{ connection }] = sessions;
  const database = await readDatabase(connection);
  const listed = await listContentTables(connection);
  const tables = await sumTables({
    sessions,
    tables: listed,
    excluded: table => unread ?? notHeld(table, holds),
    signal,
    onPages: (done, total) => onProgress(done * PAGE_BYTES, total * PAGE_BYTES),
  });
  const catalog = await readCatalog(connection, { schemas: 'all' });
  const after = await readSequences(connection);
  return {
    name: database.name,
    encoding: database.encoding,
    owner: database.owner,
    bytes: Number(database.bytes),
    extensions: catalog.extensions.map(({ name, version, schema }) => ({ name, version, schema })),
    tables,
    sequences: after.map(state => fartherBack(state, sequencesBefore ?? [])),
    migrations: (await hasLedger(connection)) ? await listAppliedMigrations(connection) : null,
    catalog,
  };
}

function notHeld(
  { unlogged, ofExtension }: ContentTable,
  holds: ContentRequest['holds'],
): string | undefined {
  if (holds === 'physical' && unlogged) return 'unlogged: a physical backup has it empty';
  if (holds === 'logical' && ofExtension) return 'it belongs to an extension, which makes it anew';
  return undefined;
}

/** A sequence in a backup stands at one of the moments between, and never behind the earlier one. */
function fartherBack(
  after: SequenceState,
  before: readonly SequenceState[],
): DatabaseContent['sequences'][number] {
  const { schema, name } = after;
  const earlier = before.find(other => other.schema === schema && other.name === name) ?? after;
  const { lastValue, isCalled } = isBehind(after, earlier) ? after : earlier;
  return { schema, name, lastValue, isCalled };
}

/** Whether the first stands behind the second, in the direction of their steps. */
function isBehind(one: SequenceState, other: SequenceState): boolean {
  if (one.lastValue === null || other.lastValue === null) return one.lastValue === null;
  const [a, b] = [BigInt(one.lastValue), BigInt(other.lastValue)];
  if (a === b) return !one.isCalled && other.isCalled;
  return one.increment.startsWith('-') ? a > b : a < b;
}
