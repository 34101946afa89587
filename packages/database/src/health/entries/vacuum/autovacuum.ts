import { defineEntry, type Evidence, type HealthReading } from '../../entry.ts';
import { levelAbove, shownEvidence } from '../../judge.ts';
import { countText, groupDigits, secondsText } from '../../quantity.ts';
import {
  type AutovacuumState,
  readAutovacuumState,
  readTableUpkeep,
  type TableUpkeep,
} from './table-vacuum-queries.ts';

const DAY_SECONDS = 86_400;

/** 22: whether autovacuum runs, and gets to every table that is due. */
export const autovacuum = defineEntry({
  number: 22,
  id: 'autovacuum',
  area: 'vacuum',
  title: 'Tables that are due for vacuum and do not get it',
  meaning:
    'These tables have more dead rows than autovacuum should allow, and have not been vacuumed for days: it is off, too slow, or never gets through.',
  quick: false,
  thresholds: { warnDays: 10, criticalDays: 30 },
  check: async ({ db, server }, { warnDays, criticalDays }) => {
    const state = await readAutovacuumState(db);
    const off = switchedOff(state);
    if (off !== undefined) return off;
    const late = (await readTableUpkeep(db, server.schemas))
      .filter(({ deadRows, vacuumAt }) => deadRows > vacuumAt)
      .map(table => ({ table, days: (table.vacuumedSecondsAgo ?? state.sinceSeconds ?? 0) / DAY_SECONDS }))
      .filter(({ days }) => days >= warnDays)
      .sort((a, b) => b.days - a.days);
    const [worst] = late;
    const metrics = { tables_overdue_for_vacuum: late.length };
    if (worst === undefined) {
      return { level: 'ok', summary: 'it is on, and no table is overdue', metrics };
    }
    return {
      level: levelAbove(worst.days, warnDays, criticalDays),
      summary: `${countText(late.length, 'table')} overdue; ${worst.table.table} ${vacuumedText(worst.table)}`,
      ...shownEvidence(late.map(({ table }) => upkeepEvidence(table))),
      remedy: [
        `vacuum (analyze, verbose) ${worst.table.table};`,
        '-- if it never gets its turn; or more autovacuum_max_workers',
        'alter system set autovacuum_vacuum_cost_limit = 2000; select pg_reload_conf();',
      ].join('\n'),
      metrics,
    };
  },
});

function switchedOff({ autovacuum: on, trackCounts }: AutovacuumState): HealthReading | undefined {
  if (on && trackCounts) return undefined;
  const setting = on ? 'track_counts' : 'autovacuum';
  return {
    level: 'critical',
    summary: `it is switched off for the whole server: ${setting} = off`,
    evidence: [{ setting, value: 'off' }],
    remedy: `alter system reset ${setting}; select pg_reload_conf(); -- or take it out of postgresql.conf`,
  };
}

function vacuumedText({ vacuumedSecondsAgo, deadRows }: TableUpkeep): string {
  const when =
    vacuumedSecondsAgo === null
      ? 'never vacuumed since statistics began'
      : `vacuumed ${secondsText(vacuumedSecondsAgo)} ago`;
  return `has ${groupDigits(deadRows)} dead rows and was ${when}`;
}

function upkeepEvidence({ table, deadRows, vacuumAt, vacuumedSecondsAgo }: TableUpkeep): Evidence {
  return {
    table,
    deadRows,
    vacuumAt: Math.round(vacuumAt),
    vacuumedSecondsAgo: vacuumedSecondsAgo === null ? null : Math.round(vacuumedSecondsAgo),
  };
}
