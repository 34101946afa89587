import { shellWord } from '@holdfast/core';
import { defineEntry, type HealthContext, type HealthReading } from '../../entry.ts';
import { type Level, shownEvidence, worstLevel } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import type { BackupFacts } from '../../sources.ts';
import { type RowScan, runScans } from '../row-scans.ts';
import { lastRestoreAt } from './last-restore-query.ts';
import {
  countRows,
  type LiveTable,
  listLiveTables,
  listTableReferences,
  type TableReference,
} from './live-table-queries.ts';
import { NO_BACKUP_SOURCE } from './no-backup-source.ts';

/** So many rows should be in a sample that is judged. */
const LEAST_SAMPLED_ROWS = 5_000;

interface Limits {
  readonly warnLostPercent: number;
  readonly criticalLostPercent: number;
  readonly minimumRows: number;
  /** Of a table with so many rows or more, a loss of this part is critical however small the table is. */
  readonly nearlyAllRows: number;
  readonly nearlyAllPercent: number;
  readonly unchangedBackups: number;
}

type BackupTable = BackupFacts['tables'][number];

interface Delta {
  readonly table: BackupTable;
  readonly level: Level;
  readonly now: number | null;
  readonly problem: string;
}

const lostOf = ({ table, now }: Delta): number => Math.max(0, table.rows - (now ?? 0));

interface Counted {
  readonly rows: number;
  readonly exact: boolean;
}

export const lostRows = defineEntry({
  number: 64,
  id: 'lost-rows',
  area: 'backup',
  title: 'Rows lost since the last backup',
  meaning:
    'A table has far fewer rows than the last backup, is gone, or was always the same and no longer is: somebody or something deleted, and the backups that still have the rows will expire.',
  quick: false,
  elastic: true,
  thresholds: {
    warnLostPercent: 10,
    criticalLostPercent: 50,
    minimumRows: 100,
    nearlyAllRows: 100,
    nearlyAllPercent: 80,
    unchangedBackups: 3,
  },
  check: async (context, limits) => {
    const { backups } = context;
    if (backups === undefined) return NO_BACKUP_SOURCE;
    const newest = backups.find(({ tables }) => tables.length > 0);
    if (newest === undefined) return { level: 'skipped', why: 'no backup knows the rows of its tables' };
    const counts = await countLive(context, newest);
    const restoredAt = (await lastRestoreAt(context.db)) ?? 0;
    // a restore writes to tables that nothing else writes to; what is usual begins with it
    const since = backups.filter(({ createdAt }) => Date.parse(createdAt) > restoredAt);
    const deltas = newest.tables
      .filter(({ schema }) => context.server.schemas.includes(schema))
      .flatMap(table => compare(table, counts, unchangedFor(since, table), limits));
    const references = deltas.length < 2 ? [] : await listTableReferences(context.db, context.server.schemas);
    return report(newest, inOrder(deltas, references), counts);
  },
});

/** What is critical first, of that parents before what refers to them, of those the largest losses. */
function inOrder(deltas: readonly Delta[], references: readonly TableReference[]): Delta[] {
  const generation = generationsOf(new Set(deltas.map(({ table }) => keyOf(table))), references);
  const rank = ({ table }: Delta): number => generation.get(keyOf(table)) ?? 0;
  return deltas.toSorted(
    (a, b) =>
      Number(b.level === 'critical') - Number(a.level === 'critical') ||
      rank(a) - rank(b) ||
      lostOf(b) - lostOf(a),
  );
}

/** How far below a table that refers to none of the others each is. */
function generationsOf(
  tables: ReadonlySet<string>,
  references: readonly TableReference[],
): ReadonlyMap<string, number> {
  const pairs = references
    .map(({ child, parent }) => [JSON.stringify(child), JSON.stringify(parent)] as const)
    .filter(([child, parent]) => tables.has(child) && tables.has(parent));
  const generation = new Map([...tables].map(key => [key, 0]));
  // a circle would never come to rest
  for (let round = 1; round < tables.size; round += 1) {
    for (const [child, parent] of pairs) {
      if ((generation.get(parent) ?? 0) === round - 1) generation.set(child, round);
    }
  }
  return generation;
}

interface LiveCounts {
  readonly tables: ReadonlyMap<string, Counted>;
  /** Tables that are there and were not counted. */
  readonly uncounted: ReadonlySet<string>;
}

async function countLive(context: HealthContext, { tables }: BackupFacts): Promise<LiveCounts> {
  const startedAt = context.clock.monotonic();
  const known = new Map(tables.map(table => [keyOf(table), table.rows]));
  const live = (await listLiveTables(context.db, context.server.schemas)).filter(table =>
    known.has(keyOf(table)),
  );
  const scans = live.filter(({ seesAll }) => seesAll).map(table => toScan(table));
  const { scanned } = await runScans(context, scans, startedAt);
  const found = scanned.flatMap(({ scan: { subject }, counts, percent }) => {
    const [key, exact] = [keyOf(subject), percent >= 100];
    // a few blocks say nothing of the whole
    if (!exact && ((known.get(key) ?? 0) * percent) / 100 < LEAST_SAMPLED_ROWS) return [];
    return [[key, { rows: Math.round(((counts[0] ?? 0) * 100) / percent), exact }] as const];
  });
  const seen = new Map(found);
  return { tables: seen, uncounted: new Set(live.map(keyOf).filter(key => !seen.has(key))) };
}

function toScan(table: LiveTable): RowScan<LiveTable> {
  return {
    subject: table,
    name: table.qualified,
    // counting is the cheapest of scans
    rows: Number(table.rows) / 4,
    risk: 0,
    leastPercent: 1,
    statement: part => countRows(table, part),
  };
}

function compare(
  table: BackupTable,
  { tables, uncounted }: LiveCounts,
  unchanged: number,
  limits: Limits,
): Delta[] {
  const key = keyOf(table);
  if (uncounted.has(key)) return [];
  const live = tables.get(key);
  const delta =
    live === undefined
      ? ({ level: 'critical', now: null, problem: 'the table is gone' } as const)
      : judge(table, live, unchanged, limits);
  return delta === undefined ? [] : [{ table, ...delta }];
}

function judge(
  table: BackupTable,
  { rows: now, exact }: Counted,
  unchanged: number,
  limits: Limits,
): Omit<Delta, 'table'> | undefined {
  if (exact && table.rows > 0 && now === 0) {
    const large = table.rows >= Math.min(limits.minimumRows, limits.nearlyAllRows);
    return { level: large ? 'critical' : 'warn', now, problem: 'all rows are gone' };
  }
  const lostPercent = ((table.rows - now) / Math.max(1, table.rows)) * 100;
  const level = levelOf(table.rows, lostPercent, exact, limits);
  if (level !== undefined) {
    const percent = Math.min(99, Math.round(lostPercent));
    return { level, now, problem: `${exact ? '' : 'about '}${percent}% of the rows are gone` };
  }
  if (!exact || now === table.rows || unchanged < limits.unchangedBackups) return undefined;
  const problem = `not changed through ${unchanged} backups, and now it has other rows`;
  return { level: 'warn', now, problem };
}

/** How grave it is that a part of a table is gone; undefined for what is usual. */
function levelOf(rows: number, lostPercent: number, exact: boolean, limits: Limits): Level | undefined {
  const large = rows >= limits.minimumRows;
  // a sample errs, so it must be plain
  if (!exact) return large && lostPercent >= limits.criticalLostPercent ? 'warn' : undefined;
  if (rows >= limits.nearlyAllRows && lostPercent >= limits.nearlyAllPercent) return 'critical';
  if (!large || lostPercent < limits.warnLostPercent) return undefined;
  return lostPercent >= limits.criticalLostPercent ? 'critical' : 'warn';
}

/** In how many of these backups, the newest first, the table was the same to the last byte. */
function unchangedFor(backups: readonly BackupFacts[], { schema, name, checksum }: BackupTable): number {
  if (checksum === undefined) return 0;
  const checksums = backups.map(
    backup => backup.tables.find(table => table.schema === schema && table.name === name)?.checksum,
  );
  const first = checksums.findIndex(other => other !== checksum);
  return first < 0 ? checksums.length : first;
}

function report(
  newest: BackupFacts,
  deltas: readonly Delta[],
  { tables, uncounted }: LiveCounts,
): HealthReading {
  const lost = deltas.reduce((sum, delta) => sum + lostOf(delta), 0);
  const metrics = { tables_with_losses: deltas.length, lost_rows: lost, counted_tables: tables.size };
  const rest = uncounted.size > 0 ? `; ${uncounted.size} could not be counted (rights, or time: --full)` : '';
  const scope = `${countText(tables.size, 'table')} compared with ${newest.id}${rest}`;
  if (deltas.length === 0) return { level: 'ok', summary: `nothing lost; ${scope}`, metrics };
  return {
    level: worstLevel(deltas.map(({ level }) => level)),
    summary: `${countText(deltas.length, 'table')} lost rows; ${scope}`,
    ...shownEvidence(
      deltas.map(({ table, now, problem }) => ({
        table: `${table.schema}.${table.name}`,
        problem,
        inBackup: table.rows,
        now,
      })),
    ),
    remedy: restoreCommand(newest, deltas),
    metrics,
  };
}

/** So many tables are named in one command. */
const MOST_TABLES = 20;

function restoreCommand({ id }: BackupFacts, deltas: readonly Delta[]): string {
  const names = deltas.slice(0, MOST_TABLES).map(({ table: { schema, name } }) => `${schema}.${name}`);
  const command = `holdfast restore ${id} --table ${shellWord(names.join(','))} --with-parents`;
  const more = deltas.length - names.length;
  return [
    `${command} # shows what would come back; add --yes to do it`,
    ...(more === 0 ? [] : [`-- and the same for ${more} more`]),
  ].join('\n');
}

function keyOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([schema, name]);
}
