import type { HealthContext, HealthReading } from '../../entry.ts';
import { levelAbove } from '../../judge.ts';
import { groupDigits, percentOf } from '../../quantity.ts';
import { readDatabaseAges, readOldestTables } from './age-queries.ts';

/** Ids are compared modulo 2^32, so this many may lie between the oldest and the newest. */
const MOST = 2 ** 31 - 1;

export interface AgeLimits {
  readonly warnPercent: number;
  readonly criticalPercent: number;
}

/** Judges how much of the room of transaction ids, or of multixact ids, is used up, in all databases. */
export async function judgeAge(
  { db, server }: HealthContext,
  kind: 'xids' | 'mxids',
  { warnPercent, criticalPercent }: AgeLimits,
): Promise<HealthReading> {
  const ages = (await readDatabaseAges(db)).toSorted((a, b) => b[kind] - a[kind]);
  const [oldest] = ages;
  const age = oldest?.[kind] ?? 0;
  const percent = percentOf(age, MOST);
  const level = levelAbove(percent, warnPercent, criticalPercent);
  const name = kind === 'xids' ? 'xid' : 'mxid';
  const metrics = { [`oldest_${name}_age_${kind}`]: age, [`${name}_age_percent`]: percent };
  const summary = `${groupDigits(age)} in ${oldest?.database} (${percent} % of the way to wraparound)`;
  if (level === 'ok') return { level, summary, metrics };
  const tables = oldest?.database === server.database ? await readOldestTables(db, kind, 5) : [];
  const [worst] = tables;
  return {
    level,
    summary,
    evidence: [
      ...ages.map(row => ({ database: row.database, age: row[kind], percent: percentOf(row[kind], MOST) })),
      ...tables.map(row => ({ table: row.table, age: row[kind], percent: percentOf(row[kind], MOST) })),
    ].slice(0, 20),
    remedy:
      worst === undefined
        ? `-- First clear what holds vacuum back (xmin-horizon). Then connect to ${oldest?.database} and vacuum its oldest tables; this command, given that database, names them.`
        : [
            '-- first clear what holds vacuum back (xmin-horizon); then the oldest table',
            `vacuum (freeze, verbose) ${worst.table};`,
            '-- and so on until the age falls, or all of them from a shell',
            `vacuumdb --freeze --dbname ${oldest?.database} --jobs 2`,
          ].join('\n'),
    metrics,
  };
}
