import { defineEntry } from '../../entry.ts';
import { judgeSessions } from './sessions.ts';

/** 9: the transaction that is open the longest. */
export const oldestTransaction = defineEntry({
  number: 9,
  id: 'oldest-transaction',
  area: 'pool',
  title: 'Oldest open transaction',
  meaning:
    'Nothing that became dead since it began can be vacuumed, so tables and indexes grow; and whatever it changed stays locked.',
  quick: true,
  thresholds: { warnSeconds: 300, criticalSeconds: 3_600 },
  check: (context, limits) =>
    judgeSessions(context, {
      seconds: ({ transactionSeconds, vacuums }) => (vacuums ? null : transactionSeconds),
      what: 'in a long transaction',
      metric: 'oldest_transaction_seconds',
      remedy: ({ pid }) =>
        `-- if nobody needs it; and split long work into batches that commit\nselect pg_terminate_backend(${pid});`,
      limits,
    }),
});
