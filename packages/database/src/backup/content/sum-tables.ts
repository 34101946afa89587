import { createHash } from 'node:crypto';
import { errorMessage } from '@holdfast/core';
import { sqlState } from '@holdfast/postgres';
import type { TableContent } from '../manifest.ts';
import {
  type ContentTable,
  listReplacedFiles,
  lockForReading,
  type PageRange,
  sumRows,
} from './content-queries.ts';
import type { ContentSession } from './content-session.ts';
import { hashMethod } from './hash-method.ts';
import type { HashedColumn } from './row-hash.ts';

/** 64 MB: small enough to share a large table between sessions and to be asked to stop, large enough not to matter. */
const PART_PAGES = 8_192;
const LOCKED_AT_ONCE = 100;

interface Part {
  readonly tally: Tally;
  readonly range: PageRange | undefined;
  readonly pages: number;
}

/** What is known of one table so far. */
interface Tally {
  readonly table: ContentTable;
  readonly hashed: readonly HashedColumn[];
  rows: number;
  sum: bigint;
  unread: string | undefined;
}

export interface SumOptions {
  /** The first of them holds the locks. */
  readonly sessions: readonly [ContentSession, ...ContentSession[]];
  readonly tables: readonly ContentTable[];
  /** Why a table is not to be read; undefined for one that is. */
  readonly excluded: (table: ContentTable) => string | undefined;
  readonly signal: AbortSignal;
  /** Told of the pages that were read, out of how many. */
  readonly onPages: (done: number, total: number) => void;
}

/** Rows and checksums of tables. What cannot be read is in its table's `unread`; a lost connection is thrown. */
export async function sumTables(options: SumOptions): Promise<TableContent[]> {
  const { sessions, tables, excluded } = options;
  const tallies = tables.map(table => newTally(table, excluded(table)));
  await lockTables(sessions[0], tallies.filter(isOpen));
  const parts = tallies
    .filter(isOpen)
    .flatMap(toParts)
    .sort((a, b) => b.pages - a.pages);
  await sumParts(options, parts);
  return tallies.map(toContent);
}

function newTally(table: ContentTable, unread: string | undefined): Tally {
  const hashed = table.columns
    .filter(({ isVirtual }) => !isVirtual)
    .map(column => ({ name: column.column, method: hashMethod(column), baseType: column.baseType }));
  return { table, hashed, rows: 0, sum: 0n, unread };
}

function isOpen({ unread }: Tally): boolean {
  return unread === undefined;
}

async function lockTables(leader: ContentSession, tallies: readonly Tally[]): Promise<void> {
  const lock = (some: readonly Tally[]): Promise<void> =>
    leader.attempt(() =>
      lockForReading(
        leader.connection,
        some.map(({ table }) => table),
        'wait',
      ),
    );
  for (let start = 0; start < tallies.length; start += LOCKED_AT_ONCE) {
    const some = tallies.slice(start, start + LOCKED_AT_ONCE);
    try {
      await lock(some);
    } catch (error) {
      reasonOf(error);
      for (const one of some) await orUnread(one, () => lock([one]));
    }
  }
  const replaced = new Set(
    await listReplacedFiles(
      leader.connection,
      tallies.map(({ table }) => table.oid),
    ),
  );
  for (const tally of tallies) {
    if (replaced.has(tally.table.oid))
      tally.unread ??= 'it was truncated or rewritten just after the snapshot was taken';
  }
}

function toParts(tally: Tally): Part[] {
  const { isHeap, pages } = tally.table;
  if (!isHeap || pages <= PART_PAGES) return [{ tally, range: undefined, pages }];
  const count = Math.ceil(pages / PART_PAGES);
  return Array.from({ length: count }, (_, index) => {
    const from = index * PART_PAGES;
    // the last one has no end: the table may have grown
    const to = index === count - 1 ? undefined : from + PART_PAGES;
    return { tally, range: { from, to }, pages: Math.min(PART_PAGES, pages - from) };
  });
}

async function sumParts({ sessions, signal, onPages }: SumOptions, parts: Part[]): Promise<void> {
  const [leader, ...helpers] = sessions;
  const total = parts.reduce((sum, { pages }) => sum + pages, 0);
  let done = 0;
  const queue = [...parts];
  const forLeader: Part[] = [];
  const sum = async (session: ContentSession, part: Part): Promise<void> => {
    if (part.tally.unread === undefined) await orUnread(part.tally, () => addPart(session, part));
    done += part.pages;
    onPages(done, total);
  };
  const work = async (session: ContentSession): Promise<void> => {
    for (let part = queue.shift(); part !== undefined; part = queue.shift()) {
      signal.throwIfAborted();
      if (session === leader || (await mayRead(session, part))) await sum(session, part);
      else forLeader.push(part);
    }
  };
  await Promise.all([leader, ...helpers].map(work));
  for (const part of forLeader) {
    signal.throwIfAborted();
    await sum(leader, part);
  }
}

/** Not when somebody waits for the table: they wait for the leader's lock, and this session would wait for them. */
async function mayRead(session: ContentSession, { tally }: Part): Promise<boolean> {
  try {
    await session.attempt(() => lockForReading(session.connection, [tally.table], 'nowait'));
    return true;
  } catch (error) {
    reasonOf(error);
    return false;
  }
}

async function addPart(session: ContentSession, { tally, range }: Part): Promise<void> {
  const { rows, sum } = await session.attempt(() =>
    sumRows(session.connection, tally.table, tally.hashed, range),
  );
  tally.rows += Number(rows);
  tally.sum += BigInt(sum);
}

async function orUnread(tally: Tally, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    tally.unread ??= reasonOf(error);
  }
}

/** What the server says against reading one table; throws what concerns the whole session. */
function reasonOf(error: unknown): string {
  const state = sqlState(error);
  if (state === undefined || state.startsWith('08') || state.startsWith('57')) throw error;
  return `${errorMessage(error)} (SQLSTATE ${state})`;
}

function toContent({ table, rows, sum, unread }: Tally): TableContent {
  const { schema, name, columns } = table;
  const names = columns.map(({ column, declared }) => [column, declared]);
  const columnsHash = createHash('sha256').update(JSON.stringify(names)).digest('hex');
  const known = { schema, name, columnsHash };
  return unread === undefined
    ? { ...known, rows, checksum: BigInt.asUintN(64, sum).toString() }
    : { ...known, rows: 0, checksum: null, unread };
}
