import { defineEntry } from '../../entry.ts';
import { levelAbove } from '../../judge.ts';
import { groupDigits, percentOf } from '../../quantity.ts';
import { readLockCapacity, readLockHolders } from './blocking-queries.ts';

/** 12: how full the shared lock table is. */
export const lockTable = defineEntry({
  number: 12,
  id: 'lock-table',
  area: 'pool',
  title: 'Locks held, against the capacity of the lock table',
  meaning:
    'When the lock table is full, statements fail with "out of shared memory" (53200), whoever runs them. Transactions that touch very many tables or partitions fill it.',
  quick: true,
  thresholds: { warnPercent: 20, criticalPercent: 50 },
  check: async ({ db }, { warnPercent, criticalPercent }) => {
    const { used, capacity } = await readLockCapacity(db);
    const percent = percentOf(used, capacity);
    const level = levelAbove(percent, warnPercent, criticalPercent);
    return {
      level,
      summary: `${groupDigits(used)} locks, room for ${groupDigits(capacity)} (${percent} %)`,
      ...(level === 'ok'
        ? {}
        : {
            evidence: (await readLockHolders(db)).map(({ pid, locks }) => ({ pid, locks })),
            remedy:
              '-- commit more often in what holds them (the pid above); if it needs that many at once, this and a restart\nalter system set max_locks_per_transaction = 256;',
          }),
      metrics: { locks_held: used, lock_table_used_percent: percent },
    };
  },
});
