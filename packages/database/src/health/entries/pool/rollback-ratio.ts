import { defineEntry } from '../../entry.ts';
import { levelAbove } from '../../judge.ts';
import { groupDigits, percentOf } from '../../quantity.ts';
import { readDatabaseCounters } from './counter-queries.ts';
import { growthOf } from './growth.ts';

/** 15: the share of transactions that are rolled back. */
export const rollbackRatio = defineEntry({
  number: 15,
  id: 'rollback-ratio',
  area: 'pool',
  title: 'Transactions rolled back',
  meaning:
    'Much of the work is thrown away: statements fail, clients disconnect within transactions, or conflicts are tried again and again.',
  quick: true,
  thresholds: { warnPercent: 10, criticalPercent: 50, minTransactions: 1_000 },
  check: async (context, { warnPercent, criticalPercent, minTransactions }) => {
    const { commits, rollbacks, sinceSeconds } = await readDatabaseCounters(context.db);
    const metrics = { commits_total: commits, rollbacks_total: rollbacks };
    const grown = growthOf(context, 'rollback-ratio', metrics, sinceSeconds);
    const { commits_total: committed = 0, rollbacks_total: rolledBack = 0 } = grown.counts;
    const all = committed + rolledBack;
    if (all < minTransactions) {
      return {
        level: 'ok',
        summary: `too few transactions to tell: ${groupDigits(all)} ${grown.period}`,
        metrics,
      };
    }
    const percent = percentOf(rolledBack, all);
    const level = levelAbove(percent, warnPercent, criticalPercent);
    return {
      level,
      summary: `${percent} % of ${groupDigits(all)} transactions ${grown.period}`,
      ...(level === 'ok'
        ? {}
        : {
            evidence: [{ committed, rolledBack, percent, period: grown.period }],
            remedy:
              "-- The server's log has the failed statements (log_min_error_statement = error). Repeated 23505 are better written as insert … on conflict, repeated 40001 and 40P01 as smaller transactions.",
          }),
      metrics: { ...metrics, rollback_percent: percent },
    };
  },
});
