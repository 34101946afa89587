import { defineEntry } from '../../entry.ts';
import { levelAbove, shownEvidence } from '../../judge.ts';
import { countText } from '../../quantity.ts';
import { readFreezeShares } from './age-queries.ts';

/** 19: tables that autovacuum should have frozen by now. */
export const freezeAge = defineEntry({
  number: 19,
  id: 'freeze-age',
  area: 'vacuum',
  title: 'Tables older than autovacuum_freeze_max_age',
  meaning:
    'Autovacuum freezes a table when its age reaches autovacuum_freeze_max_age, even where it is switched off. A table far beyond that age shows that it cannot: something holds it back, or it does not get through.',
  quick: false,
  thresholds: { warnPercent: 110, criticalPercent: 200 },
  check: async ({ db }, { warnPercent, criticalPercent }) => {
    const tables = await readFreezeShares(db);
    const [worst] = tables;
    const percent = worst?.percent ?? 0;
    const level = levelAbove(percent, warnPercent, criticalPercent);
    const metrics = { oldest_table_freeze_share_percent: percent };
    if (level === 'ok' || worst === undefined) {
      return { level: 'ok', summary: `the oldest table is at ${percent} % of it`, metrics };
    }
    const late = tables.filter(table => table.percent >= warnPercent);
    return {
      level,
      summary: `${countText(late.length, 'table')} beyond it, ${worst.table} at ${percent} %`,
      ...shownEvidence(late.map(table => ({ ...table }))),
      remedy: [
        '-- xmin-horizon says what holds vacuum back, this whether it runs',
        'select * from pg_stat_progress_vacuum;',
        `vacuum (freeze, verbose) ${worst.table};`,
      ].join('\n'),
      metrics,
    };
  },
});
