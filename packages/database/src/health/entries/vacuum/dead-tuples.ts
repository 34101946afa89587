import { defineEntry } from '../../entry.ts';
import { levelAbove, shownEvidence, worstLevel } from '../../judge.ts';
import { countText, groupDigits, percentOf } from '../../quantity.ts';
import { readTableUpkeep } from './table-vacuum-queries.ts';

/** 21: tables with many dead rows. */
export const deadTuples = defineEntry({
  number: 21,
  id: 'dead-tuples',
  area: 'vacuum',
  title: 'Dead rows',
  meaning:
    'Updates and deletes leave dead rows behind until vacuum removes them. Until then every scan reads them, and the table grows.',
  quick: true,
  thresholds: { warnRows: 10_000, warnPercent: 10, criticalPercent: 50 },
  check: async ({ db, server }, { warnRows, warnPercent, criticalPercent }) => {
    const tables = await readTableUpkeep(db, server.schemas);
    const dead = tables
      .map(table => ({ ...table, percent: percentOf(table.deadRows, table.deadRows + table.liveRows) }))
      .filter(({ deadRows, percent }) => deadRows > warnRows && percent >= warnPercent)
      .sort((a, b) => b.deadRows - a.deadRows);
    const total = tables.reduce((sum, { deadRows }) => sum + deadRows, 0);
    const metrics = { dead_rows: total, tables_with_dead_rows: dead.length };
    const [worst] = dead;
    if (worst === undefined) return { level: 'ok', summary: `${groupDigits(total)} in all tables`, metrics };
    return {
      level: worstLevel(dead.map(({ percent }) => levelAbove(percent, warnPercent, criticalPercent))),
      summary: `${countText(dead.length, 'table')}; ${worst.table} has ${groupDigits(worst.deadRows)} (${worst.percent} %)`,
      ...shownEvidence(
        dead.map(({ table, deadRows, liveRows, percent, vacuumedSecondsAgo }) => ({
          ...{ table, deadRows, liveRows, percent },
          vacuumedSecondsAgo: vacuumedSecondsAgo === null ? null : Math.round(vacuumedSecondsAgo),
        })),
      ),
      remedy: [
        `vacuum (analyze, verbose) ${worst.table};`,
        '-- when its output says "dead but not yet removable", look at xmin-horizon; if they come back',
        `alter table ${worst.table} set (autovacuum_vacuum_scale_factor = 0.02);`,
      ].join('\n'),
      metrics,
    };
  },
});
