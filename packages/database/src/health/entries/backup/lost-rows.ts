import { defineEntry, type HealthContext, type HealthReading } from '../../entry.ts';
import type { BackupFacts } from '../../sources.ts';
import { counted, evidenceList, type Level, remedyFor, worst } from '../evidence-list.ts';
import { type RowScan, runScans } from '../row-scans.ts';
import { countRows, type LiveTable, listLiveTables } from './live-table-queries.ts';
import { NO_BACKUP_SOURCE } from './no-backup-source.ts';

/** So many rows should be in a sample that is judged. */
const LEAST_SAMPLED_ROWS = 5_000;

interface Limits {
  readonly warnLostPercent: number;
  readonly criticalLostPercent: number;
  readonly minimumRows: number;
  readonly unchangedBackups: number;
}

type BackupTable = BackupFacts['tables'][number];

interface Delta {
  readonly table: BackupTable;
  readonly level: Level;
  readonly now: number | null;
  readonly problem: string;
}

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
  thresholds: { warnLostPercent: 10, criticalLostPercent: 50, minimumRows: 100, unchangedBackups: 3 },
  check: async (context, limits) => {
    const { backups } = context;
    if (backups === undefined) return NO_BACKUP_SOURCE;
    const newest = backups.find(({ tables }) => tables.length > 0);
    if (newest === undefined) return { level: 'skipped', why: 'no backup knows the rows of its tables' };
    const counts = await countLive(context, newest);
    const deltas = newest.tables
      .filter(({ schema }) => context.server.schemas.includes(schema))
      .flatMap(table => compare(table, counts, unchangedFor(backups, table), limits))
      .toSorted((a, b) => Number(b.level === 'critical') - Number(a.level === 'critical'));
    return report(newest, deltas, counts);
  },
});

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
  const large = table.rows >= limits.minimumRows;
  if (exact && table.rows > 0 && now === 0) {
    return { level: large ? 'critical' : 'warn', now, problem: 'all rows are gone' };
  }
  const lostPercent = ((table.rows - now) / Math.max(1, table.rows)) * 100;
  // a sample errs, so it must be plain
  if (large && lostPercent >= (exact ? limits.warnLostPercent : limits.criticalLostPercent)) {
    const level = exact && lostPercent >= limits.criticalLostPercent ? 'critical' : 'warn';
    const problem = `${exact ? '' : 'about '}${Math.round(lostPercent)}% of the rows are gone`;
    return { level, now, problem };
  }
  if (!exact || now === table.rows || unchanged < limits.unchangedBackups) return undefined;
  const problem = `not changed through ${unchanged} backups, and now it has other rows`;
  return { level: 'warn', now, problem };
}

/** In how many of the last backups the table was the same to the last byte. */
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
  const lost = deltas.reduce((sum, { table, now }) => sum + Math.max(0, table.rows - (now ?? 0)), 0);
  const metrics = { tables_with_losses: deltas.length, lost_rows: lost, counted_tables: tables.size };
  const rest = uncounted.size > 0 ? `; ${uncounted.size} could not be counted (rights, or time: --full)` : '';
  const scope = `${counted(tables.size, 'table')} compared with ${newest.id}${rest}`;
  if (deltas.length === 0) return { level: 'ok', summary: `nothing lost; ${scope}`, metrics };
  return {
    level: worst(deltas.map(({ level }) => level)),
    summary: `${counted(deltas.length, 'table')} lost rows; ${scope}`,
    ...evidenceList(
      deltas.map(({ table, now, problem }) => ({
        table: `${table.schema}.${table.name}`,
        problem,
        inBackup: table.rows,
        now,
      })),
    ),
    remedy: remedyFor(
      deltas,
      ({ table }) => `holdfast restore ${newest.id} --table ${shellWord(`${table.schema}.${table.name}`)}`,
    ),
    metrics,
  };
}

function shellWord(text: string): string {
  return /^[\w.-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

function keyOf({ schema, name }: { readonly schema: string; readonly name: string }): string {
  return JSON.stringify([schema, name]);
}
