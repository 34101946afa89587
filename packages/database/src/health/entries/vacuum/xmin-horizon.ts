import { defineEntry } from '../../entry.ts';
import { levelAbove, monitorGrant, shownEvidence } from '../../judge.ts';
import { groupDigits } from '../../quantity.ts';
import { type HorizonHolder, readHorizonHolders } from './age-queries.ts';

/** 20: who keeps vacuum from removing dead rows. */
export const xminHorizon = defineEntry({
  number: 20,
  id: 'xmin-horizon',
  area: 'vacuum',
  title: 'What holds vacuum back',
  meaning:
    'Vacuum keeps every row that somebody may still see. While an old snapshot, slot, prepared transaction or standby holds the horizon, dead rows pile up in all tables and nothing can be frozen.',
  quick: true,
  thresholds: { warnTransactions: 1_000_000, criticalTransactions: 100_000_000 },
  check: async (context, { warnTransactions, criticalTransactions }) => {
    const holders = await readHorizonHolders(context.db);
    const [oldest] = holders;
    const age = oldest?.xids ?? 0;
    const level = levelAbove(age, warnTransactions, criticalTransactions);
    const metrics = { xmin_horizon_age_xids: age };
    if (level === 'ok' || oldest === undefined) {
      if (!context.server.readsStatistics) {
        return {
          level: 'skipped',
          why: `the transactions of other roles cannot be seen; ${monitorGrant(context)};`,
        };
      }
      const who =
        oldest === undefined
          ? 'nothing does'
          : `the oldest, a ${oldest.kind}, by ${groupDigits(age)} transactions`;
      return { level: 'ok', summary: who, metrics };
    }
    return {
      level,
      summary: `held back by ${groupDigits(age)} transactions by the ${oldest.kind} ${oldest.name}`,
      ...shownEvidence(holders.filter(({ xids }) => xids >= warnTransactions).map(holder => ({ ...holder }))),
      remedy: remedyFor(oldest),
      metrics,
    };
  },
});

function remedyFor({ kind, name }: HorizonHolder): string {
  const quoted = name.replaceAll("'", "''");
  if (kind === 'backend') return `select pg_terminate_backend(${name.replace('pid ', '')});`;
  if (kind === 'slot') {
    return `-- if nothing reads it any more: its reader cannot go on afterwards\nselect pg_drop_replication_slot('${quoted}');`;
  }
  if (kind === 'standby') {
    return `-- on the standby ${name}: end its long queries, or let them be cancelled\nalter system set hot_standby_feedback = off; select pg_reload_conf();`;
  }
  return `-- ask the transaction manager first\nrollback prepared '${quoted}';`;
}
