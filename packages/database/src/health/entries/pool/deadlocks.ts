import { defineEntry } from '../../entry.ts';
import { levelAbove } from '../../judge.ts';
import { countText, round } from '../../quantity.ts';
import { readDatabaseCounters } from './counter-queries.ts';
import { growthOf, perDay } from './growth.ts';

/** 13: deadlocks in this database. */
export const deadlocks = defineEntry({
  number: 13,
  id: 'deadlocks',
  area: 'pool',
  title: 'Deadlocks',
  meaning:
    'Transactions lock the same rows in different orders. PostgreSQL ends one of them with SQLSTATE 40P01 after a second, and its work is lost unless it is tried again.',
  quick: true,
  thresholds: { warnPerDay: 1, criticalPerDay: 100 },
  check: async (context, { warnPerDay, criticalPerDay }) => {
    const { deadlocks: total, sinceSeconds } = await readDatabaseCounters(context.db);
    const metrics = { deadlocks_total: total };
    const { counts, seconds, period } = growthOf(context, 'deadlocks', metrics, sinceSeconds);
    const count = counts.deadlocks_total ?? 0;
    const rate = perDay(count, seconds);
    const level = levelAbove(rate, warnPerDay, criticalPerDay);
    return {
      level,
      summary: `${countText(count, 'deadlock')} ${period}`,
      ...(level === 'ok'
        ? {}
        : {
            evidence: [{ deadlocks: count, perDay: round(rate, 2), period }],
            remedy:
              "-- The server's log names both statements and rows of each (deadlock detected). Lock rows in one order everywhere, for example with select … order by id for update, and run a transaction again after 40P01.",
          }),
      metrics,
    };
  },
});
