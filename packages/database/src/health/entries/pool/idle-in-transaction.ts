import { defineEntry } from '../../entry.ts';
import { judgeSessions } from './sessions.ts';

/** 8: transactions that were left open by clients that do nothing. */
export const idleInTransaction = defineEntry({
  number: 8,
  id: 'idle-in-transaction',
  area: 'pool',
  title: 'Sessions idle in a transaction',
  meaning:
    'A client began a transaction and does nothing. It keeps its locks, holds a connection, and stops vacuum from removing dead rows.',
  quick: true,
  thresholds: { warnSeconds: 30, criticalSeconds: 600 },
  check: (context, limits) =>
    judgeSessions(context, {
      seconds: ({ state, stateSeconds }) => (state?.startsWith('idle in transaction') ? stateSeconds : null),
      what: 'idle in a transaction',
      metric: 'idle_in_transaction_seconds',
      remedy: ({ pid }) =>
        `select pg_terminate_backend(${pid});\n-- for good\nalter system set idle_in_transaction_session_timeout = '1min'; select pg_reload_conf();`,
      limits,
    }),
});
